"""What an entry of the catalogue of estimators is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rankeval.estimators.terms import CLICK_RATIOS, OF_ACTIONS, Kind, Ratio, Transform

Cutoff = Literal["none", "optional", "required"]

#: Bounds on a weight that the data may choose from.
WEIGHT_BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e2, 2e2, 5e2, 1e3, 1e4, 1e5)


@dataclass(frozen=True)
class Parameter:
    """An estimator's parameter: its default (None: it may be left out), and the interval it must lie in.

    The interval is open unless ``closed``. ``grid`` holds the values that it is chosen from where the data
    shall choose.
    """

    name: str
    default: float | None
    grid: tuple[float, ...]
    low: float = 0.0
    high: float = math.inf
    closed: bool = False

    @property
    def wanted(self) -> str:
        """The interval in words."""
        if self.closed:
            return f"a number from {self.low:g} to {self.high:g}"
        return f"a number above {self.low:g}" + (f" and below {self.high:g}" if self.high < math.inf else "")

    def admits(self, value: float) -> bool:
        """Whether a value lies in the interval; NaN does not."""
        return self.low < value < self.high or (self.closed and value in (self.low, self.high))


@dataclass(frozen=True)
class Definition:
    """An estimator: ``mean`` + ``numerator`` / ``denominator``, each the mean of a term over units.

    Units are the rounds of a bandit log or the sessions of a ranking log.

    Attributes:
        name: as in :func:`~rankeval.estimators.parse`.
        formula: one line for help and documentation.
        source: author and year.
        mean, numerator, denominator: kinds of terms; what is None is left out.
        transform: what becomes of the importance weight; from clicks, of ``1 / theta_k`` within it.
        parameter: that of the transform.
        ratio: what the weight is the ratio of probabilities of.
        by_position: numerator and denominator are those of each position, and the ratios are summed.
        cutoff: whether the name takes ``@K``, the places that count.
        logged_apart: ``logged`` is the estimate with the logged order as the candidate; where it is not, the
            mean reward of the log equals that.
        unshown: kinds of terms that bound what unshown candidates may bring: the most that it is, and what
            the estimate says of them already.
        caution: what every output that shows it must say.
    """

    name: str
    formula: str
    source: str
    mean: Kind | None = None
    numerator: Kind | None = None
    denominator: Kind | None = None
    transform: Transform = "plain"
    parameter: Parameter | None = None
    ratio: Ratio = "action"
    by_position: bool = False
    cutoff: Cutoff = "none"
    logged_apart: bool = False
    unshown: tuple[Kind, ...] = ()
    caution: str = ""

    @property
    def of_rankings(self) -> bool:
        """Whether it reads a ranking log."""
        return self.ratio not in OF_ACTIONS

    @property
    def of_clicks(self) -> bool:
        """Whether its weights come from where a candidate ranker puts items, not from propensities."""
        return self.ratio in CLICK_RATIOS

    @property
    def form(self) -> str:
        """How it is asked for, in messages."""
        return f"{self.name}@K" if self.cutoff == "required" else self.name

    @property
    def combines_loggers(self) -> bool:
        """Whether it has forms for logs that several policies wrote."""
        return self.ratio == "action" and (self.mean != "model" or self.numerator is not None)

    @property
    def units(self) -> str:
        """What its means are over, in words."""
        return "sessions" if self.of_rankings else "rounds"
