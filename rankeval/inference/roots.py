"""Roots of monotone functions, without SciPy's optimisers, whose import takes longer than many a command."""

from __future__ import annotations

import math
from collections.abc import Callable

_STEPS = 200
_EXACT = 1e-10


def root_of(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a monotone function is 0 (Ridders 1979); an end of the range if it has one sign throughout.

    Of the two ends it is then the one at which the function is closer to 0. The root is right to 1e-10 of
    the larger end, or of the width of the range.

    Args:
        f: a function that does not change its direction.
        low, high: the ends of the range.
    """
    at_low, at_high = f(low), f(high)
    if at_low == 0.0 or at_low * at_high > 0.0:
        return low if abs(at_low) <= abs(at_high) else high
    precision = _EXACT * max(abs(low), abs(high), high - low)
    for _ in range(_STEPS):
        if at_high == 0.0 or high - low <= precision:
            break
        middle = 0.5 * (low + high)
        at_middle = f(middle)
        step = (middle - low) * at_middle / math.sqrt(at_middle * at_middle - at_low * at_high)
        found = middle + (step if at_low > 0.0 else -step)
        for x, y in sorted(((middle, at_middle), (found, f(found)))):
            if y * at_low > 0.0:
                low, at_low = max(low, x), y
            elif x < high:
                high, at_high = x, y
    return high if abs(at_high) <= abs(at_low) else low
