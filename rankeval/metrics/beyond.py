"""Metrics beyond accuracy of each list: how different and how little known its top items are.

Every metric function takes :class:`ShownLists` of n queries and returns (n,) float64. All items count, judged
or not. For tied items a value is the exact expectation over their orders: which items of the one tied group
that crosses rank k are in the top k is a simple random sample.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.shown_lists import ShownLists


def ild(shown: ShownLists, k: int) -> Floats:
    """Intra-list diversity: the mean distance of two items of the top k; 0 where there are fewer than two.

    With embeddings the distance is ``1 - cosine``, in [0, 2], and 1 beside an embedding of zeros. Else it is
    1 for items of different categories and 0 for items of one (Ziegler et al. 2005; Smyth & McClave 2001).
    """
    if shown.vector is not None and shown.vectors is not None:
        return mean_distance(shown.offsets, shown.above, shown.tied, shown.vector, shown.vectors, k)
    if shown.category is None:
        raise ValueError("the lists have neither embeddings nor categories")
    none = np.zeros((0, 0))
    return mean_distance(shown.offsets, shown.above, shown.tied, shown.category, none, k)


def novelty(shown: ShownLists, k: int) -> Floats:
    """Mean of ``-log2 popularity`` over the top k, at least 0; 0 for an empty list.

    Popularity is the share of users who know the item, in (0, 1] (Zhou et al. 2010, self-information).
    """
    if shown.popularity is None:
        raise ValueError("the lists have no popularity")
    return mean_in_top(shown.offsets, shown.above, shown.tied, -np.log2(shown.popularity), k)


@kernel
def chance_in_top(above: int, tied: int, k: int) -> float:
    """The probability that an item of a tied group is in the top k."""
    return min(max(k - above, 0), tied) / tied


@kernel
def mean_in_top(offsets: Ints, above: Ints, tied: Ints, value: Floats, k: int) -> Floats:
    """(n,) expected mean of ``value`` over the top k of each list."""
    n = len(offsets) - 1
    mean = np.zeros(n)
    for i in range(n):
        total, places = 0.0, 0.0
        for item in range(offsets[i], offsets[i + 1]):
            chance = chance_in_top(above[item], tied[item], k)
            total += chance * value[item]
            places += chance
        mean[i] = total / places if places > 0.0 else 0.0
    return mean


@kernel
def mean_distance(offsets: Ints, above: Ints, tied: Ints, code: Ints, vectors: Floats, k: int) -> Floats:
    """(n,) expected mean distance of two items of the top k; of their codes if there are no ``vectors``.

    Of a tied group of t items, of which m are in the top k, a pair is there with probability
    ``m (m - 1) / (t (t - 1))``.
    """
    n = len(offsets) - 1
    mean = np.zeros(n)
    for i in range(n):
        total, pairs = 0.0, 0.0
        for a in range(offsets[i], offsets[i + 1]):
            for b in range(offsets[i], a):
                chance = chance_in_top(above[a], tied[a], k)
                if above[a] != above[b]:
                    chance *= chance_in_top(above[b], tied[b], k)
                elif tied[a] > 1:
                    chance *= max(min(k - above[a], tied[a]) - 1, 0) / (tied[a] - 1)
                if chance > 0.0:
                    total += chance * distance(code[a], code[b], vectors)
                    pairs += chance
        mean[i] = total / pairs if pairs > 0.0 else 0.0
    return mean


@kernel
def distance(a: int, b: int, vectors: Floats) -> float:
    """1 less the product of two vectors; without vectors, whether the codes differ."""
    if len(vectors) == 0:
        return 1.0 if a != b else 0.0
    product = 0.0
    for j in range(vectors.shape[1]):
        product += vectors[a, j] * vectors[b, j]
    return min(max(1.0 - product, 0.0), 2.0)
