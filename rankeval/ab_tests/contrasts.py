"""The difference of a metric between two arms, with intervals and a test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rankeval.ab_tests.adjustment import Adjustment, Ratios
from rankeval.ab_tests.looks import Looks
from rankeval.ab_tests.proportions import Proportions
from rankeval.ab_tests.sequences import anytime_p_value, sequence_multiplier
from rankeval.array_types import Ints
from rankeval.inference import (
    NEAR_ZERO,
    NO_SPREAD,
    Estimate,
    Functional,
    InferenceOptions,
    Interval,
    Moments,
    Relative,
    SamplingDistribution,
    Undefined,
    fieller,
    pairs_needed,
    students_quantile,
    t_test,
)
from rankeval.notes import Note

#: The methods that resample.
RESAMPLED = ("bootstrap", "bootstrap_t")
#: Names of intervals of a difference of two arms; ``auto`` is ``score`` for proportions, else ``student``.
INTERVALS = ("auto", "student", "normal", "score", *RESAMPLED, "sequence")
_OVERFLOW = "its terms are too large"


@dataclass(frozen=True)
class Rules:
    """How differences are tested.

    Attributes:
        options: level, replicates, seed and clusters.
        methods: names in :data:`INTERVALS`, at least one.
        looks: the planned looks; None: this is the only one, or ``sequence`` allows any.
        at: number of units at which confidence sequences are narrowest.
        one: the term that is 1 for every unit, if there is one.
    """

    options: InferenceOptions
    methods: tuple[str, ...]
    looks: Looks | None
    at: float
    one: int | None

    @property
    def level(self) -> float:
        """The confidence level."""
        return self.options.level

    @property
    def alpha(self) -> float:
        """The error probability of both ends together; a one-sided bound has half of it."""
        return 1.0 - self.options.central

    @property
    def two_sided(self) -> Rules:
        """The same rules with both ends."""
        return replace(self, options=replace(self.options, side="two"))

    @property
    def sequential(self) -> str | None:
        """The kind of test that allows for several looks; None: the test is for a single one."""
        if self.looks is not None:
            return "group_sequential"
        return "sequence" if "sequence" in self.methods else None


@dataclass(frozen=True, eq=False)
class Contrast:
    """A metric in two arms, whose units (or clusters) are independent of one another.

    Attributes:
        rules: how differences are tested.
        treatment, control: the distributions of the terms of both arms.
        adjustment: the metric.
        proportions: the successes of both arms, if the metric is a proportion of independent units.
        scale: the factor of the control's value; 1 for the difference, ``1 + margin`` to test whether the
            relative gain is above a margin.
    """

    rules: Rules
    treatment: SamplingDistribution
    control: SamplingDistribution
    adjustment: Adjustment
    proportions: Proportions | None = None
    scale: float = 1.0

    @property
    def _sides(self) -> tuple[SamplingDistribution, SamplingDistribution]:
        return self.treatment, self.control

    @cached_property
    def values(self) -> tuple[float, float]:
        """The values of the treatment and of the control; not finite where a denominator is 0."""
        functional = self.adjustment.functional
        return self.treatment.value(functional), self.control.value(functional)

    @cached_property
    def std_errors(self) -> tuple[float, float]:
        """Their standard errors."""
        functional = self.adjustment.functional
        return self.treatment.std_error(functional), self.control.std_error(functional)

    @property
    def difference(self) -> float:
        """The treatment's value less that of the control."""
        return self.values[0] - self.scale * self.values[1]

    @property
    def std_error(self) -> float:
        """The standard error of the difference: arms are independent, so that variances add."""
        return math.hypot(self.std_errors[0], self.scale * self.std_errors[1])

    @cached_property
    def degrees(self) -> float:
        """Degrees of freedom of the difference (Welch 1947; Satterthwaite 1946)."""
        variances = self.std_errors[0] ** 2, (self.scale * self.std_errors[1]) ** 2
        degrees = [side.degrees(self.adjustment.functional) for side in self._sides]
        parts = [v * v / d for v, d in zip(variances, degrees, strict=True) if v > 0.0 and d > 0]
        return sum(variances) ** 2 / sum(parts) if parts else 1.0

    @cached_property
    def obstacle(self) -> str | None:
        """Why there is no standard error; None where there is one."""
        functional = self.adjustment.functional
        for arm, side in zip(("the treatment", "the control"), self._sides, strict=True):
            found = side.obstacle(functional)
            if found is not None:
                return f"{arm}: {found.text}"
        if all(side.shows_no_spread(functional) for side in self._sides):
            return NO_SPREAD
        return None

    @property
    def statistic(self) -> float:
        """The difference over its standard error."""
        return self.difference / self.std_error

    @property
    def test(self) -> str:
        """The name of the test."""
        if self.rules.sequential:
            return self.rules.sequential
        return "chi_square" if self.proportions is not None else "welch"

    @cached_property
    def p_value(self) -> float | None:
        """The p-value of the hypothesis that the arms do not differ; None where there is none.

        With a lower bound it is that of the hypothesis that the arm is not higher, with an upper bound that
        it is not lower.
        """
        both = self._two_sided_p_value()
        if both is None or self.rules.options.side == "two":
            return both
        sign = 1.0 if self.rules.options.side == "lower" else -1.0
        return both / 2.0 if sign * self.difference > 0.0 else 1.0 - both / 2.0

    def _two_sided_p_value(self) -> float | None:
        if self.proportions is not None and not self.rules.sequential:
            return self.proportions.p_value()
        if self.obstacle is not None or self.std_error == 0.0:
            return None
        if self.rules.looks is not None:
            return self.rules.looks.p_value(self.statistic, self.degrees)
        if self.rules.sequential:
            return anytime_p_value(self.statistic, self.units, self.rules.at, self.rules.alpha)
        return t_test(self.difference, self.std_error, self.degrees)

    @property
    def units(self) -> float:
        """The number of units of both arms."""
        return float(self.treatment.moments.n + self.control.moments.n)

    def estimates(self) -> tuple[Estimate, Estimate]:
        """The difference and the relative difference, each with its intervals."""
        error = None if self.obstacle is not None else self.std_error
        difference = self.difference if math.isfinite(self.difference) else None
        reference = self.values[1]
        usable = difference is not None and reference != 0.0 and math.isfinite(difference / reference)
        relative = difference / abs(reference) if usable and difference is not None else None
        notes = () if self.obstacle is None else (Note("no_standard_error", self.obstacle),)
        return (
            Estimate(difference, error, self._intervals(False), self.units, notes),
            Estimate(relative, None, self._intervals(True), self.units, notes),
        )

    def _intervals(self, relative: bool) -> tuple[Interval, ...]:
        methods = [self._resolved(method) for method in self.rules.methods]
        return tuple(self._interval(method, relative) for method in dict.fromkeys(methods))

    def _resolved(self, method: str) -> str:
        if method != "auto":
            return method
        if self.rules.looks is not None:
            return "group_sequential"
        return "student" if self.proportions is None else "score"

    def _interval(self, method: str, relative: bool) -> Interval:
        level, side = self.rules.level, self.rules.options.side
        try:
            if method == "score":
                low, high = self._score(relative)
            elif self.obstacle is not None:
                raise Undefined(self.obstacle)
            elif method in RESAMPLED:
                return self._resampled(method, relative)
            else:
                low, high = self._by_error(self.multiplier(method), relative)
            if not (math.isfinite(low) and math.isfinite(high)):
                raise Undefined("the control has no success" if method == "score" else _OVERFLOW)
        except Undefined as undefined:
            return Interval(method, level, None, None, str(undefined), side)
        return Interval.of(method, level, (low, high), side)

    def multiplier(self, method: str) -> float:
        """How many standard errors the ends of an interval are away."""
        alpha = self.rules.alpha
        if method == "group_sequential" and self.rules.looks is not None:
            return self.rules.looks.multiplier(self.degrees)
        if method == "sequence":
            return sequence_multiplier(self.units, self.rules.at, alpha)
        few = any(side.few_clusters for side in self._sides)
        return students_quantile(alpha / 2.0, self.degrees if method == "student" or few else math.inf)

    def _by_error(self, multiplier: float, relative: bool) -> tuple[float, float]:
        if not relative:
            margin = multiplier * self.std_error
            return self.difference - margin, self.difference + margin
        (value, reference), (error, reference_error) = self.values, self.std_errors
        if abs(reference) < NEAR_ZERO * reference_error or reference == 0.0:
            return fieller(value, reference, self.std_errors, 0.0, multiplier)
        middle = (value - reference) / abs(reference)
        margin = multiplier * math.hypot(error, value / reference * reference_error) / abs(reference)
        return middle - margin, middle + margin

    def _score(self, relative: bool) -> tuple[float, float]:
        if self.proportions is None:
            raise Undefined("the metric is no proportion of independent units, without a covariate")
        quantile = students_quantile(self.rules.alpha / 2.0, math.inf)
        interval = self.proportions.relative_interval if relative else self.proportions.difference_interval
        return interval(quantile)

    def _resampled(self, method: str, relative: bool) -> Interval:
        assert self.rules.one is not None
        functional, moments = together(self._sides, self.adjustment, self.rules.one, relative)
        inference = replace(self.rules.options, methods=(method,)).of(moments)
        return inference.estimate(functional).intervals[0]


def together(
    sides: Sequence[SamplingDistribution], adjustment: Adjustment, one: int, relative: bool
) -> tuple[Functional, Moments]:
    """The difference as a functional of the means of all units of two arms, and their moments.

    The bootstrap then resamples the units (or clusters) of both arms together: the size of an arm is random
    too, and a mean of an arm is a ratio.

    Args:
        sides: the treatment and the control.
        adjustment: the metric.
        one: the term that is 1 for every unit.
        relative: whether the difference is relative.
    """
    terms = len(sides[0].moments.total)
    left, right = (adjustment.ratios(Ratios(side * terms, one)) for side in (0, 1))
    functional: Functional = Relative(left, right) if relative else left - right
    own = [_moved(side.moments.pairs, i * terms) for i, side in enumerate(sides)]
    pairs = np.unique(np.concatenate([pairs_needed([functional]), *own]), axis=0)
    treatment, control = (
        side.moments.spread(np.arange(terms) + i * terms, 2 * terms, pairs) for i, side in enumerate(sides)
    )
    return functional, replace(treatment, unnamed=None).merge(replace(control, unnamed=None))


def _moved(pairs: Ints, by: int) -> Ints:
    return np.asarray(pairs + by, np.int64)
