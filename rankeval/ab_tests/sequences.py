"""Asymptotic confidence sequences: intervals that hold at all sample sizes at once.

For a mean of n units with the estimated standard error ``s = sd / sqrt(n)``, the sequence is ``mean +- m s``
with

    m = sqrt(2 (n r + 1) / (n r) log(sqrt(n r + 1) / alpha)),

and a parameter r > 0 that is chosen before the test (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024,
theorem 2.2, with r = rho^2). A difference of arms is asymptotically linear, so the same holds with its
standard error and n units in both arms. The interval is narrowest relative to s at about the number of units
for which r is chosen.
"""

from __future__ import annotations

import math


def _tuned(at: float, alpha: float) -> float:
    """The parameter r of a sequence that is narrow at ``at`` units (the same paper, appendix B.2)."""
    narrow = -2.0 * math.log(alpha)
    return (narrow + math.log(narrow + 1.0)) / at


def sequence_multiplier(n: float, at: float, alpha: float) -> float:
    """How many standard errors the ends of a confidence sequence are away at ``n`` units.

    Args:
        n: number of units.
        at: number of units, chosen in advance, at which the sequence is narrow.
        alpha: 1 less the confidence level.
    """
    x = n * _tuned(at, alpha)
    return math.sqrt(2.0 * (x + 1.0) / x * (0.5 * math.log(x + 1.0) - math.log(alpha)))


def anytime_p_value(z: float, n: float, at: float, alpha: float) -> float:
    """The smallest level at which the sequence of that level excludes no difference, at most 1.

    The parameter r stays that of ``alpha``. The p-value is at most ``alpha`` exactly where the sequence
    excludes 0, and by chance ever falls to ``a`` with probability ``a`` at most, however often one looks.
    """
    x = n * _tuned(at, alpha)
    return min(math.exp(0.5 * math.log(x + 1.0) - z * z * x / (2.0 * (x + 1.0))), 1.0)
