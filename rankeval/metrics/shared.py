"""Helpers of several metric modules: the last rank of interest, and NaN where a metric is undefined."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.metrics.ranking import Ranking


def reach(ranking: Ranking, k: int | None) -> int:
    """The last rank that any query needs: ``k``, or the length of the longest list where that is smaller."""
    longest = int(ranking.retrieved.max(initial=0))
    return longest if k is None else min(k, longest)


def quotient(numerator: Floats, denominator: Ints | Floats) -> Floats:
    """``numerator / denominator``, NaN where the denominator is 0."""
    ratio = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def defined_where(condition: Bools, values: Floats) -> Floats:
    """``values`` where the condition holds, NaN elsewhere."""
    return np.where(condition, values, np.nan)
