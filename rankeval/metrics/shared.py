"""What the metrics share: array types, the reach of a cutoff, and where a metric is undefined."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.metrics.ranking import Ranking

Ints: TypeAlias = Ints
Floats: TypeAlias = Floats


def reach(ranking: Ranking, k: int | None) -> int:
    """The last rank that can count for any query: ``k``, or the longest list where that is shorter."""
    longest = int(ranking.retrieved.max(initial=0))
    return longest if k is None else min(k, longest)


def quotient(numerator: Floats, denominator: Ints | Floats) -> Floats:
    """``numerator / denominator``, NaN where the denominator is 0."""
    ratio = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def defined_where(condition: Bools, values: Floats) -> Floats:
    """``values``, NaN where the condition does not hold."""
    return np.where(condition, values, np.nan)
