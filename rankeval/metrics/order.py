"""Metrics of the order of the retrieved items: bpref, mean rank, area under the ROC curve.

Every metric function takes a :class:`Ranking` of n queries and returns (n,) float64. An item is relevant if
its grade is at least ``ranking.threshold``. For tied items a value is the exact expectation over their
orders.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import count_relevant, group_stop
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import quotient


def bpref(ranking: Ranking) -> Floats:
    """bpref, in [0, 1]: ``1/R sum over retrieved relevant items of 1 - min(b, R) / min(R, N)``, as trec_eval.

    R and N are the numbers of judged relevant and judged non-relevant items of the query, retrieved or not. b
    is the number of judged non-relevant items retrieved above the relevant item; a term with b = 0 is 1.
    Unjudged items do not count. The ranking must hold its entries of grade 0. NaN for a query without a
    relevant item, 0 for an empty list (Buckley & Voorhees 2004).
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
    """Mean rank of the retrieved relevant items, at least 1; lower is better.

    NaN for a query whose list holds no relevant item, so also for an empty list.
    """
    return mean_rank(ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(ranking.threshold))


def auc(ranking: Ranking) -> Floats:
    """Area under the ROC curve, in [0, 1]: the share of (relevant, other) pairs in the right order.

    The pairs are of retrieved items; a tied pair counts one half. Unjudged items count as not relevant. NaN
    for a query whose list holds no relevant item or no other item (Hanley & McNeil 1982).
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
    """(n,) expected sum over retrieved relevant items of ``1 - min(b, most) / most``, b as in :func:`bpref`.

    b is the number of judged non-relevant items in the groups above, plus a number from the item's own
    group. That number is uniform between 0 and all judged non-relevant items of the group.
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
    """Mean of ``1 - min(b, most) / most``, or 1 where b is 0, over b from ``passed`` to ``passed + tied``."""
    total = 0.0
    for b in range(passed, passed + tied + 1):
        total += 1.0 if b == 0 else 1.0 - min(b, most) / most
    return total / (tied + 1)


@kernel
def mean_rank(offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float) -> Floats:
    """(n,) mean of the expected ranks of the relevant entries, NaN where there are none."""
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
    """(n,) expected share of (relevant, other) pairs in the right order, NaN where there are no pairs."""
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
