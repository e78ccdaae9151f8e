"""From moments to estimates: values, standard errors and every interval asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankeval.errors import UsageError
from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.functionals import Functional, Mean, pairs_needed
from rankeval.inference.intervals import BUCKETED, INTERVALS, Undefined
from rankeval.inference.moments import Moments, MomentsAccumulator
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.options import listed

MAX_REPLICATES = 1_000_000  # more would tell nothing new, and take minutes


@dataclass(frozen=True, eq=False)
class Inference(SamplingDistribution):
    """Estimates, with errors and intervals, from one :class:`Moments`.

    Args:
        methods: names from :data:`INTERVALS`, in the order of the result.

    Raises:
        UsageError: no method or an unknown one, a level or number of replicates out of range, or moments
            without buckets where the bootstrap or clusters need them.
    """

    methods: Sequence[str] = ("normal",)

    def __post_init__(self) -> None:
        if not self.methods:
            raise UsageError(f"ci: found no method, wanted one of {', '.join(INTERVALS)}")
        for method in self.methods:
            if method not in INTERVALS:
                raise UsageError(f"ci: found {method!r}, wanted one of {', '.join(INTERVALS)}")
        # Of (1 + level) / 2, which rounding may make 1, there must be a quantile.
        if not 0.5 < 0.5 + self.level / 2 < 1.0:
            raise UsageError(f"level: found {self.level}, wanted a number between 0 and 1")
        if not 2 <= self.replicates <= MAX_REPLICATES:
            raise UsageError(f"replicates: found {self.replicates}, wanted 2 to {MAX_REPLICATES:,}")
        if self.clustered or BUCKETED & set(self.methods):
            self.buckets  # noqa: B018  (raises now rather than at the first estimate)

    def estimate(self, functional: Functional) -> Estimate:
        """Value, standard error and intervals of ``functional``; None with a reason, never NaN."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite becomes a reason
            return self._estimate(functional)

    def _estimate(self, functional: Functional) -> Estimate:
        n, value = self.moments.n, self.value(functional)
        obstacle = self.obstacle(functional)
        if obstacle is not None:
            intervals = [Interval(method, self.level, None, None, obstacle.text) for method in self.methods]
            known = value if n > 0 and math.isfinite(value) else None
            return Estimate(known, None, tuple(intervals), n, (obstacle,))
        intervals = [self._interval(method, functional) for method in self.methods]
        return Estimate(value, self.std_error(functional), tuple(intervals), n, self.notes())

    def _interval(self, method: str, functional: Functional) -> Interval:
        try:
            low, high = INTERVALS[method](self, functional)
        except Undefined as undefined:
            return Interval(method, self.level, None, None, str(undefined))
        if not (math.isfinite(low) and math.isfinite(high)):
            return Interval(method, self.level, None, None, "its terms are too large")
        return Interval(method, self.level, low, high)


@dataclass(frozen=True)
class InferenceOptions:
    """How errors and intervals are computed, checked before any data is read.

    Raises:
        UsageError: an unknown method, a level or number of replicates out of range.
    """

    methods: tuple[str, ...]
    level: float
    replicates: int
    seed: int
    clustered: bool

    def __post_init__(self) -> None:
        self.of(MomentsAccumulator(1, pairs_needed([Mean(0)]), bucketed=True).moments())

    @classmethod
    def of_call(
        cls, ci: str | Sequence[str], level: float, replicates: int, seed: int, cluster: str | None
    ) -> InferenceOptions:
        """The options as callers state them; with a cluster column, errors are those of clusters."""
        methods = tuple(dict.fromkeys(listed(ci)))
        return cls(methods, float(level), int(replicates), int(seed), cluster is not None)

    @property
    def bucketed(self) -> bool:
        """Whether moments need bucket sums."""
        return self.clustered or not BUCKETED.isdisjoint(self.methods)

    def of(self, moments: Moments) -> Inference:
        """Inference from these moments."""
        return Inference(moments, self.level, self.clustered, self.replicates, self.seed, self.methods)
