"""Exact judged metrics of a list policy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models import Cascade
from rankeval.simulators.exact.truth import examined_at
from rankeval.simulators.list_policies import ListPolicy, Queries

#: Number of positions that the metrics use.
CUT = 10
#: Lowest grade of a relevant item.
RELEVANT = 1.0


def judged_metrics(policy: ListPolicy, queries: Queries) -> dict[str, float | None]:
    """Exact expectation of metrics at 10 of a session's list, as ``rankeval evaluate`` defines them.

    Each metric is a mean over queries by their weights. A query without relevant items counts as 0. ``dcg,
    ndcg, ndcg_exp, precision, recall`` are sums over items and positions of ``P(item at k)`` times a gain and
    a discount. ``mrr`` is the mean of ``1 / k`` for the position k of the first relevant item.

    Returns:
        Name -> value, which is None where it cannot be computed. Empty if the world has no grades.
    """
    if queries.relevance is None:
        return {}
    shown = policy.item_probabilities()
    metrics: dict[str, float | None] = {
        name: None if shown is None else _mean(queries, shown, gains, discounts)
        for name, gains, discounts in _linear(queries, policy.positions)
    }
    return metrics | {f"mrr@{CUT}": _reciprocal_rank(policy, queries)}


def _mean(queries: Queries, shown: Floats, gains: Floats, discounts: Floats) -> float:
    """Mean over queries of the sum over items and positions of probability, gain and discount.

    Args:
        queries: with their weights.
        shown: (items, K) probability that an item is at position k; for ``mrr``, that it is also examined.
        gains: (items,) gain of each item.
        discounts: (K,) discount of each position.
    """
    weights = np.repeat(queries.weights, queries.sizes)
    return float((weights * gains) @ (shown @ discounts))


def _linear(queries: Queries, positions: int) -> Iterator[tuple[str, Floats, Floats]]:
    """For each metric that is linear: its name, (items,) gain of items and (K,) discount of positions."""
    assert queries.relevance is not None
    grades = queries.relevance
    relevant = (grades >= RELEVANT).astype(np.float64)
    inside = (np.arange(positions) < CUT).astype(np.float64)
    discounts = inside / np.log2(np.arange(positions) + 2.0)
    exponential = np.exp2(grades) - 1.0
    yield f"dcg@{CUT}", grades, discounts
    yield f"ndcg@{CUT}", _over(grades, queries, _best(grades, queries)), discounts
    yield f"ndcg_exp@{CUT}", _over(exponential, queries, _best(exponential, queries)), discounts
    yield f"precision@{CUT}", relevant / CUT, inside
    yield f"recall@{CUT}", _over(relevant, queries, np.add.reduceat(relevant, queries.offsets[:-1])), inside


def _best(gains: Floats, queries: Queries) -> Floats:
    """(Q,) the highest discounted gain that any list of each query can have."""
    query = np.repeat(np.arange(len(queries)), queries.sizes)
    best = np.lexsort((-gains, query))
    rank = np.arange(len(query)) - queries.offsets[query]
    discounted = np.where(rank < CUT, gains[best] / np.log2(rank + 2.0), 0.0)
    return np.add.reduceat(discounted, queries.offsets[:-1])


def _over(gains: Floats, queries: Queries, totals: Floats) -> Floats:
    """(items,) gain of each item over the total of its query; 0 where the total is 0."""
    totals = np.repeat(totals, queries.sizes)
    return np.divide(gains, totals, out=np.zeros(len(gains)), where=totals > 0.0)


def _reciprocal_rank(policy: ListPolicy, queries: Queries) -> float | None:
    """Mean of ``1 / k`` for the position k of the first relevant item; None where it cannot be computed.

    In a cascade model whose users click exactly the relevant items, users stop at the first one. So a
    relevant item is examined only if it is the first.
    """
    assert queries.relevance is not None
    relevant = (queries.relevance >= RELEVANT).astype(np.float64)
    as_liked = Queries(queries.ids, queries.weights, queries.offsets, queries.item_ids, relevant)
    examined = examined_at(policy, Cascade(), as_liked)
    if examined is None:
        return None
    places = np.arange(1, policy.positions + 1)
    return _mean(queries, examined, relevant, np.where(places <= CUT, 1.0 / places, 0.0))
