"""Diagnostics of the importance weights of a log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rankeval.estimators import CLICK_RATIOS, Ratio
from rankeval.inference import Functional, Inference, Mean, Moments

#: Kinds of weights whose expectation is 1 if the propensities are correct.
AVERAGES_ONE = frozenset(get_args(Ratio)) - CLICK_RATIOS - {"exposure"}


def weight_diagnostics(
    inference: Inference, weight: int | None, ratio: Ratio = "action", gap: Functional | None = None
) -> dict[str, float | None]:
    """Effective sample size, largest weight, mean weight, and a z-statistic of the mean weight against 1.

    Args:
        inference: moments of the terms, and options of inference.
        weight: index of the term that holds the weight ``w``; None if the estimator has no weight.
        ratio: kind of the weight.
        gap: the support gap, by which the mean of right weights is less than 1; None: it is unknown.

    Returns:
        ``ess``: effective sample size ``(sum w)^2 / sum w^2``; None if a sum is infinite. ``max_weight`` and
        ``mean_weight``. ``mean_weight_z``: ``(mean w + gap - 1)`` in standard errors; None if that error is
        0 or unknown, or if the expectation of the weights need not be 1, as for exposure. All four are None
        without a weight.
    """
    names = ("ess", "max_weight", "mean_weight", "mean_weight_z")
    moments = inference.moments
    if weight is None:
        return dict.fromkeys(names)
    mean = float(moments.mean[weight])
    total, squares = moments.n * mean, moments.sum_of_squares(weight)
    whole = Mean(weight) if gap is None else Mean(weight) + gap
    std_error = inference.estimate(whole).std_error
    z = (inference.value(whole) - 1.0) / std_error if std_error and ratio in AVERAGES_ONE else None
    ess = None if math.isinf(squares) else total / squares * total if squares > 0.0 else 0.0
    return dict(zip(names, (ess, float(moments.high[weight]), mean, z), strict=True))


@dataclass(frozen=True)
class Carriers:
    """How an estimate is spread over the units whose weighted rewards ``x`` add up to it.

    Rewards may be costs, or of both signs: sizes ``|x|`` count. Without cancellation ``sum |x|`` is the sum
    of the estimate itself.

    Attributes:
        effective: ``(sum |x|)^2 / sum x^2``: how many rewards of equal size they are worth.
        top_share: ``max |x| / sum |x|``, the share of the largest unit; None if units have sampling weights.
    """

    effective: float | None = None
    top_share: float | None = None

    @classmethod
    def of(cls, inference: Inference, terms: Sequence[int], together: bool) -> Carriers:
        """The spread of an estimate over units; if clusters are named, over clusters if these tell less.

        Args:
            inference: the moments of the terms.
            terms: the terms of ``x``, one for each position or logging policy; empty if there are none.
            together: whether a unit may have several terms that are not 0, as those of positions.
        """
        moments = inference.moments
        if not terms:
            return cls()
        total = float(sum(moments.sizes[2, term] for term in terms))
        pairs = ((i, j) for i in terms for j in terms if together or i == j)
        squares = sum(moments.sum_of_products(i, j) for i, j in pairs)
        if not (math.isfinite(squares) and math.isfinite(total)):
            return cls()
        if squares <= 0.0 or total <= 0.0:
            return cls(0.0, None)
        largest = max(max(-float(moments.low[i]), float(moments.high[i])) for i in terms)
        share = None if moments.squared is not None else largest / total
        units = cls(total / squares * total, share)
        return units._among_clusters(inference, terms) if inference.clustered else units

    def _among_clusters(self, inference: Inference, terms: Sequence[int]) -> Carriers:
        """The same with the totals of clusters (or of buckets of them) as units, where these tell less."""
        sums = np.abs(np.sum(inference.buckets[:, [term + 1 for term in terms]], axis=1))
        total, squares = float(np.sum(sums)), float(np.sum(sums * sums))
        if squares <= 0.0 or self.effective is None:
            return self
        share = max(self.top_share or 0.0, float(sums.max()) / total)
        return Carriers(min(self.effective, total / squares * total), share)


def leverage(
    inference: Inference, weight: int, reward: int, centred: bool, *errors: float | None
) -> float | None:
    """What one more unit with the largest weight and the largest reward would move, in standard errors.

    ``max |w| max |r| / (n se)`` of the value, and ``max |w - 1| max |r| / (n se)`` of the gain; the larger of
    both. The largest weight of a log often has no reward. A log with rewards at larger weights than those
    which happen to have one is skewed in a way that it does not show, and its standard error is too small.

    Args:
        inference: the moments of the terms.
        weight, reward: the indices of the terms of the weight ``w``, as the estimator changes it, and of the
            reward ``r``.
        centred: whether the estimate rests on differences of rewards, as those that are self-normalised or
            doubly robust: ``r`` is then the range of rewards.
        errors: the standard errors of the value and of the gain.

    Returns:
        None if neither has an error, or if units have sampling weights.
    """
    moments, low, high = inference.moments, inference.moments.low, inference.moments.high
    if moments.squared is not None:
        return None
    size = high[reward] - low[reward] if centred else max(abs(high[reward]), abs(low[reward]))
    reach = max(abs(high[weight]), abs(low[weight])), max(abs(high[weight] - 1.0), abs(low[weight] - 1.0))
    found = [float(w * size) / (moments.n * e) for w, e in zip(reach, errors, strict=True) if e]
    return max((one for one in found if math.isfinite(one)), default=None)


def share_clipped(moments: Moments, weight: int, clipped: int) -> float | None:
    """Share of the total weight that clipping, switching or shrinking removes; None if the total is 0.

    It is also None if a weight is negative, as those of the pseudo-inverse may be: weights of both signs have
    no total of which a part can be a share. ``weight`` and ``clipped`` are the indices of the terms of the
    plain and of the reduced weight.
    """
    mean = float(moments.mean[weight])
    if mean <= 0.0 or moments.low[weight] < 0.0:
        return None
    return 1.0 - float(moments.mean[clipped]) / mean
