"""The base class of families: click models with unknown parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rankeval.array_types import Floats
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.click_models.fitting.points import Expectation, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists


class Family(ABC):
    """A click model with unknown parameters, for lists of up to ``positions`` positions.

    The unknown parameters are a :class:`Point`: G shared parameters, and the attractiveness and perhaps the
    satisfaction of each of P pairs of query and item.
    """

    name: ClassVar[str]
    uses_satisfaction: ClassVar[bool] = False
    #: Whether, with the shared parameters given, the log-likelihood is a sum of one term for each pair.
    separable: ClassVar[bool] = False

    def __init__(self, positions: int) -> None:
        self.positions = positions

    @property
    @abstractmethod
    def start(self) -> Floats:
        """(G,) shared parameters at which the fit starts."""

    @property
    def fixed(self) -> dict[int, str]:
        """Index of a shared parameter without standard error -> the reason.

        These parameters are held fixed while the standard errors of the others are computed.
        """
        return {}

    @abstractmethod
    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Any:
        """The counts of clicks and impressions that :meth:`expectation` needs.

        They do not depend on the parameters.

        Args:
            lists: ``n`` distinct sessions.
            counts: (n,) number of sessions that each of them stands for.
            threads: number of threads.
            grouped: whether to group equal parts of sessions, which saves time if the counts are used often.
        """

    def starts(self, evidence: Any, point: Point) -> list[Point]:
        """The points from which the fit starts.

        Args:
            evidence: the counts.
            point: the default start: :attr:`start`, and the attractiveness estimated from click rates.
        """
        return [point]

    @abstractmethod
    def expectation(self, point: Point, evidence: Any) -> Expectation:
        """Expected successes and trials of all parameters, and the log-likelihood, at ``point``."""

    @abstractmethod
    def model(self, shared: Floats) -> ClickModel:
        """The click model with the (G,) shared parameters ``shared``."""

    def clustered(self, covariance: Floats, point: Point, lists: SessionLists) -> Floats | None:
        """(G, G) covariance of the shared parameters if only clusters of sessions are independent.

        None for a family that does not know it.

        Args:
            covariance: (G, G) the inverse information.
            point: the fitted parameters.
            lists: the sessions with their clusters.
        """
        return None

    def impossible(self, lists: SessionLists) -> float:
        """Number of sessions that have probability 0 under the model for all values of its parameters."""
        return 0.0
