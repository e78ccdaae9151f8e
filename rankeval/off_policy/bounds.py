"""Bounds of values and gains where the log cannot say more: rewards of what the logger never shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from rankeval.inference import Estimate, Functional, Inference

#: Bounds that are no further apart, as a share of their size, are one value.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value that the log is in line with, and an interval for the true value.

    Attributes:
        low, high: estimates of the bounds; None if they are not finite.
        ci_low, ci_high: ends of the interval of Imbens & Manski (2004), which holds the true value with the
            confidence level, wherever it is between the bounds; None without standard errors.
        level: the confidence level.
    """

    low: float | None
    high: float | None
    ci_low: float | None
    ci_high: float | None
    level: float

    @property
    def apart(self) -> bool:
        """Whether the bounds differ by more than rounding."""
        if self.low is None or self.high is None:
            return False
        return self.high - self.low > _ROUNDING * max(abs(self.low), abs(self.high))

    @property
    def holds_zero(self) -> bool:
        """Whether the sign of the true value is open."""
        return self.low is None or self.high is None or self.low <= 0.0 <= self.high

    def to_dict(self) -> Mapping[str, Any]:
        """The attributes as JSON values."""
        ends = {"low": self.ci_low, "high": self.ci_high}
        return {
            "low": self.low,
            "high": self.high,
            "ci": {"method": "imbens_manski", "level": self.level, **ends},
        }


def bounds_of(inference: Inference, low: Functional, high: Functional) -> Bounds:
    """Estimate both bounds, and the interval of the value between them.

    The interval is ``[low - c se(low), high + c se(high)]``. ``c`` solves ``F(c + d) - F(-c) = level`` with
    the normal distribution F and ``d = (high - low) / max se``: it is the one-sided quantile for bounds far
    apart, and the two-sided one where they meet.
    """
    ends = inference.estimate(low), inference.estimate(high)
    values = [each.value for each in ends]
    errors = [each.std_error for each in ends]
    if None in values or None in errors:
        return Bounds(values[0], values[1], None, None, inference.level)
    (a, b), (first, second) = _numbers(ends)
    c = critical(b - a, max(first, second), inference.level)
    return Bounds(a, b, a - c * first, b + c * second, inference.level)


def _numbers(ends: tuple[Estimate, Estimate]) -> tuple[tuple[float, float], tuple[float, float]]:
    low, high = ends
    return (low.value or 0.0, high.value or 0.0), (low.std_error or 0.0, high.std_error or 0.0)


def critical(width: float, error: float, level: float) -> float:
    """``c`` of :func:`bounds_of`, for bounds ``width`` apart whose larger standard error is ``error``."""
    normal = NormalDist()
    least, most = normal.inv_cdf(level), normal.inv_cdf(0.5 + level / 2.0)
    if error <= 0.0:
        return least
    apart = max(width, 0.0) / error
    for _ in range(60):  # bisection: the left side rises in c
        middle = 0.5 * (least + most)
        if normal.cdf(middle + apart) - normal.cdf(-middle) < level:
            least = middle
        else:
            most = middle
    return 0.5 * (least + most) if math.isfinite(apart) else least
