"""Inference on the best of several candidates, corrected for its having been chosen as the best.

The largest of k estimates is too large on average, and its interval holds too seldom, because it was chosen
for being the largest. The method is the hybrid of Andrews, Kitagawa & McCloskey (2024, "Inference on
Winners"): the estimate of the winner is seen as a normal variable that is truncated to the values with which
this candidate still wins. The interval is that of the truncated distribution, within the simultaneous
interval (projection) of a much higher level, which bounds its width. The corrected estimate is the value
under which the distribution has its median at the estimate, so that it is too high as often as too low.

There are two cases in which the simultaneous interval (projection) of the level itself is taken, and the
estimate less the median of the largest error of all candidates. Candidates may tie exactly, as with few hits:
then nothing is known of the side to which the truncation cuts. And a candidate may win with a small estimate
only, where a rival that varies with it varies more: the hybrid would then correct upwards.

With few units normal quantiles would be too small. Standard errors are therefore multiplied by the ratio of
the quantiles of Student's t and of the normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from rankeval.inference.functionals import Functional
from rankeval.inference.roots import root_of
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.simultaneous import (
    covariance_of,
    factor,
    largest_t_quantile,
    median_of_largest,
)
from rankeval.inference.students_t import students_quantile

#: Share of the error probability that the simultaneous interval takes, as in the paper.
PROJECTION_SHARE = 0.1
_NEGLIGIBLE = 1e-9  # a share of the variance below which two estimates move together


@dataclass(frozen=True, slots=True)
class Corrected:
    """The corrected estimate of what was chosen, and its interval by the ``hybrid`` or ``projection``."""

    method: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Truncated:
    """The distribution of the winner's estimate given that it wins.

    Attributes:
        estimate: the estimate.
        deviation: its standard error, for quantiles of the normal distribution.
        low: the smallest estimate with which the candidate wins, given all that is independent of it.
        band: half the width of the simultaneous interval.
    """

    estimate: float
    deviation: float
    low: float
    band: float

    def below(self, mean: float) -> float:
        """The probability of an estimate up to the one found if its mean were ``mean``.

        The estimate is then also within ``band`` of this mean.
        """
        low, high = max(self.low, mean - self.band), mean + self.band
        return _truncated_cdf(*((x - mean) / self.deviation for x in (self.estimate, low, high)))

    def mean_with(self, probability: float) -> float:
        """The mean under which ``below`` has this probability; it falls as the mean grows."""
        low, high = self.estimate - self.band, self.estimate + self.band
        return root_of(lambda mean: self.below(mean) - probability, low, high)


def corrected(
    distribution: SamplingDistribution,
    winner: Functional,
    others: Sequence[Functional],
    targets: Sequence[Functional],
    of_interest: Functional,
    sign: float = 1.0,
) -> Corrected:
    """The estimate and interval of a target of the candidate that was chosen as the best.

    Args:
        distribution: the sampling distribution of all of them; its level is that of the interval.
        winner: the candidate that was chosen.
        others: the other candidates.
        targets: what would be estimated, such as a gain, of each candidate that could have been chosen.
        of_interest: the target of the winner. Its standard error must be above 0.
        sign: 1 where the largest is the best, -1 where the smallest is.
    """
    estimate = sign * distribution.value(of_interest)
    std_error = distribution.std_error(of_interest)
    degrees = distribution.degrees(of_interest)
    root = factor(covariance_of(distribution, targets))
    leads = [winner - other for other in others]
    alpha = 1.0 - distribution.level
    beta = PROJECTION_SHARE * alpha
    band = largest_t_quantile(root, degrees, 1.0 - beta) * std_error
    low, high = _winning_range(distribution, leads, of_interest, sign)
    if high < estimate + band or any(_tied(distribution, lead) for lead in leads):
        margin = largest_t_quantile(root, degrees, distribution.level) * std_error
        middle = estimate - median_of_largest(root, degrees) * std_error
        found = Corrected("projection", middle, estimate - margin, estimate + margin)
    else:
        stretch = students_quantile(alpha / 2.0, degrees) / -NormalDist().inv_cdf(alpha / 2.0)
        law = Truncated(estimate, stretch * std_error, low, band)
        outside = (alpha - beta) / (1.0 - beta) / 2.0
        found = Corrected("hybrid", *(law.mean_with(p) for p in (0.5, 1.0 - outside, outside)))
    return found if sign > 0.0 else Corrected(found.method, -found.value, -found.high, -found.low)


def _tied(distribution: SamplingDistribution, lead: Functional) -> bool:
    """Whether a lead is 0 in this sample, but not in every one, as the lead over an equal candidate is."""
    std_error = distribution.std_error(lead)
    return std_error > 0.0 and abs(distribution.value(lead)) <= _NEGLIGIBLE * std_error


def _winning_range(
    distribution: SamplingDistribution, leads: Sequence[Functional], of_interest: Functional, sign: float
) -> tuple[float, float]:
    """The values of the target's estimate with which the chosen candidate wins.

    Its lead over candidate j is ``D_j = (D_j - c_j y) + c_j y`` with ``c_j = cov(D_j, y) / var(y)``. The
    first part is independent of the estimate y, so that the lead is positive for y above or below
    ``y - D_j / c_j``.
    """
    y, variance = sign * distribution.value(of_interest), distribution.std_error(of_interest) ** 2
    low, high = -math.inf, math.inf
    for lead in leads:
        slope = distribution.covariance(lead, of_interest) / variance
        if abs(slope) <= _NEGLIGIBLE:
            continue
        bound = y - sign * distribution.value(lead) / slope
        low, high = (max(low, bound), high) if slope > 0.0 else (low, min(high, bound))
    return low, high


def _truncated_cdf(z: float, low: float, high: float) -> float:
    """``P(Z <= z)`` of a standard normal Z within ``[low, high]``, by logarithms, so that no tail is 0."""
    from scipy.special import log_ndtr

    if low > 0.0:  # the tail below 0 is the exact one
        return 1.0 - _truncated_cdf(-z, -high, -low)
    below, all_below, least = (float(log_ndtr(x)) for x in (z, high, low))
    whole = -math.expm1(least - all_below)
    if not whole > 0.0:
        return 0.5
    return min(max((math.exp(below - all_below) - math.exp(least - all_below)) / whole, 0.0), 1.0)
