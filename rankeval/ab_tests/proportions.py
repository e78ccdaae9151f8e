"""Two proportions: Pearson's chi-square and the score intervals that agree with it.

The score statistic of a difference or ratio uses the variance under the hypothesis, with the two proportions
fitted under it. For equal proportions its square is Pearson's chi-square without a continuity correction, so
the interval holds 0 (a relative gain of 0) exactly where the test does not reject. It also has a width where
an arm has no success.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rankeval.inference import Mean, SamplingDistribution, root_of

_SMALL_EXPECTED = 5.0  # an expected number of successes or failures below this makes chi-square rough
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Proportions:
    """Successes among the units of two arms.

    Attributes:
        successes, n: of the treatment.
        control_successes, control_n: of the control.
    """

    successes: float
    n: float
    control_successes: float
    control_n: float

    @property
    def rates(self) -> tuple[float, float]:
        """The proportions of the treatment and of the control."""
        return self.successes / self.n, self.control_successes / self.control_n

    @property
    def rough(self) -> bool:
        """Whether an expected count is so small that the normal distribution of the statistic is rough."""
        total = self.n + self.control_n
        rate = (self.successes + self.control_successes) / total
        return min(self.n, self.control_n) * min(rate, 1.0 - rate) < _SMALL_EXPECTED

    def p_value(self) -> float | None:
        """The p-value of Pearson's chi-square (1900) with one degree of freedom; None without any spread."""
        if self.successes + self.control_successes in (0.0, self.n + self.control_n):
            return None
        return math.erfc(abs(self.z_of_difference(0.0)) / math.sqrt(2.0))

    def z_of_difference(self, difference: float) -> float:
        """The score statistic of the hypothesis that the proportions differ by ``difference`` (Mee 1984)."""
        one, two = self.rates
        fitted_two = self._fitted_control(difference)
        fitted_one = min(max(fitted_two + difference, 0.0), 1.0)
        variance = fitted_one * (1.0 - fitted_one) / self.n
        variance += fitted_two * (1.0 - fitted_two) / self.control_n
        return _over(one - two - difference, variance)

    def z_of_ratio(self, ratio: float) -> float:
        """The score statistic of the hypothesis that the ratio of proportions is ``ratio`` (Koopman 1984)."""
        one, two = self.rates
        total = self.n + self.control_n
        a, c = total * ratio, self.successes + self.control_successes
        b = -(self.n * ratio + self.successes + self.control_n + self.control_successes * ratio)
        fitted_two = 2.0 * c / (-b + math.sqrt(max(b * b - 4.0 * a * c, 0.0)))
        fitted_two = min(fitted_two, 1.0)
        fitted_one = min(ratio * fitted_two, 1.0)
        variance = fitted_one * (1.0 - fitted_one) / self.n
        variance += ratio * ratio * fitted_two * (1.0 - fitted_two) / self.control_n
        return _over(one - ratio * two, variance)

    def difference_interval(self, quantile: float) -> tuple[float, float]:
        """All differences whose score statistic is at most ``quantile`` in size."""
        one, two = self.rates
        return _interval(self.z_of_difference, one - two, (-1.0, 1.0), quantile)

    def relative_interval(self, quantile: float) -> tuple[float, float]:
        """All relative gains whose score statistic is at most ``quantile`` in size.

        The upper end is infinite if the control has no success.
        """
        one, two = self.rates
        if self.control_successes == 0.0:
            return -1.0, math.inf
        low, high = _interval(
            lambda x: self.z_of_ratio(math.exp(x)),
            math.log(one / two) if one > 0.0 else -700.0,
            (-700.0, 700.0),
            quantile,
        )
        return (math.exp(low) - 1.0 if one > 0.0 else -1.0), math.exp(high) - 1.0

    def _fitted_control(self, difference: float) -> float:
        """The control's proportion of greatest likelihood if the treatment's is larger by ``difference``.

        It is a root of a cubic (Farrington & Manning 1990); the derivative of the likelihood has one sign
        change in the range of proportions, so bisection finds it too, without cancellation.
        """
        low, high = max(0.0, -difference), min(1.0, 1.0 - difference)

        def slope(control: float) -> float:
            rate = control + difference
            return _slope(self.successes, self.n, rate) + _slope(
                self.control_successes, self.control_n, control
            )

        return root_of(slope, low, high) if low < high else low


def _slope(successes: float, n: float, rate: float) -> float:
    """The derivative of the logarithm of a binomial likelihood; steep at rates that are impossible."""
    inside = min(max(rate, _ROUNDING), 1.0 - _ROUNDING)
    return successes / inside - (n - successes) / (1.0 - inside)


def _over(difference: float, variance: float) -> float:
    if abs(difference) <= _ROUNDING:
        return 0.0
    return difference / math.sqrt(variance) if variance > 0.0 else math.copysign(math.inf, difference)


def _interval(
    z: Callable[[float], float], middle: float, ends: tuple[float, float], quantile: float
) -> tuple[float, float]:
    """Where a falling statistic, 0 at ``middle``, is ``quantile`` and ``-quantile``."""

    def found(target: float, low: float, high: float) -> float:
        def apart(x: float) -> float:
            return min(max(z(x), -1e9), 1e9) - target

        return (
            root_of(apart, low, high) if apart(low) * apart(high) < 0.0 else (low if target > 0.0 else high)
        )

    return found(quantile, ends[0], middle), found(-quantile, middle, ends[1])


def is_proportion(arms: Sequence[SamplingDistribution], term: int) -> bool:
    """Whether all values of a term are 0 or 1, and each unit counts a whole number of times.

    Between 0 and 1, the sum of squares equals the sum only then.
    """
    for arm in arms:
        moments = arm.moments
        inside = moments.n == 0 or (moments.low[term] >= 0.0 and moments.high[term] <= 1.0)
        total = float(moments.total[term])
        if not (moments.whole and inside) or abs(moments.sum_of_squares(term) - total) > 1e-9 * (1.0 + total):
            return False
    return True


def proportions_of(
    treatment: SamplingDistribution, control: SamplingDistribution, metric: Mean
) -> Proportions:
    """The successes of two arms in a term whose values are 0 and 1."""
    sides = [
        (float(round(arm.moments.total[metric.term])), float(arm.moments.n)) for arm in (treatment, control)
    ]
    return Proportions(*sides[0], *sides[1])
