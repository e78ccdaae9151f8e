"""NDCG at 10 of scores, as ``evaluate`` computes it: equal scores by descending item id, empty queries 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import argsort_each, kernel
from rankeval.rankers.training.examples import Examples

CUTOFF = 10


@dataclass(frozen=True)
class Validation:
    """Queries whose NDCG at 10 says when training stops.

    Attributes:
        offsets: (q + 1,) int64, the items of each query; within a query, ids descend.
        grades: (n,) float64, grades, or clicks weighted by the inverse of their examination.
        ideal: (q,) float64, the DCG at 10 of the best order.
    """

    offsets: Ints
    grades: Floats
    ideal: Floats

    @classmethod
    def of(cls, examples: Examples, grades: Floats) -> Validation:
        """The validation queries of some examples, with grades (n,) that may differ from theirs."""
        return cls(examples.offsets, grades, _dcg(examples.offsets, grades, grades))

    def ndcg(self, scores: Floats) -> float:
        """Mean of ``DCG@10 / ideal DCG@10`` with linear gain over all queries, 0 for a query without one."""
        found = _dcg(self.offsets, np.asarray(scores, np.float64), self.grades)
        positive = self.ideal > 0.0
        ratio = np.divide(found, self.ideal, out=np.zeros(len(found)), where=positive)
        return float(ratio.mean())


def _dcg(offsets: Ints, scores: Floats, grades: Floats) -> Floats:
    """(q,) float64, the DCG at 10 of the order by ``scores``, which is stable."""
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
