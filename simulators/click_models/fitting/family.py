"""What it takes to fit a click model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rankeval.array_types import Floats
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.click_models.fitting.points import Expectation, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists


class Family(ABC):
    """A click model whose parameters are to be found, for lists of up to ``positions`` positions."""

    name: ClassVar[str]
    uses_satisfaction: ClassVar[bool] = False
    #: Whether, shared parameters being given, the clicks on one pair say nothing of another.
    separable: ClassVar[bool] = False

    def __init__(self, positions: int) -> None:
        self.positions = positions

    @property
    @abstractmethod
    def start(self) -> Floats:
        """(G,) shared parameters to start from."""

    @property
    def fixed(self) -> dict[int, str]:
        """Shared parameters that are held where they are while errors are computed, and why."""
        return {}

    @abstractmethod
    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Any:
        """What the clicks say, counted once for all iterations; ``counts``: (n,) of each session."""

    def starts(self, evidence: Any, point: Point) -> list[Point]:
        """Where to start from; ``point`` is what click rates alone suggest."""
        return [point]

    @abstractmethod
    def expectation(self, point: Point, evidence: Any) -> Expectation:
        """Expected successes and trials of all parameters, and the log-likelihood, at a point."""

    @abstractmethod
    def model(self, shared: Floats) -> ClickModel:
        """The click model of these shared parameters."""

    def impossible(self, lists: SessionLists) -> float:
        """How many sessions the model gives no chance, whatever its parameters."""
        return 0.0
