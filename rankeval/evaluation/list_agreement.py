"""How alike two rankings of the same queries are: rank-biased overlap, Kendall's tau and tau-AP."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import kernel, table_mask
from rankeval.evaluation.ranked_lists import RankedLists

#: The persistence of the rank-biased overlap.
PERSISTENCE = 0.9
#: Statistic -> its range.
STATISTICS = {"rbo": (0.0, 1.0), "tau": (-1.0, 1.0), "tau_ap": (-1.0, 1.0)}


def agreements(a: RankedLists, b: RankedLists) -> Floats:
    """(n, 3) float64: ``rbo``, ``tau`` and ``tau_ap`` of the lists of each query, NaN where undefined.

    ``rbo`` is the extrapolated rank-biased overlap, in [0, 1]: ``(1 - p) / p (sum over d <= l of X_d p^d / d
    + sum over s < d <= l of X_s (d - s) p^d / (s d)) + ((X_l - X_s) / l + X_s / s) p^l``. X_d is the number
    of items in the top d of both lists, s and l are the lengths of the shorter and the longer one, and p is
    0.9. NaN where a list is empty (Webber, Moffat & Zobel 2010).

    ``tau`` is Kendall's, in [-1, 1], over the items of both lists: the share of their pairs in the same
    order, less the share of those in the other order. ``tau_ap`` weighs the top, with a as the reference:
    ``2 / (N - 1) sum over the 2nd to the N-th item of b of C / (items above) - 1``, where C is the number of
    the items above it in b that are above it in a too. Both are NaN under two common items (Kendall 1938;
    Yilmaz, Aslam & Robertson 2008).
    """
    return compare_lists(a.offsets, a.hashes, b.offsets, b.hashes, PERSISTENCE)


@kernel
def compare_lists(
    a_offsets: Ints, a_items: Hashes, b_offsets: Ints, b_items: Hashes, persistence: float
) -> Floats:
    """(n, 3) float64: the three statistics of each query."""
    n = len(a_offsets) - 1
    found = np.empty((n, 3))
    for query in range(n):
        a = a_items[a_offsets[query] : a_offsets[query + 1]]
        b = b_items[b_offsets[query] : b_offsets[query + 1]]
        places = places_in(a, b)
        found[query, 0] = rank_biased_overlap(places, len(a), persistence)
        found[query, 1], found[query, 2] = concordance(places, len(a))
    return found


@kernel
def places_in(a: Hashes, b: Hashes) -> Ints:
    """The place in ``a`` of each item of ``b``, -1 where ``a`` lacks it."""
    mask = np.uint64(table_mask(len(a)))
    slots = np.full(np.int64(mask) + 1, -1, np.int64)
    for i in range(len(a)):
        slot = a[i] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = i
    places = np.full(len(b), -1, np.int64)
    for j in range(len(b)):
        slot = b[j] & mask
        while slots[slot] >= 0:
            if a[slots[slot]] == b[j]:
                places[j] = slots[slot]
                break
            slot = (slot + np.uint64(1)) & mask
    return places


@kernel
def rank_biased_overlap(places: Ints, other: int, p: float) -> float:
    """The extrapolated overlap of a list with one of ``other`` items, at whose ``places`` its items stand."""
    shorter, longer = min(len(places), other), max(len(places), other)
    if shorter == 0:
        return np.nan
    first_common = np.zeros(longer + 1, np.int64)  # items that are in both lists from a depth on
    for j in range(len(places)):
        if places[j] >= 0:
            first_common[max(j, places[j]) + 1] += 1
    total, power = 0.0, 1.0
    common, at_shorter = 0, 0
    for depth in range(1, longer + 1):
        power *= p
        common += first_common[depth]
        if depth <= shorter:
            at_shorter = common
        beyond = max(depth - shorter, 0)
        total += power * (common + at_shorter * beyond / shorter) / depth
    rest = (common - at_shorter) / longer + at_shorter / shorter
    return min((1.0 - p) / p * total + rest * power, 1.0)


@kernel
def concordance(places: Ints, other: int) -> tuple[float, float]:
    """Kendall's tau and tau-AP over the common items, whose places in the other list are given in order.

    A Fenwick tree counts the items above that are above in the other list too.
    """
    tree = np.zeros(other + 1, np.int64)
    seen, same, weighted = 0, 0, 0.0
    for j in range(len(places)):
        if places[j] < 0:
            continue
        above = 0
        node = places[j]
        while node > 0:
            above += tree[node]
            node -= node & -node
        if seen > 0:
            same += above
            weighted += above / seen
        node = places[j] + 1
        while node <= other:
            tree[node] += 1
            node += node & -node
        seen += 1
    if seen < 2:
        return np.nan, np.nan
    return 4.0 * same / (seen * (seen - 1)) - 1.0, 2.0 * weighted / (seen - 1) - 1.0
