"""Fieller's interval of a relative gain, which holds where the reference is close to 0 (Fieller 1954)."""

from __future__ import annotations

import math

from rankeval.inference.undefined import Undefined


def fieller(
    left: float, right: float, std_errors: tuple[float, float], covariance: float, quantile: float
) -> tuple[float, float]:
    """All relative gains ``x`` for which ``left - right - x |right|`` does not differ significantly from 0.

    They follow from Fieller's interval of ``left / right``, whose ends change places where ``right`` is
    negative.

    Args:
        left, right: two estimates.
        std_errors: the standard errors of both.
        covariance: their covariance.
        quantile: how many standard errors make a significant difference.

    Raises:
        Undefined: ``right`` does not differ significantly from 0, so that the interval is unbounded.
    """
    z2 = quantile**2
    square = right * right - z2 * std_errors[1] ** 2
    if square <= 0.0:
        raise Undefined("the reference is not clearly off 0: the interval (Fieller) is unbounded")
    middle = left * right - z2 * covariance
    constant = left * left - z2 * std_errors[0] ** 2
    root = math.sqrt(max(middle * middle - square * constant, 0.0))
    low, high = (middle - root) / square - 1.0, (middle + root) / square - 1.0
    return (low, high) if right > 0.0 else (-high, -low)
