"""Numba kernels over sessions: lists from random utilities, and probabilities of Plackett-Luce lists."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

Lists = NDArray[np.int32]


@kernel
def best_of_each(utilities: Floats, starts: Ints, positions: int) -> Lists:
    """(n, K) int32 the items with the K highest utilities of each session, by descending utility.

    Items have their number within the session, from 0; rows end with -1 where a session has fewer than K
    items. Items of equal utility keep their order.

    Args:
        utilities: flat, the utilities of session ``i`` are ``utilities[starts[i]:starts[i + 1]]``.
        starts: (n + 1,).
        positions: K.
    """
    n = len(starts) - 1
    best = np.full((n, positions), -1, np.int32)
    values = np.empty(positions)
    for i in range(n):
        filled = 0
        for item in range(starts[i + 1] - starts[i]):
            value = utilities[starts[i] + item]
            if filled == positions:
                if not value > values[filled - 1]:
                    continue
                place = filled - 1
            else:
                place = filled
                filled += 1
            while place > 0 and value > values[place - 1]:
                values[place] = values[place - 1]
                best[i, place] = best[i, place - 1]
                place -= 1
            values[place] = value
            best[i, place] = item
    return best


@kernel
def noisy_utilities(scores: Floats, offsets: Ints, queries: Ints, starts: Ints, noise: Floats) -> Floats:
    """Score plus noise of each item of each session, flat.

    Args:
        scores: (items,) flat by query.
        offsets: (Q + 1,) the items of query ``q`` are ``offsets[q]:offsets[q + 1]``.
        queries: (n,) the query of each session.
        starts: (n + 1,) the items of session ``i`` are ``starts[i]:starts[i + 1]`` of the result.
        noise: of each item of each session, in the layout of the result.
    """
    utilities = np.empty(len(noise))
    for i in range(len(queries)):
        first = offsets[queries[i]]
        for place in range(starts[i], starts[i + 1]):
            utilities[place] = scores[first + place - starts[i]] + noise[place]
    return utilities


@kernel
def _plus(scale: float, left: float, score: float) -> tuple[float, float]:
    """The new ``scale`` and ``left`` after ``exp(score)`` is added to the sum ``left exp(scale)``.

    The scale is the largest exponent in the sum, so the sum never overflows.
    """
    if score > scale:
        return score, left * np.exp(scale - score) + 1.0
    return scale, left + np.exp(score - scale)


@kernel
def log_prefixes(scores: Floats, offsets: Ints, queries: Ints, lists: Lists) -> Floats:
    """(n, K) log of the Plackett-Luce probability of the first k items of each list.

    The total weight of the items left to choose from is summed from the end of the list upwards. It is never
    a difference from the total of all items, which could lose all digits.

    Args:
        scores: (items,) log of the weight of each item, flat by query.
        offsets: (Q + 1,) the items of query ``q`` are ``offsets[q]:offsets[q + 1]``.
        queries: (n,) the query of each list.
        lists: (n, K) numbers of items within their query, -1 beyond the end.
    """
    n, positions = lists.shape
    logs = np.zeros((n, positions))
    shown = np.zeros(int(np.max(np.diff(offsets))), np.bool_)
    for i in range(n):
        first = offsets[queries[i]]
        for k in range(positions):
            if lists[i, k] >= 0:
                shown[lists[i, k]] = True
        scale, left = -np.inf, 0.0
        for item in range(offsets[queries[i] + 1] - first):
            if not shown[item]:
                scale, left = _plus(scale, left, scores[first + item])
        for k in range(positions - 1, -1, -1):
            if lists[i, k] >= 0:
                score = scores[first + lists[i, k]]
                scale, left = _plus(scale, left, score)
                logs[i, k] = score - scale - np.log(left)
                shown[lists[i, k]] = False
        for k in range(1, positions):
            logs[i, k] += logs[i, k - 1]
    return logs
