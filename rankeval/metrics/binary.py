"""Metrics of binary relevance: precision, recall, F1, hit rate, MAP, MRR and the share of judged items.

Every metric function takes a :class:`Ranking` of n queries and returns (n,) float64, each value in [0, 1]
(except ``relevant_retrieved``, a number of items).
An item is relevant if its grade is at least ``ranking.threshold``; unjudged items are not relevant.
``hits@k`` is the number of relevant items in the top k, and R the number of relevant items of the query,
retrieved or not. ``k`` is the cutoff; None means the whole list. A value is NaN where R is 0 (except in
``judged`` and ``relevant_retrieved``), else 0 for an empty list. For tied items a value is the exact
expectation over their orders.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import count_relevant, group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import defined_where, quotient, reach


def precision(ranking: Ranking, k: int | None) -> Floats:
    """Precision: ``hits@k / k``, also for a list shorter than k; without k, ``hits / length of the list``."""
    places = np.maximum(ranking.retrieved, 1) if k is None else k
    return defined_where(ranking.relevant > 0, _hits(ranking, k) / places)


def recall(ranking: Ranking, k: int | None) -> Floats:
    """Recall: ``hits@k / R``."""
    return quotient(_hits(ranking, k), ranking.relevant)


def f1(ranking: Ranking, k: int | None) -> Floats:
    """Harmonic mean of ``precision`` and ``recall``: ``2 hits@k / (k + R)``.

    Without a cutoff, k is the length of the list. The formula is linear in the hits, so the expected number
    of hits gives the exact expectation under ties.
    """
    places = ranking.retrieved if k is None else k
    harmonic = 2.0 * _hits(ranking, k) / np.maximum(places + ranking.relevant, 1)
    return defined_where(ranking.relevant > 0, harmonic)


def r_precision(ranking: Ranking) -> Floats:
    """Precision at rank R: ``hits@R / R``."""
    return quotient(_hits_within(ranking, ranking.relevant, ranking.threshold), ranking.relevant)


def set_precision(ranking: Ranking) -> Floats:
    """Precision of the retrieved set: ``hits / length of the list`` (``set_P`` in trec_eval)."""
    return precision(ranking, None)


def set_recall(ranking: Ranking) -> Floats:
    """Recall of the retrieved set: ``hits / R``."""
    return recall(ranking, None)


def set_f1(ranking: Ranking) -> Floats:
    """Harmonic mean of ``set_precision`` and ``set_recall`` (``set_F`` in trec_eval)."""
    return f1(ranking, None)


def relevant_retrieved(ranking: Ranking, k: int | None) -> Floats:
    """``hits@k``, the number of relevant items in the top k; 0 also for a query without a relevant item."""
    return _hits(ranking, k)


def interpolated_precision(ranking: Ranking, k: float) -> Floats:
    """Interpolated precision at recall ``k`` in [0, 1]: ``max over ranks j with hits@j >= h of hits@j / j``.

    ``h = floor(k R + 0.9)`` relevant items stand for the level of recall, as in trec_eval; 0 if fewer were
    retrieved. The ranking must have no ties (Manning, Raghavan & Schütze 2008, section 8.4).
    """
    needed = np.floor(k * ranking.relevant + 0.9).astype(np.int64)
    value = best_precision(ranking.offsets, ranking.above, ranking.grade, float(ranking.threshold), needed)
    return defined_where(ranking.relevant > 0, value)


def judged(ranking: Ranking, k: int | None) -> Floats:
    """Share of judged items in the top k: ``judged items in the top k / min(k, length of the list)``.

    The value is also defined for a query without relevant items. The ranking must hold its entries of
    grade 0.
    """
    top = ranking.retrieved if k is None else np.minimum(ranking.retrieved, k)
    return _hits_within(ranking, top, 0.0) / np.maximum(top, 1)


def hit(ranking: Ranking, k: int | None) -> Floats:
    """1 if at least one of the top k items is relevant, else 0 (``success`` in trec_eval)."""
    chance = _first_relevant(ranking, np.ones(reach(ranking, k)))
    return np.minimum(chance, 1.0)  # the sum over tied ranks may round to a value just above 1


def reciprocal_rank(ranking: Ranking, k: int | None) -> Floats:
    """``1 / rank`` of the first relevant item, 0 if no relevant item is in the top k (Voorhees 1999)."""
    return _first_relevant(ranking, 1.0 / np.arange(1.0, reach(ranking, k) + 1.0))


def average_precision(ranking: Ranking, k: int | None) -> Floats:
    """Average precision: ``1/R sum over ranks j <= k that hold a relevant item of hits@j / j``."""
    return quotient(_precisions(ranking, k), ranking.relevant)


def average_precision_min(ranking: Ranking, k: int | None) -> Floats:
    """``average_precision`` with the divisor ``min(R, k)`` instead of R; without k, both are the same."""
    reachable = ranking.relevant if k is None else np.minimum(ranking.relevant, k)
    return quotient(_precisions(ranking, k), reachable)


def _hits(ranking: Ranking, k: int | None) -> Floats:
    depth = ranking.retrieved if k is None else np.minimum(ranking.retrieved, k)
    return _hits_within(ranking, depth, ranking.threshold)


def _hits_within(ranking: Ranking, depth: Ints, threshold: float) -> Floats:
    return hits_within(ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(threshold), depth)


def _first_relevant(ranking: Ranking, weight: Floats) -> Floats:
    value = first_relevant(
        ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(ranking.threshold), weight
    )
    return defined_where(ranking.relevant > 0, value)


def _precisions(ranking: Ranking, k: int | None) -> Floats:
    return precisions(
        ranking.offsets,
        ranking.above,
        ranking.tied,
        ranking.grade,
        float(ranking.threshold),
        reach(ranking, k),
    )


@kernel
def hits_within(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float, depth: Ints
) -> Floats:
    """(n,) expected number of entries of query i with ``grade >= threshold`` in the top ``depth[i]``.

    Each item of a tied group counts as the share of the group's ranks that are within the depth.
    """
    n = len(offsets) - 1
    hits = np.zeros(n)
    for i in range(n):
        for entry in range(offsets[i], offsets[i + 1]):
            if above[entry] >= depth[i]:
                break
            if grade[entry] >= threshold:
                hits[i] += min(depth[i] - above[entry], tied[entry]) / tied[entry]
    return hits


@kernel
def first_relevant(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float, weight: Floats
) -> Floats:
    """(n,) expected weight of the rank of the first relevant item; rank j has the weight ``weight[j - 1]``.

    The weight is 0 beyond the end of ``weight``, and where there is no relevant entry.
    """
    n = len(offsets) - 1
    value = np.zeros(n)
    for i in range(n):
        for entry in range(offsets[i], offsets[i + 1]):
            if above[entry] >= len(weight):
                break
            if grade[entry] >= threshold:
                stop = group_stop(above, entry, offsets[i + 1])
                relevant = count_relevant(grade, entry, stop, threshold)
                value[i] = first_of_group(weight, above[entry], tied[entry], relevant)
                break
    return value


@kernel
def first_of_group(weight: Floats, above: int, tied: int, relevant: int) -> float:
    """Expected weight of the rank of the first relevant item in a tied group in random order.

    The rank has a negative hypergeometric distribution. ``none`` is the probability that no earlier rank of
    the group holds a relevant item.
    """
    value = 0.0
    none = 1.0
    for j in range(min(tied - relevant + 1, len(weight) - above)):
        value += none * relevant / (tied - j) * weight[above + j]
        none *= (tied - j - relevant) / (tied - j)
    return value


@kernel
def precisions(offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float, depth: int) -> Floats:
    """(n,) expected sum of the precision at each rank up to ``depth`` that holds a relevant item."""
    n = len(offsets) - 1
    total = np.zeros(n)
    for i in range(n):
        hits = 0
        entry = offsets[i]
        while entry < offsets[i + 1] and above[entry] < depth:
            stop = group_stop(above, entry, offsets[i + 1])
            relevant = count_relevant(grade, entry, stop, threshold)
            total[i] += precisions_of_group(above[entry], tied[entry], relevant, hits, depth)
            hits += relevant
            entry = stop
    return total


@kernel
def precisions_of_group(above: int, tied: int, relevant: int, hits: int, depth: int) -> float:
    """Expected sum of the precision at each relevant rank of a tied group in random order.

    A rank of the group holds a relevant item with probability ``relevant / tied``. Given that, each of the j
    earlier ranks of the group holds another with probability ``(relevant - 1) / (tied - 1)`` (McSherry &
    Najork 2008). ``hits`` is the number of relevant items above the group.
    """
    if tied == 1:
        return (hits + 1) / (above + 1) if relevant == 1 else 0.0
    another = (relevant - 1) / max(tied - 1, 1)
    total = 0.0
    for j in range(min(tied, depth - above)):
        total += (hits + 1 + j * another) / (above + j + 1)
    return total * relevant / tied


@kernel
def best_precision(offsets: Ints, above: Ints, grade: Floats, threshold: float, needed: Ints) -> Floats:
    """(n,) largest precision at a rank with a relevant item, from the ``needed[i]``-th one on; no ties."""
    n = len(offsets) - 1
    best = np.zeros(n)
    for i in range(n):
        hits = 0
        for entry in range(offsets[i], offsets[i + 1]):
            if grade[entry] >= threshold:
                hits += 1
                if hits >= needed[i]:
                    best[i] = max(best[i], hits / (above[entry] + 1))
    return best
