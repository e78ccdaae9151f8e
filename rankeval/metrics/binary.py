"""Metrics that ask only which ranks hold relevant items: precision and its kin, MAP, MRR.

Each takes a :class:`Ranking` of n queries and gives (n,) float64. An item is relevant when its grade
reaches the threshold. NaN for a query without a relevant item, retrieved or not, except ``judged``.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import count_relevant, group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import defined_where, quotient, reach


def precision(ranking: Ranking, k: int | None) -> Floats:
    """Relevant items in the top k, over k also where the list is shorter; without k over its length."""
    places = np.maximum(ranking.retrieved, 1) if k is None else k
    return defined_where(ranking.relevant > 0, _hits(ranking, k) / places)


def recall(ranking: Ranking, k: int | None) -> Floats:
    """Relevant items in the top k, over all relevant items of the query."""
    return quotient(_hits(ranking, k), ranking.relevant)


def f1(ranking: Ranking, k: int | None) -> Floats:
    """Harmonic mean of ``precision`` and ``recall``: ``2 hits / (k + relevant)``, so linear in the hits."""
    places = ranking.retrieved if k is None else k
    harmonic = 2.0 * _hits(ranking, k) / np.maximum(places + ranking.relevant, 1)
    return defined_where(ranking.relevant > 0, harmonic)


def r_precision(ranking: Ranking) -> Floats:
    """Precision at rank R, the number of relevant items of the query."""
    return quotient(_hits_within(ranking, ranking.relevant, ranking.threshold), ranking.relevant)


def judged(ranking: Ranking, k: int | None) -> Floats:
    """Share of the top k (of the whole list where it is shorter) that has a judgement, 0 if empty.

    Needs the entries of grade 0; defined for queries without relevant items too.
    """
    top = ranking.retrieved if k is None else np.minimum(ranking.retrieved, k)
    return _hits_within(ranking, top, 0.0) / np.maximum(top, 1)


def hit(ranking: Ranking, k: int | None) -> Floats:
    """1 if any of the top k is relevant, else 0 (trec_eval's success)."""
    chance = _first_relevant(ranking, np.ones(reach(ranking, k)))
    return np.minimum(chance, 1.0)  # a sum over tied ranks may round to just above 1


def reciprocal_rank(ranking: Ranking, k: int | None) -> Floats:
    """1 / rank of the first relevant item, 0 if there is none within k (Voorhees 1999)."""
    return _first_relevant(ranking, 1.0 / np.arange(1.0, reach(ranking, k) + 1.0))


def average_precision(ranking: Ranking, k: int | None) -> Floats:
    """Mean of the precision at each relevant rank within k, over all relevant items of the query."""
    return quotient(_precisions(ranking, k), ranking.relevant)


def average_precision_min(ranking: Ranking, k: int | None) -> Floats:
    """``average_precision`` over min(R, k) in place of R; without k the same."""
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
    """(n,) expected numbers of entries with ``grade >= threshold`` in the top ``depth[i]``.

    An item of a tied group counts by the share of the group's ranks that lie within.
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
    """(n,) expected weights of the rank of the first relevant item; ``weight[j]`` is that of rank j + 1."""
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
    """Expected weight of the first relevant rank of a tied group in random order.

    The rank is negative hypergeometric: ``none`` is the chance that no relevant item came before.
    """
    value = 0.0
    none = 1.0
    for j in range(min(tied - relevant + 1, len(weight) - above)):
        value += none * relevant / (tied - j) * weight[above + j]
        none *= (tied - j - relevant) / (tied - j)
    return value


@kernel
def precisions(offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float, depth: int) -> Floats:
    """(n,) sums, over the relevant ranks up to ``depth``, of the expected precision at each."""
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
    """Expected sum of precisions at the relevant ranks of a tied group in random order.

    A rank holds a relevant item with chance ``relevant / tied``; each of the group's j ranks before it
    then holds another with chance ``(relevant - 1) / (tied - 1)`` (McSherry & Najork 2008).
    """
    if tied == 1:
        return (hits + 1) / (above + 1) if relevant == 1 else 0.0
    another = (relevant - 1) / max(tied - 1, 1)
    total = 0.0
    for j in range(min(tied, depth - above)):
        total += (hits + 1 + j * another) / (above + j + 1)
    return total * relevant / tied
