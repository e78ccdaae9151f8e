"""Metrics of the order among retrieved items: bpref, mean rank of the relevant ones, area under ROC.

Each takes a :class:`Ranking` of n queries and gives (n,) float64, NaN where a query has nothing to order.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import count_relevant, group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import quotient


def bpref(ranking: Ranking) -> Floats:
    """``1/R sum over retrieved relevant of 1 - min(b, R) / min(R, N)``, as trec_eval.

    R and N count the query's judged relevant and non-relevant items, b the judged non-relevant items
    retrieved above; the term is 1 where b is 0 (Buckley & Voorhees 2004). Unjudged items do not count.
    Needs the entries of grade 0. NaN for a query without a relevant item.
    """
    preferred = preferences(
        ranking.offsets,
        ranking.above,
        ranking.grade,
        float(ranking.threshold),
        np.minimum(ranking.relevant, ranking.nonrelevant),
    )
    return quotient(preferred, ranking.relevant)


def arp(ranking: Ranking) -> Floats:
    """Mean rank of the relevant items that were retrieved; lower is better.

    NaN for a query of whose relevant items none was retrieved.
    """
    return mean_rank(ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(ranking.threshold))


def auc(ranking: Ranking) -> Floats:
    """Share of (relevant, other) pairs of retrieved items in the right order, ties counting one half.

    Items that are unjudged count as not relevant (Hanley & McNeil 1982). NaN for a query whose list
    lacks one of the two kinds.
    """
    return pair_share(
        ranking.offsets,
        ranking.above,
        ranking.tied,
        ranking.grade,
        float(ranking.threshold),
        ranking.retrieved,
    )


@kernel
def preferences(offsets: Ints, above: Ints, grade: Floats, threshold: float, most: Ints) -> Floats:
    """(n,) sums over retrieved relevant items of ``1 - min(b, most) / most``, b as in :func:`bpref`.

    b counts the judged non-relevant items of the groups above, and of its own group any number from
    none to all, each as likely.
    """
    n = len(offsets) - 1
    total = np.zeros(n)
    for i in range(n):
        passed = 0
        entry = offsets[i]
        while entry < offsets[i + 1]:
            stop = group_stop(above, entry, offsets[i + 1])
            relevant = count_relevant(grade, entry, stop, threshold)
            tied = stop - entry - relevant
            if relevant > 0:
                total[i] += relevant * mean_preference(passed, tied, most[i])
            passed += tied
            entry = stop
    return total


@kernel
def mean_preference(passed: int, tied: int, most: int) -> float:
    """Mean of ``1 - min(b, most) / most`` over b from ``passed`` to ``passed + tied``; 1 at b = 0."""
    total = 0.0
    for b in range(passed, passed + tied + 1):
        total += 1.0 if b == 0 else 1.0 - min(b, most) / most
    return total / (tied + 1)


@kernel
def mean_rank(offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float) -> Floats:
    """(n,) means of the expected rank of the relevant entries, NaN where there are none."""
    n = len(offsets) - 1
    mean = np.empty(n)
    for i in range(n):
        ranks = 0.0
        relevant = 0
        for entry in range(offsets[i], offsets[i + 1]):
            if grade[entry] >= threshold:
                ranks += above[entry] + 0.5 * (tied[entry] + 1)
                relevant += 1
        mean[i] = ranks / relevant if relevant > 0 else np.nan
    return mean


@kernel
def pair_share(
    offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float, retrieved: Ints
) -> Floats:
    """(n,) shares of (relevant, other) pairs in the right order, NaN where there are no pairs."""
    n = len(offsets) - 1
    share = np.empty(n)
    for i in range(n):
        wrong = 0.0
        found = 0
        entry = offsets[i]
        while entry < offsets[i + 1]:
            stop = group_stop(above, entry, offsets[i + 1])
            relevant = count_relevant(grade, entry, stop, threshold)
            wrong += relevant * (above[entry] - found + 0.5 * (tied[entry] - relevant))
            found += relevant
            entry = stop
        pairs = found * (retrieved[i] - found)
        share[i] = (pairs - wrong) / pairs if pairs > 0 else np.nan
    return share
