"""Quantiles of Student's t, without SciPy, whose import takes longer than many a command."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

# With more degrees of freedom, an expansion about the normal quantile is as exact.
_MANY_DEGREES = 10_000.0
_TINY = 1e-300


@lru_cache(4096)  # methods and tests of one estimate ask for the same ones
def students_quantile(above: float, degrees: float) -> float:
    """The value that Student's t exceeds with probability ``above``, to 1e-10 of its size.

    Args:
        above: the probability, in (0, 0.5].
        degrees: degrees of freedom, above 0; they need not be whole.
    """
    t = -NormalDist().inv_cdf(above)
    if degrees > _MANY_DEGREES:
        return _expanded(t, degrees)
    for _ in range(200):  # the tail is convex, so Newton's steps from below never go too far
        step = (_tail(t, degrees) - above) / _density(t, degrees)
        t += step
        if step <= 1e-15 * t:
            break
    return t


def _expanded(z: float, degrees: float) -> float:
    """The expansion of Abramowitz & Stegun 26.7.5, whose error is below 1e-13 here."""
    first = (z**3 + z) / 4.0
    second = (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0
    third = (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0
    return z + first / degrees + second / degrees**2 + third / degrees**3


def _density(t: float, degrees: float) -> float:
    logarithm = math.lgamma((degrees + 1.0) / 2.0) - math.lgamma(degrees / 2.0)
    logarithm -= (degrees + 1.0) / 2.0 * math.log1p(t * t / degrees) + math.log(degrees * math.pi) / 2.0
    return math.exp(logarithm)


def _tail(t: float, degrees: float) -> float:
    """``P(T > t)`` for ``t >= 0``, from the incomplete beta function at ``x = degrees / (degrees + t^2)``."""
    a, b, x = degrees / 2.0, 0.5, degrees / (degrees + t * t)
    if x < (a + 1.0) / (a + b + 2.0):
        return 0.5 * _incomplete_beta(a, b, x, 1.0 - x)
    return 0.5 - 0.5 * _incomplete_beta(b, a, t * t / (degrees + t * t), x)


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularised incomplete beta function at ``x = 1 - rest``, by Lentz's continued fraction."""
    if x == 0.0:
        return 0.0
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    fraction, c, d = 1.0, 1.0, 0.0
    for i in range(500):
        m = i // 2
        if i == 0:
            numerator = 1.0
        elif i % 2 == 0:
            numerator = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        else:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / (1.0 + numerator * d or _TINY)
        c = 1.0 + numerator / c or _TINY
        fraction *= c * d
        if i and abs(1.0 - c * d) < 1e-16:
            break
    return math.exp(logarithm) * (fraction - 1.0) / a
