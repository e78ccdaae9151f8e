"""Straight lines through points that have errors in both coordinates: York (2004) and Deming (1943)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats

_STEPS = 500
_EXACT = 1e-14


@dataclass(frozen=True)
class Line:
    """A fitted line ``y = intercept + slope x``.

    Attributes:
        slope, intercept: the line.
        slope_error, intercept_error: standard errors; None where they cannot be computed.
        scatter: the sum of squared residuals over their variance and over n - 2 degrees of freedom; about 1
            if errors explain all scatter. None without known errors.
        method: ``york`` or ``deming``.
    """

    slope: float
    intercept: float
    slope_error: float | None
    intercept_error: float | None
    scatter: float | None
    method: str


def york(x: Floats, y: Floats, x_error: Floats, y_error: Floats) -> Line | None:
    """The line of greatest likelihood for independent normal errors with known standard deviations.

    It iterates the equations of York, Evensen, Martinez & De Basabe Delgado (2004). Where the scatter is more
    than the errors explain, standard errors are multiplied by its root.

    Args:
        x, y: (n,) coordinates.
        x_error, y_error: (n,) their standard errors, at least 0, not both 0 at a point.

    Returns:
        The line; None for fewer than 3 points, without variation in x, or if it does not converge.
    """
    n = len(x)
    if n < 3 or not np.ptp(x) > 0.0:
        return None
    slope = float(np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2))
    for _ in range(_STEPS):
        weight, moved, v, centre = _york_step(x, y, x_error, y_error, slope)
        down = float(np.sum(weight * moved * (x - centre[0])))
        if down == 0.0:
            return None
        new = float(np.sum(weight * moved * v)) / down
        done = abs(new - slope) <= _EXACT * max(abs(new), abs(slope))
        slope = new
        if done:
            break
    else:
        return None
    weight, moved, _, centre = _york_step(x, y, x_error, y_error, slope)
    intercept = centre[1] - slope * centre[0]
    adjusted = centre[0] + moved
    middle = float(np.sum(weight * adjusted) / np.sum(weight))
    spread = float(np.sum(weight * (adjusted - middle) ** 2))
    if not spread > 0.0:
        return None
    scatter = float(np.sum(weight * (y - slope * x - intercept) ** 2)) / (n - 2)
    larger = max(scatter, 1.0)
    slope_variance = larger / spread
    return Line(
        slope,
        intercept,
        slope_variance**0.5,
        (larger / float(np.sum(weight)) + middle**2 * slope_variance) ** 0.5,
        scatter,
        "york",
    )


def _york_step(
    x: Floats, y: Floats, x_error: Floats, y_error: Floats, slope: float
) -> tuple[Floats, Floats, Floats, tuple[float, float]]:
    """Weights, moves of x towards the line, y less its mean, and the weighted means, under a slope."""
    weight = 1.0 / (y_error**2 + slope**2 * x_error**2)
    total = np.sum(weight)
    centre = float(np.sum(weight * x) / total), float(np.sum(weight * y) / total)
    u, v = x - centre[0], y - centre[1]
    moved = weight * (u * y_error**2 + slope * v * x_error**2)
    return weight, moved, v, centre


def deming(x: Floats, y: Floats) -> Line | None:
    """Deming's line for errors of equal variance in both coordinates, with errors by the jackknife.

    Args:
        x, y: (n,) coordinates.

    Returns:
        The line; None for fewer than 4 points, or if x and y have no covariance.
    """
    n = len(x)
    line = _deming(x, y)
    if n < 4 or line is None:
        return None
    without = [_deming(np.delete(x, i), np.delete(y, i)) for i in range(n)]
    if any(one is None for one in without):
        return Line(*line, None, None, None, "deming")
    left = np.array([one for one in without if one is not None])
    variances = (n - 1) / n * np.sum((left - left.mean(axis=0)) ** 2, axis=0)
    return Line(*line, float(variances[0] ** 0.5), float(variances[1] ** 0.5), None, "deming")


def _deming(x: Floats, y: Floats) -> tuple[float, float] | None:
    u, v = x - x.mean(), y - y.mean()
    xx, yy, xy = (float(np.sum(a * b)) for a, b in ((u, u), (v, v), (u, v)))
    if abs(xy) <= 1e-14 * (xx * yy) ** 0.5 or xx == 0.0:
        return None
    slope = (yy - xx + ((yy - xx) ** 2 + 4.0 * xy * xy) ** 0.5) / (2.0 * xy)
    return slope, float(y.mean() - slope * x.mean())
