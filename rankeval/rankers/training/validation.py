"""The metric that stops a training, as ``evaluate`` computes it: equal scores by descending item id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import argsort_each, kernel

CUTOFF = 10


@dataclass(frozen=True)
class Validation:
    """Queries (or sessions) whose metric at 10 says when training stops.

    For grades the metric is NDCG. For clicks it is DCG of clicks over examination: its expectation is the DCG
    of relevance. The NDCG of a session's clicks is not corrected by examination, because its ideal is divided
    by the same examination.

    Attributes:
        offsets: (q + 1,) int64, the items of each query; within a query, ids descend.
        grades: (n,) float64, at least 0: grades, or clicks weighted by the inverse of their examination.
        scale: (q,) float64, what the DCG of each query is divided by: the DCG of the best order, or 1. It is
            0 for a query without a positive grade, which counts 0.
    """

    offsets: Ints
    grades: Floats
    scale: Floats

    @classmethod
    def of(cls, offsets: Ints, grades: Floats, *, normalised: bool) -> Validation:
        """The metric NDCG if ``normalised``, else DCG."""
        ideal = _dcg(offsets, grades, grades)
        return cls(offsets, grades, ideal if normalised else np.ones(len(ideal)))

    def values(self, scores: Floats) -> Floats:
        """(q,) float64, the metric of each query."""
        found = _dcg(self.offsets, np.asarray(scores, np.float64), self.grades)
        return np.divide(found, self.scale, out=np.zeros(len(found)), where=self.scale > 0.0)

    def mean(self, scores: Floats) -> float:
        """The mean of the metric over all queries."""
        return float(self.values(scores).mean())


def _dcg(offsets: Ints, scores: Floats, grades: Floats) -> Floats:
    """(q,) float64, the DCG at 10, with linear gain, of the order by ``scores``, which is stable."""
    order = np.arange(len(scores))
    argsort_each(offsets, scores, order)
    return _discounted(offsets, order, grades, 1.0 / np.log2(np.arange(2.0, CUTOFF + 2.0)))


@kernel
def _discounted(offsets: Ints, order: Ints, grades: Floats, discounts: Floats) -> Floats:
    total = np.zeros(offsets.size - 1)
    for query in range(total.size):
        start = offsets[query]
        for rank in range(min(offsets[query + 1] - start, discounts.size)):
            total[query] += discounts[rank] * grades[order[start + rank]]
    return total
