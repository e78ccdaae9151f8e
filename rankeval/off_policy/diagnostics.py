"""Diagnostics of the importance weights of a log."""

from __future__ import annotations

import math
from typing import get_args

from rankeval.estimators import CLICK_RATIOS, Ratio
from rankeval.inference import Inference, Mean, Moments

#: Kinds of weights whose expectation is 1 if the propensities are correct.
AVERAGES_ONE = frozenset(get_args(Ratio)) - CLICK_RATIOS - {"exposure"}


def weight_diagnostics(
    inference: Inference, weight: int | None, ratio: Ratio = "action"
) -> dict[str, float | None]:
    """Effective sample size, largest weight, mean weight, and a z-statistic of the mean weight against 1.

    Args:
        inference: moments of the terms, and options of inference.
        weight: index of the term that holds the weight ``w``; None if the estimator has no weight.
        ratio: kind of the weight.

    Returns:
        ``ess``: effective sample size ``(sum w)^2 / sum w^2``; None if a sum is infinite. ``max_weight`` and
        ``mean_weight``. ``mean_weight_z``: ``(mean w - 1)`` in standard errors; None if the standard error is
        0 or unknown, or if the expectation of the weights need not be 1, as for exposure. All four are None
        without a weight.
    """
    names = ("ess", "max_weight", "mean_weight", "mean_weight_z")
    moments = inference.moments
    if weight is None:
        return dict.fromkeys(names)
    mean = float(moments.mean[weight])
    total, squares = moments.n * mean, moments.sum_of_squares(weight)
    std_error = inference.estimate(Mean(weight)).std_error
    z = (mean - 1.0) / std_error if std_error and ratio in AVERAGES_ONE else None
    ess = None if math.isinf(squares) else total / squares * total if squares > 0.0 else 0.0
    return dict(zip(names, (ess, float(moments.high[weight]), mean, z), strict=True))


def effective_rewards(moments: Moments, term: int | None) -> float | None:
    """``(sum w r)^2 / sum (w r)^2``: how many rewards of equal size the weighted rewards are worth.

    ``term`` is the index of the term ``w r``; None without one. None too where rewards have both signs, whose
    sum says nothing of their number, or a sum is infinite.
    """
    if term is None or (moments.low[term] < 0.0 < moments.high[term]):
        return None
    total, squares = moments.n * float(moments.mean[term]), moments.sum_of_squares(term)
    return None if math.isinf(squares) else total / squares * total if squares > 0.0 else 0.0


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
