"""Estimates from moments: values, standard errors and the requested confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rankeval.errors import UsageError
from rankeval.inference.automatic import Unsettled, least_effective, take
from rankeval.inference.estimate import Estimate, Interval, Side, parse_side
from rankeval.inference.facts import NOTHING, Facts
from rankeval.inference.functionals import Functional, Mean, Within, pairs_needed
from rankeval.inference.intervals import AUTO, BUCKETED, BY_SPREAD, INTERVALS
from rankeval.inference.moments import Moments, MomentsAccumulator
from rankeval.inference.sampling_distribution import SamplingDistribution, central_level
from rankeval.inference.spread_intervals import without_spread
from rankeval.inference.undefined import NO_SPREAD, Undefined
from rankeval.notes import Note
from rankeval.options import listed

#: Code of the note of an estimate whose functional is undefined for the data at hand.
UNDEFINED = "undefined"
NO_SEQUENCES: Mapping[Functional, tuple[float, float] | None] = {}
#: The reason of an interval that was left to the data, whose choice needs bucket sums.
UNSETTLED = "the choice needs sums by bucket, which were not kept"
MAX_REPLICATES = 1_000_000  # more replicates add no information and take minutes


@dataclass(frozen=True, eq=False)
class Inference(SamplingDistribution):
    """Estimates with standard errors and confidence intervals, from one :class:`Moments`.

    Args:
        methods: names in :data:`INTERVALS`, in the order of the intervals of an estimate.

    Raises:
        UsageError: there is no method or an unknown one, the level or the number of replicates is out of
            range, or the moments lack the bucket sums that the bootstrap and clusters need.
    """

    methods: Sequence[str] = ("normal",)

    def __post_init__(self) -> None:
        if not self.methods:
            raise UsageError(f"ci: found no method, wanted one of {', '.join((AUTO, *INTERVALS))}")
        for method in self.methods:
            if method not in INTERVALS and method != AUTO:
                raise UsageError(f"ci: found {method!r}, wanted one of {', '.join((AUTO, *INTERVALS))}")
        # The quantile of (1 + central) / 2 must exist; rounding may make this number 1.
        if not 0.5 < 0.5 + self.central / 2 < 1.0:
            wanted = (
                "a number between 0 and 1" if self.side == "two" else "one above 0.5 and below 1 for a bound"
            )
            raise UsageError(f"level: found {self.level}, wanted {wanted}")
        if not 2 <= self.replicates <= MAX_REPLICATES:
            raise UsageError(f"replicates: found {self.replicates}, wanted 2 to {MAX_REPLICATES:,}")
        if self.clustered or BUCKETED & set(self.methods):
            self.buckets  # noqa: B018  (raises an error now rather than at the first estimate)

    def estimate(self, functional: Functional, facts: Facts = NOTHING) -> Estimate:
        """Value, standard error and intervals of ``functional``; never NaN, but None with a reason.

        ``facts`` says what is known beside the moments, such as the range of the terms.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # a number that is not finite becomes a reason
            return self._estimate(functional, facts)

    def _estimate(self, functional: Functional, facts: Facts) -> Estimate:
        n, value = self.moments.units, self.value(functional)
        obstacle = self.obstacle(functional)
        if obstacle is not None:
            intervals = [self._unknown(method, obstacle.text) for method in self.methods]
            known = value if n > 0 and math.isfinite(value) else None
            return Estimate(known, None, tuple(intervals), n, (obstacle,))
        intervals = [self._interval(method, functional, facts) for method in self.methods]
        error, degrees = self.std_error(functional), self.degrees(functional)
        return Estimate(
            value, error, tuple(intervals), n, self.notes(), degrees, self._worth(functional, facts)
        )

    def _worth(self, functional: Functional, facts: Facts) -> float | None:
        """How many terms the choice of an interval takes the estimate to rest on."""
        if AUTO not in self.methods or self.moments.buckets is None or not self.moments.whole:
            return None
        if self.clustered and self.clusters.few:
            return None
        worth, _ = least_effective(self, functional, facts)
        return worth if math.isfinite(worth) else None

    def _interval(self, method: str, functional: Functional, facts: Facts) -> Interval:
        try:
            if method == AUTO:
                return self._automatic(functional, facts)
            if method in BY_SPREAD and without_spread(self, functional, facts):
                raise Undefined(NO_SPREAD)
            low, high = INTERVALS[method](self, functional, facts)
            if isinstance(functional, Within):
                low, high = functional.cut((low, high))
        except Undefined as undefined:
            return self._unknown(method, str(undefined))
        return self._known(method, (low, high))

    def _automatic(self, functional: Functional, facts: Facts) -> Interval:
        try:
            taken = take(self, functional, facts)
        except Unsettled:
            return self._unknown(AUTO, UNSETTLED)
        return replace(self._known(taken.method, taken.ends), why=taken.why)

    def _known(self, method: str, ends: tuple[float, float]) -> Interval:
        if not all(map(math.isfinite, ends)):
            return self._unknown(method, "its terms are too large")
        return Interval.of(method, self.level, ends, self.side)

    def _unknown(self, method: str, reason: str) -> Interval:
        return Interval(method, self.level, None, None, reason, self.side)


@dataclass(frozen=True)
class InferenceOptions:
    """Options of standard errors and intervals, checked before any data is read.

    Attributes:
        methods: names in :data:`INTERVALS`.
        level: confidence level, in (0, 1).
        replicates: number of bootstrap replicates.
        seed: seed of the bootstrap.
        clustered: whether units with the same key are dependent.
        students_t: whether quantiles are always those of Student's t.
        side: ``two``, ``lower`` or ``upper``: the ends of intervals.

    Raises:
        UsageError: there is no method or an unknown one, or the level or the number of replicates is out of
            range.
    """

    methods: tuple[str, ...]
    level: float
    replicates: int
    seed: int
    clustered: bool
    students_t: bool = False
    side: Side = "two"

    def __post_init__(self) -> None:
        self.of(MomentsAccumulator(1, pairs_needed([Mean(0)]), bucketed=True).moments())

    @classmethod
    def of_call(
        cls,
        ci: str | Sequence[str],
        level: float,
        replicates: int,
        seed: int,
        cluster: str | None,
        students_t: bool = False,
        side: str = "two",
        automatic: bool = False,
    ) -> InferenceOptions:
        """From the options of a public function; with a ``cluster`` column, standard errors are clustered.

        ``auto`` is ``normal`` unless the function is ``automatic``: makes a second pass where one is needed.
        """
        asked = listed(ci) if automatic else ["normal" if one == AUTO else one for one in listed(ci)]
        methods = tuple(dict.fromkeys(asked))
        clustered = cluster is not None
        return cls(methods, float(level), int(replicates), int(seed), clustered, students_t, parse_side(side))

    @property
    def central(self) -> float:
        """The level of the two-sided interval each of whose ends fails as often as is allowed."""
        return central_level(self.level, self.side)

    @property
    def bucketed(self) -> bool:
        """Whether moments need bucket sums."""
        return self.clustered or not BUCKETED.isdisjoint(self.methods)

    def unknown(self, n: float, reason: str) -> Estimate:
        """An estimate over ``n`` units that has no value, for this reason."""
        intervals = [Interval(method, self.level, None, None, reason, self.side) for method in self.methods]
        return Estimate(None, None, tuple(intervals), n, (Note(UNDEFINED, reason),))

    def of(
        self, moments: Moments, sequences: Mapping[Functional, tuple[float, float] | None] = NO_SEQUENCES
    ) -> Inference:
        """The inference from ``moments``, and from confidence sequences by betting, under these options."""
        return Inference(
            moments,
            self.level,
            self.clustered,
            self.replicates,
            self.seed,
            self.students_t,
            self.side,
            sequences,
            methods=self.methods,
        )
