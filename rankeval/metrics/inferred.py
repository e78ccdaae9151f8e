"""Inferred average precision, from a pool of items of which only a sample is judged."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import count_relevant, group_stop, place_chances
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import quotient

#: Keeps the share of relevant items above rank j defined where none is judged, as in trec_eval.
_SMOOTHING = 1e-5


def inf_ap(ranking: Ranking) -> Floats:
    """Inferred average precision, in [0, 1]: ``1/R sum of the precision at each retrieved relevant item``.

    The precision at rank j is ``1/j + p/j (r + e) / (r + n + 2e)``, with the numbers of items above: p of the
    pool, judged or not, of which r are relevant and n are not, and ``e = 0.00001``. Items of the pool that
    are not judged have a negative grade; the ranking must hold them and the items of grade 0. R is the number
    of judged relevant items of the query. Assumption: the judged items are a uniform sample of the pool. NaN
    where R is 0, else 0 for an empty list (Yilmaz & Aslam 2006; smoothing as trec_eval).
    """
    total = inferred_precisions(
        ranking.offsets, ranking.above, ranking.tied, ranking.grade, float(ranking.threshold)
    )
    return quotient(total, ranking.relevant)


@kernel
def inferred_precisions(offsets: Ints, above: Ints, tied: Ints, grade: Floats, threshold: float) -> Floats:
    """(n,) expected sum of the inferred precision at the rank of each relevant item."""
    n = len(offsets) - 1
    total = np.zeros(n)
    for i in range(n):
        relevant, other, unjudged = 0, 0, 0  # in the groups above
        entry = offsets[i]
        while entry < offsets[i + 1]:
            stop = group_stop(above, entry, offsets[i + 1])
            found = count_relevant(grade, entry, stop, threshold)
            judged = count_relevant(grade, entry, stop, 0.0)
            pooled = stop - entry
            if found > 0:
                before = np.array([above[entry], relevant, other, unjudged])
                within = np.array([tied[entry], found, judged, pooled])
                total[i] += inferred_of_group(before, within)
            relevant += found
            other += judged - found
            unjudged += pooled - judged
            entry = stop
    return total


@kernel
def inferred_of_group(before: Ints, within: Ints) -> float:
    """Expected sum of the inferred precision at the relevant ranks of a tied group in random order.

    ``before`` has the numbers of retrieved, relevant, other judged and unjudged pooled items above the group,
    ``within`` those of all, relevant, judged and pooled items of the group. A relevant item is the m-th
    judged one with the same probability for each m. The numerator of the share and the number of unjudged
    items above are linear in what remains random, given m and the rank.
    """
    above, relevant, other, unjudged = before
    tied, found, judged, pooled = within
    another = (found - 1) / max(judged - 1, 1)
    unjudged_share = (pooled - judged) / max(tied - judged, 1)
    total = 0.0
    for m in range(judged):
        share = (relevant + m * another + _SMOOTHING) / (relevant + other + m + 2.0 * _SMOOTHING)
        chances = place_chances(m, judged, tied)
        for s in range(len(chances)):
            pool = relevant + other + m + unjudged + s * unjudged_share
            total += chances[s] * (1.0 + pool * share) / (above + m + s + 1)
    mean: float = total * found / judged
    return mean
