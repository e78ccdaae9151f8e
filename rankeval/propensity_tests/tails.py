"""p-values of sums whose mean and variance are known under the hypothesis, for small counts too."""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import t_test

#: A deviation below this share of the largest term is a rounding error.
ROUNDING = 1e-9


def bounded_sum_p(deviation: float, variance: float, bound: float, terms: float) -> float:
    """Two-sided p-value of a sum of independent terms of mean 0 that are at most ``bound`` in size.

    Among such sums of one variance, that of a centred Poisson variable has the heaviest tail, up to a
    constant (Bennett 1962; Bentkus 2004). The p-value is twice its tail beyond the deviation:
    near the normal one for large counts, exact for the excess of a rare action, and too large rather than too
    small elsewhere.

    Args:
        deviation: the sum.
        variance: its variance under the hypothesis.
        bound: the largest possible size of a term, above 0.
        terms: number of terms, for the size of rounding errors.
    """
    size, spread = abs(deviation) / bound, variance / bound**2
    if size <= ROUNDING * max(terms, 1.0):
        return 1.0
    if spread <= 0.0:
        return 0.0  # what cannot happen has happened
    from scipy.special import gammainc

    return min(1.0, 2.0 * float(gammainc(spread + size, spread)))


def clustered_p(deviation: float, totals: Floats) -> tuple[float, float]:
    """Standard error and two-sided p-value of a sum of mean 0 from the totals of independent clusters.

    Student's t; the degrees of freedom are ``(sum e^2)^2 / sum e^4`` of the totals ``e`` (after
    Satterthwaite 1946). The p-value is at least that of :func:`bounded_sum_p` for terms as large as the
    largest total, which allows for the skewness of few or uneven clusters.
    """
    squares = np.square(totals)
    variance = float(squares.sum())
    if variance <= 0.0:
        return 0.0, 1.0
    degrees = max(variance**2 / float(np.square(squares).sum()), 1.0)
    p = t_test(deviation, math.sqrt(variance), degrees)
    skewed = bounded_sum_p(deviation, variance, float(np.abs(totals).max()), 1.0)
    return math.sqrt(variance), max(skewed, p or 0.0)
