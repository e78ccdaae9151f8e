"""Loops over sessions: lists drawn by random utilities, and the probabilities of Plackett-Luce lists."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

Lists = NDArray[np.int32]


@kernel
def best_of_each(utilities: Floats, starts: Ints, positions: int) -> Lists:
    """(n, K) places of the highest utilities of each session, in descending order; -1 beyond its items.

    ``utilities``: flat, those of session ``i`` at ``starts[i]:starts[i + 1]``; equal ones in their order.
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
    """Score plus noise for each item of each session; ``noise``: flat, session after session."""
    utilities = np.empty(len(noise))
    for i in range(len(queries)):
        first = offsets[queries[i]]
        for place in range(starts[i], starts[i + 1]):
            utilities[place] = scores[first + place - starts[i]] + noise[place]
    return utilities


@kernel
def _plus(scale: float, left: float, score: float) -> tuple[float, float]:
    """``left exp(scale) + exp(score)`` in the same form, its scale the largest exponent so far."""
    if score > scale:
        return score, left * np.exp(scale - score) + 1.0
    return scale, left + np.exp(score - scale)


@kernel
def log_prefixes(scores: Floats, offsets: Ints, queries: Ints, lists: Lists) -> Floats:
    """(n, K) log of the Plackett-Luce probability of the items at 1..k; ``scores``: log of the weights.

    What is left to choose from is summed from the end of the list on, never subtracted from the whole.
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
