"""Metrics that sum the gain of each item, discounted by its rank: DCG, NDCG, RBP, INSQ and ERR.

Every metric function takes a :class:`Ranking` of n queries and returns (n,) float64. ``k`` is the cutoff;
None means the whole list. Unjudged items have no gain. The threshold of relevance matters only in ``rbp``,
which is binary; the other metrics use the grades. A value is NaN for a query without a positive grade (in
``rbp``, without a relevant item), else 0 for an empty list. For tied items a value is the exact expectation
over their orders.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import defined_where, quotient, reach


def dcg(ranking: Ranking, k: int | None) -> Floats:
    """Discounted cumulative gain: ``sum over ranks j <= k of grade_j / log2(j + 1)``.

    The unit is that of the grades. NaN for a query without a positive grade, retrieved or not (Järvelin &
    Kekäläinen 2002).
    """
    value = weighted_sum(
        ranking.offsets, ranking.above, ranking.tied, ranking.grade, False, _discounts(reach(ranking, k))
    )
    return defined_where(ranking.ideal_stop > ranking.ideal_start, value)


def ndcg(ranking: Ranking, k: int | None) -> Floats:
    """Normalised DCG, in [0, 1]: ``dcg@k / ideal dcg@k``.

    The ideal DCG is that of all judged items of the query, retrieved or not, by descending grade. NaN for a
    query without a positive grade (Järvelin & Kekäläinen 2002; linear gain as in trec_eval).
    """
    return _normalised(ranking, k, False)


def ndcg_exp(ranking: Ranking, k: int | None) -> Floats:
    """``ndcg`` with the gain ``2^grade - 1`` in place of the grade (Burges et al. 2005)."""
    return _normalised(ranking, k, True)


def rbp(ranking: Ranking, k: int | None, p: float) -> Floats:
    """Rank-biased precision, in [0, 1]: ``(1 - p) sum over ranks j <= k of p^(j - 1) [item j is relevant]``.

    ``p`` is the persistence, in (0, 1). An item is relevant if its grade is at least the threshold. NaN for a
    query without a relevant item, retrieved or not (Moffat & Zobel 2008).
    """
    weight = (1.0 - p) * p ** np.arange(reach(ranking, k), dtype=np.float64)
    relevance = (ranking.grade >= ranking.threshold).astype(np.float64)
    value = weighted_sum(ranking.offsets, ranking.above, ranking.tied, relevance, False, weight)
    return defined_where(ranking.relevant > 0, value)


def insq(ranking: Ranking, k: int | None, T: float, max_rel: float) -> Floats:
    """INSQ, in [0, 1]: ``sum over ranks j <= k of w_j grade_j / max_rel``, ``w_j = (j + 2T - 1)^-2 / S``.

    The user goes on from rank j to the next with probability ``((j + 2T - 1) / (j + 2T))^2``, in search of
    ``T > 0`` relevant items. ``S = sum over i >= 0 of (2T + i)^-2`` makes the weights of an endless list add
    up to 1. Grades must be at most ``max_rel``. NaN for a query without a positive grade, retrieved or not
    (Moffat, Scholer & Thomas 2012).
    """
    from scipy.special import zeta

    ranks = np.arange(1.0, reach(ranking, k) + 1.0)
    weight = (ranks + 2.0 * T - 1.0) ** -2.0 / float(zeta(2.0, 2.0 * T))
    grade = ranking.grade / max_rel
    value = weighted_sum(ranking.offsets, ranking.above, ranking.tied, grade, False, weight)
    return defined_where(ranking.ideal_stop > ranking.ideal_start, value)


def err(ranking: Ranking, k: int | None, max_rel: float) -> Floats:
    """Expected reciprocal rank, in [0, 1]: ``sum over ranks j <= k of 1/j s_j prod over i < j of (1 - s_i)``.

    The user examines the list from the top and stops at an item with probability ``s = (2^grade - 1) /
    2^max_rel``. A user who does not stop within ``k`` ranks counts 0. Grades must be at most ``max_rel``. NaN
    for a query without a positive grade, retrieved or not (Chapelle et al. 2009).
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
    if whole == grade and whole < 63:  # a bit shift is several times faster than a power
        return float(1 << whole) - 1.0
    power: float = 2.0**grade
    return power - 1.0


@kernel
def weighted_sum(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, exponential: bool, weight: Floats
) -> Floats:
    """(n,) sum over each query's entries of gain times the weight of the rank.

    Rank j has the weight ``weight[j - 1]``, or 0 beyond the end of ``weight``. An item of a tied group has
    the mean weight of the group's ranks.
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
    """Mean weight of the ranks ``above + 1 .. above + tied``; 0 for ranks beyond the end of ``weight``."""
    total = 0.0
    for rank in range(above, min(above + tied, len(weight))):
        total += weight[rank]
    return total / tied


@kernel
def ideal_sum(start: Ints, stop: Ints, grade: Floats, exponential: bool, weight: Floats) -> Floats:
    """(n,) sum of gain times weight where the grades ``start[i]:stop[i]`` stand at the ranks 1, 2, ..."""
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
    """(n,) expected ``1 / rank`` of the item at which the user stops, 0 where that is beyond ``depth``."""
    n = len(offsets) - 1
    value = np.zeros(n)
    scale = 2.0**-max_rel
    for i in range(n):
        reached = 1.0  # probability that the user reaches this group
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
    """Probability, at index j, that the user passes the first j items of a tied group in random order.

    The index runs to ``min(tied, depth)``. The probability is the mean, over all subsets of j items, of the
    product of ``1 - s``: an elementary symmetric polynomial divided by a binomial coefficient. The loop adds
    one item at a time. Among ``size`` items, a share ``j / size`` of the subsets of j contains the new item.
    Each update is therefore a convex combination, which is numerically stable for any size.
    """
    passed = np.ones(min(tied, depth) + 1)
    positive = 0
    while positive < len(grade) and grade[positive] > 0.0:
        positive += 1
    size = tied - positive  # the user never stops at an item without gain
    for item in range(positive):
        size += 1
        go_on = 1.0 - gain(grade[item], True) * scale
        for j in range(min(size, len(passed) - 1), 0, -1):
            passed[j] = ((size - j) * passed[j] + j * go_on * passed[j - 1]) / size
    return passed
