"""The types of the entries of the catalogue of estimators."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rankeval.estimators.terms import CLICK_RATIOS, OF_ACTIONS, OF_SESSIONS, Kind, Ratio
from rankeval.estimators.transforms import Transform

Cutoff = Literal["none", "optional", "required"]

#: The grid of bounds on the weight from which the data choose.
WEIGHT_BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e2, 2e2, 5e2, 1e3, 1e4, 1e5)

_POSITION_BASED = "clicks follow the position-based model, and the curve is right"
#: Kind of weight -> what an estimator with it assumes beside a log that is right.
ASSUMPTIONS: dict[Ratio, str] = {
    "action": "propensities are right; the logging policy takes all actions that the target takes",
    "ready": "the importance weights are right",
    "mixture": "the propensities of all logging policies are right",
    "embedding": "an action affects the reward through its embedding only",
    "kernel": "the densities are right; the reward changes little within a bandwidth of the target's action",
    "list": "the propensities of whole lists are right, and no list of the target is impossible",
    "item": "a click depends on its own item and position only",
    "prefix": "users go down the list: a click depends on the items down to it only",
    "exposure": "clicks follow the position-based model",
    "slate": "the reward is a sum over items at positions",
    "subset": "the behaviour model says on which positions a click depends",
    **dict.fromkeys(("examination", "rho", "dcg", "precision", "rank", "match"), _POSITION_BASED),
    "trust": "clicks follow the position-based model with trust bias, and its curves are right",
}

#: Estimator of rankings -> those that assume less of users than it does, and nothing that it does not.
ASSUME_LESS: dict[str, frozenset[str]] = {
    "policy_aware": frozenset({"sips", "rips", "pi", "iips"}),
    "iips": frozenset({"sips", "rips", "pi"}),
    "rips": frozenset({"sips"}),
    "pi": frozenset({"sips"}),
    "aips": frozenset({"sips"}),
}


@dataclass(frozen=True)
class Parameter:
    """The parameter of an estimator.

    Attributes:
        name: its name in estimator texts.
        default: value if it is not given; None: the parameter is optional, and weights stay untransformed.
        grid: values from which the data choose, if asked to; of a bandwidth in units of the standard
            deviation of the logged actions.
        low, high: bounds of the interval of valid values.
        closed: whether the interval includes its bounds.
    """

    name: str
    default: float | None
    grid: tuple[float, ...]
    low: float = 0.0
    high: float = math.inf
    closed: bool = False

    @property
    def wanted(self) -> str:
        """The interval of valid values in words."""
        if self.closed:
            return f"a number from {self.low:g} to {self.high:g}"
        return f"a number above {self.low:g}" + (f" and below {self.high:g}" if self.high < math.inf else "")

    def admits(self, value: float) -> bool:
        """Whether a value is valid; NaN is not."""
        return self.low < value < self.high or (self.closed and value in (self.low, self.high))


@dataclass(frozen=True)
class Definition:
    """An estimator: ``mean`` + ``numerator`` / ``denominator``, each the mean of a term over units.

    The units are the rounds of a bandit log or the sessions of a ranking log.

    Attributes:
        name: the name that :func:`~rankeval.estimators.parse` reads.
        formula: one line for help and documentation.
        source: author and year.
        mean, numerator, denominator: kinds of terms; None: the formula does not have this part.
        transform: transform of the importance weight; for estimators from clicks, of its factor
            ``1 / theta_k``; for continuous actions the kernel.
        parameter: the parameter of the transform.
        ratio: kind of importance weight (:data:`~rankeval.estimators.terms.RATIO_COLUMNS`).
        by_position: whether the estimate is the sum over positions of one ratio per position.
        cutoff: whether the name takes ``@K``, the number of top positions that count.
        logged_apart: whether the value of the logging policy is the same estimate with the logged order as
            the candidate. If False, the mean reward of the log is that value.
        unshown: kinds of terms that bound the contribution of candidates that were not shown: first its
            maximum, then the prediction that the estimate includes already.
        caution: a text that every output with this estimator shows.
        lower_is_better: whether a smaller value means a better policy.
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
    lower_is_better: bool = False

    def __post_init__(self) -> None:
        if self.transform != "plain" and self.parameter is None:
            raise ValueError(f"{self.name}: found a transform without its parameter, wanted both")

    @property
    def of_rankings(self) -> bool:
        """Whether the estimator is for ranking logs."""
        return self.ratio not in OF_ACTIONS

    @property
    def of_clicks(self) -> bool:
        """Whether its weights follow from the positions under a candidate ranker, not from propensities."""
        return self.ratio in CLICK_RATIOS

    @property
    def of_lists(self) -> bool:
        """Whether it weighs the reward of the whole list, and so needs no rewards by position."""
        return self.ratio in OF_SESSIONS

    @property
    def is_reward(self) -> bool:
        """Whether its value is a mean reward; metrics and indices, which carry a caution, are not."""
        return not self.caution

    @property
    def form(self) -> str:
        """The name for messages, with ``@K`` if a cutoff is required."""
        return f"{self.name}@K" if self.cutoff == "required" else self.name

    @property
    def by_kernel(self) -> bool:
        """Whether actions are continuous, and its weights are those of a kernel."""
        return self.ratio == "kernel"

    @property
    def combines_loggers(self) -> bool:
        """Whether it takes ``loggers``, for logs of several logging policies."""
        return self.ratio == "action" and (self.mean != "model" or self.numerator is not None)

    @property
    def assumes(self) -> str:
        """What it assumes, in words."""
        if self.mean == "model" and self.numerator is None:
            return "the reward model is right"
        return ASSUMPTIONS[self.ratio]

    @property
    def units(self) -> str:
        """The units of its means: ``sessions`` or ``rounds``."""
        return "sessions" if self.of_rankings else "rounds"
