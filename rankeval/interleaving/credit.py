"""The credit of a click on each item of an interleaved list, from the ranks of the items, in linear time.

Sessions are ragged: the items of session ``s``, from the top, are ``offsets[s]:offsets[s + 1]`` of flat
arrays. Ranks start at 1; rank 0 means that the ranking lacks the item. Credits are positive for A.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel

#: Stands for the length of a ranking if it is unknown.
UNKNOWN = np.iinfo(np.int64).max // 2


@kernel
def _top(used: Bools, at: int) -> int:
    """The best unused rank, starting at ``at``; for use inside kernels."""
    while at < used.size and used[at]:
        at += 1
    return at


@kernel
def _use(used: Bools, rank: int) -> None:
    """Mark a rank as used; for use inside kernels."""
    if rank < used.size:
        used[rank] = True


@kernel
def draft_credits(
    offsets: Ints, rank_a: Ints, rank_b: Ints, length_a: Ints, length_b: Ints, credits: Floats
) -> int:
    """Write ``P(team A) - P(team B)`` of each item, given its team-draft list, to ``credits`` (items,).

    Given the list, the rounds of a draft are independent, because the items left after a prefix do not
    depend on the teams. In each round, the orders of picking that give the two items shown are equally
    likely. A ranking of :data:`UNKNOWN` length is taken to have an item left wherever that explains the list.

    Returns:
        The index of the first item that no draft can show at its place; -1 if there is none.
    """
    for s in range(offsets.size - 1):
        begin, end = offsets[s], offsets[s + 1]
        used_a = np.zeros(end - begin + 3, np.bool_)
        used_b = np.zeros(end - begin + 3, np.bool_)
        used_a[0] = used_b[0] = True
        a = b = 1
        k = begin
        while k < end:
            fits_a, fits_b = rank_a[k] == a, rank_b[k] == b
            _use(used_a, rank_a[k])
            _use(used_b, rank_b[k])
            then_a, then_b = _top(used_a, a), _top(used_b, b)
            one_left = a > length_a[s] or b > length_b[s]
            paired = not one_left and k + 1 < end
            second_a = second_b = 0.0
            if paired:
                second_a = _second(rank_a[k + 1], rank_b[k + 1], then_a, then_b, length_a[s], length_b[s], -1)
                second_b = _second(rank_a[k + 1], rank_b[k + 1], then_a, then_b, length_a[s], length_b[s], 1)
                strict = (fits_a and second_a != 0.0) or (fits_b and second_b != 0.0)
                guessed = length_a[s] == UNKNOWN or length_b[s] == UNKNOWN
                paired = strict or not guessed
            first_a = 1.0 if fits_a and (not paired or second_a != 0.0) else 0.0
            first_b = 1.0 if fits_b and (not paired or second_b != 0.0) else 0.0
            ways = first_a + first_b
            if ways == 0.0:
                return int(k)
            credits[k] = (first_a - first_b) / ways
            a, b = then_a, then_b
            k += 1
            if paired:
                credits[k] = (first_a * second_a + first_b * second_b) / ways
                _use(used_a, rank_a[k])
                _use(used_b, rank_b[k])
                a, b = _top(used_a, a), _top(used_b, b)
                k += 1
    return -1


@kernel
def _second(rank_a: int, rank_b: int, a: int, b: int, length_a: int, length_b: int, turn: int) -> float:
    """The team of the second item of a round: 1 for A, -1 for B, 0 if the item cannot come second.

    ``turn`` is the ranking that picks second, 1 for A and -1 for B. If it has no item left, the other ranking
    picks. For use inside kernels.
    """
    has_a, has_b = a <= length_a, b <= length_b
    by_a = has_a and (turn > 0 or not has_b)
    if by_a:
        return 1.0 if rank_a == a else 0.0
    return -1.0 if has_b and rank_b == b else 0.0


@kernel
def softmax_credits(
    offsets: Ints,
    rank_a: Ints,
    rank_b: Ints,
    length_a: Ints,
    length_b: Ints,
    weights: Floats,
    credits: Floats,
) -> None:
    """Write ``P(team A) - P(team B)`` of each item, given its probabilistic list, to ``credits`` (items,).

    It is ``(p_A - p_B) / (p_A + p_B)``. ``p_R`` is the weight of the item's rank in R over the sum of the
    weights of the items of R that are left (Hofmann et al. 2011).

    Args:
        weights: ``1 / rank^tau`` for ranks from 1.
    """
    used_a = np.zeros(weights.size, np.bool_)
    used_b = np.zeros(weights.size, np.bool_)
    below = np.zeros(weights.size + 1)  # [r]: sum of the weights of all ranks after r
    for rank in range(weights.size - 1, -1, -1):
        below[rank] = below[rank + 1] + weights[rank]
    for s in range(offsets.size - 1):
        lowest_a = lowest_b = 0
        for k in range(offsets[s], offsets[s + 1]):
            p_a = _share(rank_a[k], used_a, lowest_a, weights, below[lowest_a] - below[length_a[s]])
            p_b = _share(rank_b[k], used_b, lowest_b, weights, below[lowest_b] - below[length_b[s]])
            lowest_a, lowest_b = max(lowest_a, rank_a[k]), max(lowest_b, rank_b[k])
            credits[k] = (p_a - p_b) / (p_a + p_b)
        for k in range(offsets[s], offsets[s + 1]):
            used_a[rank_a[k] - 1] = used_b[rank_b[k] - 1] = False


@kernel
def _share(rank: int, used: Bools, lowest: int, weights: Floats, below: float) -> float:
    """Probability of drawing the item of this rank among the items left; marks the rank as used.

    Args:
        lowest: the largest rank that is used.
        below: sum of the weights of all ranks after ``lowest``.
    """
    if rank == 0:
        return 0.0
    total = below
    for place in range(lowest):
        total += 0.0 if used[place] else weights[place]
    used[rank - 1] = True
    return float(weights[rank - 1] / total)


@kernel
def balanced_outcomes(offsets: Ints, rank_a: Ints, rank_b: Ints, clicks: Floats, outcomes: Floats) -> None:
    """Write the winner of each session to ``outcomes`` (n,): 1 for A, -1 for B, 0 for a tie.

    A wins if more of the clicked items are in the top k of A than in the top k of B (Joachims 2002). k is the
    smallest depth at which A or B holds the lowest clicked item.
    """
    for s in range(offsets.size - 1):
        depth = 0
        for k in range(offsets[s], offsets[s + 1]):
            if clicks[k] > 0.0:
                depth = least_depth(rank_a[k], rank_b[k])
        ahead = 0
        for k in range(offsets[s], offsets[s + 1]):
            if clicks[k] > 0.0:
                ahead += within(rank_a[k], depth) - within(rank_b[k], depth)
        outcomes[s] = 1.0 if ahead > 0 else (-1.0 if ahead < 0 else 0.0)


@kernel
def least_depth(rank_a: int, rank_b: int) -> int:
    """The better of two ranks, where 0 means no rank; for use inside kernels."""
    return max(rank_a, rank_b) if rank_a == 0 or rank_b == 0 else min(rank_a, rank_b)


@kernel
def within(rank: int, depth: int) -> int:
    """1 if an item of this rank is in the top ``depth`` of the ranking, else 0; for use inside kernels."""
    return 1 if 0 < rank <= depth else 0
