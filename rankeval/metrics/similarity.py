"""Similarity of a ranking with the ideal order of its query: compatibility."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import group_stop, place_chances
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import quotient, reach


def compat(ranking: Ranking, p: float) -> Floats:
    """Compatibility, in [0, 1]: rank-biased overlap with the ideal order, over that of the ideal with itself.

    ``overlap = sum over depths d <= D of p^(d - 1) |top d of the list and of the ideal order| / d``, where D
    is the longer of both. The ideal order has the items of positive grade by descending grade, and those of
    one grade as the list has them, which maximises the overlap. ``p`` in (0, 1) is the persistence. NaN for a
    query without a positive grade, else 0 for an empty list (Clarke, Vtyurina & Smucker 2020).
    """
    wanted = ranking.ideal_stop - ranking.ideal_start
    longest = max(reach(ranking, None), int(wanted.max(initial=0)))
    depths = np.arange(1.0, longest + 1.0)
    passed = np.concatenate([[0.0], np.cumsum(p ** (depths - 1.0) / depths)])
    depth = np.maximum(ranking.retrieved, wanted)
    grades = (ranking.ideal_start, ranking.ideal_stop, ranking.ideal_grade)
    value = overlap(ranking.offsets, ranking.above, ranking.tied, ranking.grade, grades, depth, passed)
    return np.minimum(quotient(value, ideal_overlap(wanted, depth, passed)), 1.0)


@kernel
def ideal_overlap(wanted: Ints, depth: Ints, passed: Floats) -> Floats:
    """(n,) overlap of the ideal order of ``wanted[i]`` items with itself.

    ``passed[d]`` is the sum of the weights ``p^(j - 1) / j`` of the depths j up to d.
    """
    total = np.zeros(len(wanted))
    for i in range(len(wanted)):
        for place in range(wanted[i]):
            total[i] += passed[depth[i]] - passed[place]
    return total


@kernel
def overlap(
    offsets: Ints,
    above: Ints,
    tied: Ints,
    grade: Floats,
    ideal: tuple[Ints, Ints, Floats],
    depth: Ints,
    passed: Floats,
) -> Floats:
    """(n,) expected overlap of each list with its ideal order.

    An item counts at all depths from the larger of its rank and its ideal rank on. ``ideal`` has where the
    positive grades of each query start and stop, and the grades.
    """
    start, stop, grades = ideal
    n = len(offsets) - 1
    total = np.zeros(n)
    for i in range(n):
        taken = np.zeros(stop[i] - start[i], np.int64)  # by the first ideal place of each grade
        entry = offsets[i]
        while entry < offsets[i + 1]:
            end = group_stop(above, entry, offsets[i + 1])
            while entry < end and grade[entry] > 0.0:
                alike = entry
                while alike < end and grade[alike] == grade[entry]:
                    alike += 1
                first = first_place(grades[start[i] : stop[i]], grade[entry])
                place = first + taken[first]
                ranks = above[entry], tied[entry]
                total[i] += overlap_of_alike(ranks, alike - entry, place, passed, depth[i])
                taken[first] += alike - entry
                entry = alike
            entry = end
    return total


@kernel
def first_place(grades: Floats, grade: float) -> int:
    """The number of descending ``grades`` that are above ``grade``, by bisection."""
    low, high = 0, len(grades)
    while low < high:
        middle = (low + high) // 2
        if grades[middle] > grade:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def overlap_of_alike(ranks: tuple[int, int], alike: int, place: int, passed: Floats, depth: int) -> float:
    """Expected overlap of the ``alike`` items of one grade in a tied group.

    ``ranks`` has the number of items above the group and its size; ``place`` items are ideally before these.
    """
    above, tied = ranks
    total = 0.0
    for i in range(alike):
        chances = place_chances(i, alike, tied)
        for s in range(len(chances)):
            total += chances[s] * (passed[depth] - passed[max(place + i, above + i + s)])
    return total
