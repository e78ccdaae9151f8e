"""Metrics that weigh what an item brings by its rank: DCG and its kin, RBP, ERR.

Each takes a :class:`Ranking` of n queries and gives (n,) float64, NaN where a query has nothing to find.
Grades count whatever the threshold, except in ``rbp``, which is binary.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import defined_where, quotient, reach


def dcg(ranking: Ranking, k: int | None) -> Floats:
    """``sum over ranks j <= k of grade_j / log2(j + 1)`` (Järvelin & Kekäläinen 2002).

    NaN for a query without a positive grade.
    """
    value = weighted_sum(
        ranking.offsets, ranking.above, ranking.tied, ranking.grade, False, _discounts(reach(ranking, k))
    )
    return defined_where(ranking.ideal_stop > ranking.ideal_start, value)


def ndcg(ranking: Ranking, k: int | None) -> Floats:
    """``dcg@k / ideal dcg@k``, the ideal order taken over all judged items, retrieved or not.

    NaN for a query without a positive grade (Järvelin & Kekäläinen 2002; linear gain as in trec_eval).
    """
    return _normalised(ranking, k, False)


def ndcg_exp(ranking: Ranking, k: int | None) -> Floats:
    """``ndcg`` with gain ``2^grade - 1`` (Burges et al. 2005)."""
    return _normalised(ranking, k, True)


def rbp(ranking: Ranking, k: int | None, p: float) -> Floats:
    """``(1 - p) sum over ranks j <= k of p^(j - 1) [item j is relevant]`` (Moffat & Zobel 2008).

    NaN for a query without a relevant item.
    """
    weight = (1.0 - p) * p ** np.arange(reach(ranking, k), dtype=np.float64)
    relevance = (ranking.grade >= ranking.threshold).astype(np.float64)
    value = weighted_sum(ranking.offsets, ranking.above, ranking.tied, relevance, False, weight)
    return defined_where(ranking.relevant > 0, value)


def err(ranking: Ranking, k: int | None, max_rel: float) -> Floats:
    """Expected reciprocal rank at which a user stops (Chapelle et al. 2009).

    Going down the list the user stops at an item with chance ``(2^grade - 1) / 2^max_rel``; stopping
    nowhere within ``k`` brings 0. Grades must be at most ``max_rel``. NaN for a query without a
    positive grade.
    """
    value = stopping_reward(
        ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(max_rel), reach(ranking, k)
    )
    return defined_where(ranking.ideal_stop > ranking.ideal_start, value)


def _discounts(ranks: int) -> Floats:
    discounts: Floats = 1.0 / np.log2(np.arange(2.0, ranks + 2.0))
    return discounts


def _normalised(ranking: Ranking, k: int | None, exponential: bool) -> Floats:
    start, stop = ranking.ideal_start, ranking.ideal_stop
    most_judged = int((stop - start).max(initial=0))
    longest = max(reach(ranking, None), most_judged)
    discounts = _discounts(longest if k is None else min(k, longest))
    ideal = ideal_sum(start, stop, ranking.ideal_grade, exponential, discounts)
    value = weighted_sum(ranking.offsets, ranking.above, ranking.tied, ranking.grade, exponential, discounts)
    return quotient(value, ideal)


@kernel
def gain(grade: float, exponential: bool) -> float:
    """``2^grade - 1`` or the grade itself."""
    if not exponential:
        return grade
    whole = int(grade)
    if whole == grade and whole < 63:  # a shift is several times faster than a power
        return float(1 << whole) - 1.0
    power: float = 2.0**grade
    return power - 1.0


@kernel
def weighted_sum(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, exponential: bool, weight: Floats
) -> Floats:
    """(n,) sums of gain times the weight of the rank; ``weight[j]`` is that of rank j + 1, 0 beyond.

    An item of a tied group has the mean weight of the group's ranks.
    """
    n = len(offsets) - 1
    total = np.empty(n)
    for i in range(n):
        value = 0.0
        group = -1
        weight_of_group = 0.0
        for entry in range(offsets[i], offsets[i + 1]):
            if above[entry] >= len(weight):
                break
            if above[entry] != group:
                group = above[entry]
                weight_of_group = mean_weight(weight, group, tied[entry])
            value += gain(grade[entry], exponential) * weight_of_group
        total[i] = value
    return total


@kernel
def mean_weight(weight: Floats, above: int, tied: int) -> float:
    """Mean weight of the ranks ``above + 1 .. above + tied``, 0 beyond the end of ``weight``."""
    total = 0.0
    for rank in range(above, min(above + tied, len(weight))):
        total += weight[rank]
    return total / tied


@kernel
def ideal_sum(start: Ints, stop: Ints, grade: Floats, exponential: bool, weight: Floats) -> Floats:
    """(n,) sums of gain times weight when each query's grades stand in the order given."""
    n = len(start)
    total = np.zeros(n)
    for i in range(n):
        for rank in range(min(stop[i] - start[i], len(weight))):
            total[i] += gain(grade[start[i] + rank], exponential) * weight[rank]
    return total


@kernel
def stopping_reward(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, max_rel: float, depth: int
) -> Floats:
    """(n,) expectations of 1 / rank of the item where the user stops, 0 beyond ``depth``."""
    n = len(offsets) - 1
    value = np.zeros(n)
    scale = 2.0**-max_rel
    for i in range(n):
        reached = 1.0  # chance that the user comes to this group
        entry = offsets[i]
        while entry < offsets[i + 1] and above[entry] < depth:
            if tied[entry] == 1:
                halt = gain(grade[entry], True) * scale
                value[i] += reached * halt / (above[entry] + 1)
                reached *= 1.0 - halt
                entry += 1
                continue
            stop = group_stop(above, entry, offsets[i + 1])
            passed = chance_to_pass(grade[entry:stop], scale, tied[entry], depth - above[entry])
            for j in range(1, len(passed)):
                value[i] += reached * (passed[j - 1] - passed[j]) / (above[entry] + j)
            for item in range(entry, stop):
                reached *= 1.0 - gain(grade[item], True) * scale
            entry = stop
    return value


@kernel
def chance_to_pass(grade: Floats, scale: float, tied: int, depth: int) -> Floats:
    """Chance, at index j, that nobody stops at the first j items of a tied group in random order.

    It is the mean over all j-subsets of the product of ``1 - stop``: an elementary symmetric polynomial
    over a binomial coefficient. Adding an item to a set of ``size - 1``, a share ``j / size`` of the
    j-subsets holds it: a convex combination, sound for any size. Index up to ``min(tied, depth)``.
    """
    passed = np.ones(min(tied, depth) + 1)
    positive = 0
    while positive < len(grade) and grade[positive] > 0.0:
        positive += 1
    size = tied - positive  # the others never stop anybody
    for item in range(positive):
        size += 1
        go_on = 1.0 - gain(grade[item], True) * scale
        for j in range(min(size, len(passed) - 1), 0, -1):
            passed[j] = ((size - j) * passed[j] + j * go_on * passed[j - 1]) / size
    return passed
