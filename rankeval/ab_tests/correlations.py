"""Correlations of pairs with intervals, agreement of signs, and the comparison of two correlations."""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import Undefined, students_quantile

_ONE = 1.0 - 1e-12


def pearson(x: Floats, y: Floats) -> float | None:
    """Pearson's correlation; None without variation or with fewer than 2 pairs."""
    if len(x) < 2 or not (np.ptp(x) > 0.0 and np.ptp(y) > 0.0):
        return None
    u, v = x - x.mean(), y - y.mean()
    u, v = u / np.abs(u).max(), v / np.abs(v).max()
    value = float(np.sum(u * v) / math.sqrt(float(np.sum(u * u)) * float(np.sum(v * v))))
    return min(max(value, -1.0), 1.0)


def spearman(x: Floats, y: Floats) -> float | None:
    """Spearman's rank correlation, with the mean rank for ties; None where it is undefined."""
    from scipy.stats import rankdata

    return pearson(rankdata(x), rankdata(y)) if len(x) else None


def correlation_interval(value: float, n: int, level: float, *, ranks: bool) -> tuple[float, float]:
    """The interval on Fisher's scale (1921), back-transformed.

    Its variance is ``1 / (n - 3)`` for pairs from a normal distribution, and ``(1 + r^2 / 2) / (n - 3)`` for
    ranks (Bonett & Wright 2000).

    Raises:
        Undefined: there are fewer than 4 pairs, or the correlation is 1 or -1.
    """
    if n < 4:
        raise Undefined("fewer than 4 pairs")
    if abs(value) >= _ONE:
        raise Undefined("all pairs lie on a line, which does not show how far others would be from it")
    variance = (1.0 + value * value / 2.0 if ranks else 1.0) / (n - 3)
    margin = students_quantile((1.0 - level) / 2.0, math.inf) * math.sqrt(variance)
    middle = math.atanh(value)
    return math.tanh(middle - margin), math.tanh(middle + margin)


def share_interval(hits: int, n: int, level: float) -> tuple[float, float]:
    """The exact interval of a probability (Clopper & Pearson 1934).

    Raises:
        Undefined: there is no trial.
    """
    if n < 1:
        raise Undefined("no pairs with a sign")
    from scipy.special import betaincinv

    side = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, side))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1.0 - side))
    return low, high


def compared_correlations(first: float, second: float, between: float, n: int) -> float | None:
    """The two-sided p-value that two variables have the same correlation with a third one.

    It is the test of Meng, Rosenthal & Rubin (1992).

    Args:
        first, second: correlations of the two variables with the third.
        between: correlation of the two variables.
        n: number of units.

    Returns:
        The p-value; None for fewer than 4 units or a correlation of 1 or -1.
    """
    if n < 4 or max(abs(first), abs(second), abs(between)) >= _ONE:
        return None
    square = (first * first + second * second) / 2.0
    f = min((1.0 - between) / (2.0 * (1.0 - square)), 1.0)
    h = (1.0 - f * square) / (1.0 - square)
    apart = math.atanh(first) - math.atanh(second)
    z = apart * math.sqrt((n - 3) / (2.0 * (1.0 - between) * h))
    return math.erfc(abs(z) / math.sqrt(2.0))
