"""Kernels that draw random interleaved lists of many sessions.

The list of a session depends only on its query, its number and the seed. It does not depend on the division
of sessions into blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays import GOLDEN, finalise, kernel, seeded
from rankeval.interleaving.rankings import PairArrays

Teams = NDArray[np.int8]

#: Team of an item: the ranking that chose it, or no team.
TEAM_A, TEAM_B, NO_TEAM = 0, 1, -1
_BITS, _STEP = np.uint64(11), 2.0**-53


@kernel
def _uniform(bits: np.uint64) -> float:
    """A uniform number in [0, 1) from a hash; for use inside kernels."""
    return float(bits >> _BITS) * _STEP


@kernel
def _next(order: Ints, at: int, stamp: Ints, session: int) -> int:
    """The first place, starting at ``at``, whose item the session does not show yet; the end if none."""
    while at < order.size and order[at] >= 0 and stamp[order[at]] == session:
        at += 1
    return at


@kernel
def team_draft(
    pairs: PairArrays, queries: Ints, first: int, seed: np.uint64, lists: Ints, teams: Teams
) -> None:
    """Fill ``lists`` and ``teams`` (n, L) for sessions ``first``, ``first + 1``, ...; both are -1 before.

    ``queries`` (n,) holds the query of each session. If a ranking has no item left, the other one fills the
    list.
    """
    stamp = np.full(pairs.items, -1, np.int64)
    for s in range(queries.size):
        q = queries[s]
        state = seeded(np.uint64(first + s), seed)
        order_a, order_b = pairs.order_a[q], pairs.order_b[q]
        i, j, balance, coin = 0, 0, 0, False
        for k in range(lists.shape[1]):
            i, j = _next(order_a, i, stamp, s), _next(order_b, j, stamp, s)
            has_a, has_b = i < pairs.length_a[q], j < pairs.length_b[q]
            if not (has_a or has_b):
                break
            if balance == 0 and has_a and has_b:
                state += GOLDEN
                coin = finalise(state) >> np.uint64(63) == 0
            by_a = has_a and (not has_b or balance < 0 or (balance == 0 and coin))
            balance += 1 if by_a else -1
            item = order_a[i] if by_a else order_b[j]
            stamp[item] = s
            lists[s, k] = item
            teams[s, k] = TEAM_A if by_a else TEAM_B


@kernel
def balanced(pairs: PairArrays, queries: Ints, first: int, seed: np.uint64, lists: Ints) -> None:
    """Fill ``lists`` as :func:`team_draft` does; a coin decides which ranking leads in each session."""
    for s in range(queries.size):
        state = seeded(np.uint64(first + s), seed) + GOLDEN
        balanced_list(pairs, queries[s], finalise(state) >> np.uint64(63) == 0, lists[s])


@kernel
def balanced_list(pairs: PairArrays, q: int, a_leads: bool, items: Ints) -> None:
    """Fill ``items`` (L,), which are -1 before, with the balanced list of query ``q``.

    At each step the ranking with fewer places read gives the item at its next place; the leading ranking
    does if they are equal. An item that is in the list already is skipped. For use inside kernels.
    """
    i = j = size = 0
    while size < items.size and (i < pairs.length_a[q] or j < pairs.length_b[q]):
        by_a = j >= pairs.length_b[q] or (i < pairs.length_a[q] and (i < j or (i == j and a_leads)))
        item = pairs.order_a[q, i] if by_a else pairs.order_b[q, j]
        if by_a:
            i += 1
        else:
            j += 1
        there = False
        for k in range(size):
            there = there or items[k] == item
        if not there:
            items[size] = item
            size += 1


@kernel
def probabilistic(
    pairs: PairArrays,
    weights: Floats,
    queries: Ints,
    first: int,
    seed: np.uint64,
    lists: Ints,
    teams: Teams,
) -> None:
    """Fill ``lists`` and ``teams`` as :func:`team_draft` does, by the method ``probabilistic``.

    ``weights`` holds ``1 / rank^tau`` for ranks from 1.
    """
    stamp = np.full(pairs.items, -1, np.int64)
    for s in range(queries.size):
        q = queries[s]
        state = seeded(np.uint64(first + s), seed)
        for k in range(lists.shape[1]):
            i = _next(pairs.order_a[q], 0, stamp, s)
            j = _next(pairs.order_b[q], 0, stamp, s)
            has_a, has_b = i < pairs.length_a[q], j < pairs.length_b[q]
            if not (has_a or has_b):
                break
            state += GOLDEN
            coin = finalise(state) >> np.uint64(63) == 0
            by_a = has_a and (coin or not has_b)
            order = pairs.order_a[q] if by_a else pairs.order_b[q]
            length = pairs.length_a[q] if by_a else pairs.length_b[q]
            state += GOLDEN
            item = _drawn(order, length, weights, stamp, s, _uniform(finalise(state)))
            stamp[item] = s
            lists[s, k] = item
            teams[s, k] = TEAM_A if by_a else TEAM_B


@kernel
def _drawn(order: Ints, length: int, weights: Floats, stamp: Ints, session: int, uniform: float) -> int:
    """A random item of a ranking that the session does not show yet, by the weights of the ranks."""
    total = 0.0
    for place in range(length):
        if stamp[order[place]] != session:
            total += weights[place]
    reached, item = 0.0, -1
    for place in range(length):
        if stamp[order[place]] != session:
            reached += weights[place]
            item = order[place]
            if uniform * total < reached:
                break
    return item


@kernel
def from_distribution(
    lists: Ints, bounds: Floats, starts: Ints, queries: Ints, first: int, seed: np.uint64, out: Ints
) -> None:
    """Fill ``out`` (n, L) with random rows of ``lists``; those of query q are ``starts[q]:starts[q + 1]``.

    ``bounds`` holds the cumulative probabilities of the lists of each query.
    """
    for s in range(queries.size):
        state = seeded(np.uint64(first + s), seed) + GOLDEN
        uniform = _uniform(finalise(state))
        row, end = starts[queries[s]], starts[queries[s] + 1] - 1
        while row < end and uniform >= bounds[row]:
            row += 1
        out[s] = lists[row]
