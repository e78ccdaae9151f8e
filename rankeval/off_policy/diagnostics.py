"""What the importance weights of a log look like."""

from __future__ import annotations

import math
from typing import get_args

from rankeval.estimators import CLICK_RATIOS, Ratio
from rankeval.inference import Inference, Mean, Moments

#: Weights whose mean is 1 where the propensities are right.
AVERAGES_ONE = frozenset(get_args(Ratio)) - CLICK_RATIOS - {"exposure"}


def weight_diagnostics(
    inference: Inference, weight: int | None, ratio: Ratio = "action"
) -> dict[str, float | None]:
    """Effective sample size ``(sum w)^2 / sum w^2``, largest and mean weight, z of the mean against 1.

    ``weight`` is the term that holds ``w``; all are None where there is none, and z where the weights have
    no standard error, or, as those of exposure, need not average 1.
    """
    names = ("ess", "max_weight", "mean_weight", "mean_weight_z")
    moments = inference.moments
    if weight is None:
        return dict.fromkeys(names)
    mean = float(moments.mean[weight])
    total = moments.n * mean
    squares = float(moments.comoment[moments.pair_index[weight, weight]]) + total * mean
    std_error = inference.estimate(Mean(weight)).std_error
    z = (mean - 1.0) / std_error if std_error and ratio in AVERAGES_ONE else None
    ess = None if math.isinf(squares) else total / squares * total if squares > 0.0 else 0.0
    return dict(zip(names, (ess, float(moments.high[weight]), mean, z), strict=True))


def share_clipped(moments: Moments, weight: int, clipped: int) -> float | None:
    """Share of the weight that clipping, switching or shrinking takes away; None where there is no weight."""
    mean = float(moments.mean[weight])
    return 1.0 - float(moments.mean[clipped]) / mean if mean > 0 else None
