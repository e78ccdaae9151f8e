"""Kernels for the distribution of the credit of a session, over all patterns of clicks on a list.

``clicks[i, r, k]`` is the probability of a click at position ``k + 1`` of list ``i`` if the last click above
is at position ``r``; ``r = 0`` means that there is no click above.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.interleaving.credit import least_depth, within

#: A session is a tie if its credit is at most this share of the sum of absolute credits: it is 0 up to
#: rounding.
TIED = 1e-12


@kernel
def signed_counts(clicks: Floats, up: Floats, down: Floats) -> Floats:
    """(n, 2L + 1) float64, probabilities of the credits ``-L .. L`` of a session, by dynamic programming.

    Independently of other clicks, a click counts 1 with probability ``up`` (n, L), -1 with probability
    ``down`` (n, L), and 0 otherwise.
    """
    n, _, size = clicks.shape
    counts = np.zeros((n, 2 * size + 1))
    for i in range(n):
        states = np.zeros((size + 1, 2 * size + 1))
        states[0, size] = 1.0
        for k in range(size):
            _count_position(states, clicks[i, :, k], up[i, k], down[i, k], k)
        for last in range(size + 1):
            for c in range(2 * size + 1):
                counts[i, c] += states[last, c]
    return counts


@kernel
def _count_position(states: Floats, clicks: Floats, up: float, down: float, k: int) -> None:
    """Update the probabilities of (last click, credit) for position ``k + 1``; for use inside kernels."""
    middle = states.shape[1] // 2
    for last in range(k + 1):
        click = clicks[last]
        if click == 0.0:
            continue
        for c in range(middle - k, middle + k + 1):
            clicked = states[last, c] * click
            states[last, c] -= clicked
            states[k + 1, c + 1] += clicked * up
            states[k + 1, c - 1] += clicked * down
            states[k + 1, c] += clicked * (1.0 - up - down)


@kernel
def balanced_counts(clicks: Floats, rank_a: Ints, rank_b: Ints) -> Floats:
    """(n, 2L + 1) float64, probabilities of ``-L .. L`` more clicks in the top k of A than in that of B.

    k depends on the lowest click (:func:`~rankeval.interleaving.credit.balanced_outcomes`), so the kernel
    sums over the position of the lowest click. ``rank_a`` and ``rank_b`` are (n, L).
    """
    n, _, size = clicks.shape
    counts = np.zeros((n, 2 * size + 1))
    for i in range(n):
        none = 1.0
        for k in range(size):
            none *= 1.0 - clicks[i, 0, k]
        counts[i, size] += none
        for lowest in range(size):
            depth = least_depth(rank_a[i, lowest], rank_b[i, lowest])
            states = np.zeros((size + 1, 2 * size + 1))
            states[0, size] = 1.0
            for k in range(lowest + 1):
                ahead = float(within(rank_a[i, k], depth) - within(rank_b[i, k], depth))
                _count_position(states, clicks[i, :, k], max(ahead, 0.0), max(-ahead, 0.0), k)
            rest = 1.0
            for k in range(lowest + 1, size):
                rest *= 1.0 - clicks[i, lowest + 1, k]
            for c in range(2 * size + 1):
                counts[i, c] += states[lowest + 1, c] * rest
    return counts


@kernel
def sums_over_patterns(clicks: Floats, credits: Floats) -> Floats:
    """(n, 5) float64: P(credit > 0), P(credit < 0), P(credit = 0), mean and mean square of the credit.

    ``credits`` (n, L) holds the credit of a click at each position. The kernel enumerates all ``2^L``
    patterns of clicks.
    """
    n, _, size = clicks.shape
    sums = np.zeros((n, 5))
    for i in range(n):
        scale = 0.0
        for k in range(size):
            scale += abs(credits[i, k])
        for pattern in range(1 << size):
            chance, credit, last = 1.0, 0.0, 0
            for k in range(size):
                click = clicks[i, last, k]
                if (pattern >> k) & 1:
                    chance *= click
                    credit += credits[i, k]
                    last = k + 1
                else:
                    chance *= 1.0 - click
            outcome = 2 if abs(credit) <= TIED * scale else (0 if credit > 0.0 else 1)
            sums[i, outcome] += chance
            sums[i, 3] += chance * credit
            sums[i, 4] += chance * credit * credit
    return sums
