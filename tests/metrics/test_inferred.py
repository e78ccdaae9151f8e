"""Inferred average precision: hand-worked values, and pools against every order."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rankeval.metrics.catalogue import parse
from tests.naive_metrics import naive, over_orders
from tests.naive_ranking import Query, query_of, ranking_of

E = 1e-5
INF_AP = parse("inf_ap")


def value_of(query, ties="trec", threshold=1.0):
    return INF_AP.values(ranking_of([query], ties, threshold, lowest=-np.inf))[0]


def test_by_hand():
    """Ranks: of the pool, not relevant, relevant, not of the pool, relevant; R is 3."""
    query = query_of([-1, 0, 1, None, 1], [2, -1])
    third = 1 / 3 + 2 / 3 * (0 + E) / (0 + 1 + 2 * E)
    fifth = 1 / 5 + 3 / 5 * (1 + E) / (1 + 1 + 2 * E)
    assert value_of(query) == pytest.approx((third + fifth) / 3, rel=1e-14)


def test_where_all_is_judged_it_is_nearly_average_precision():
    query = query_of([1, 0, 1, 1, 0, 0, 1], [1])
    assert value_of(query) == pytest.approx(
        naive(parse("map"), [1, 0, 1, 1, 0, 0, 1], query.judged()), abs=2e-5
    )


def test_an_unjudged_item_of_the_pool_counts_as_the_judged_ones_do():
    """At rank 3 both items above are of the pool, and the one that is judged is relevant."""
    found = (1 + 1 / 3 + 2 / 3 * (1 + E) / (1 + 2 * E)) / 2
    assert value_of(query_of([1, -1, 1])) == pytest.approx(found, rel=1e-14)
    assert value_of(query_of([1, None, 1])) < value_of(query_of([1, -1, 1]))


def pools(seed, count, longest):
    rng = random.Random(seed)
    for _ in range(count):
        items = [
            (float(rng.randrange(3)), rng.choice([None, -1, -1, 0, 0, 1, 2, 0.5]), j)
            for j in range(rng.randrange(longest + 1))
        ]
        yield Query(items, [rng.choice([-1, 0, 1, 2]) for _ in range(rng.randrange(4))])


@pytest.mark.parametrize("threshold", [1.0, 2.0, 0.5])
def test_expected_is_the_mean_over_every_order(threshold):
    batch = list(pools(1, 150, 6))
    wanted = [over_orders(INF_AP, query, threshold)[0] for query in batch]
    got = INF_AP.values(ranking_of(batch, "expected", threshold, lowest=-np.inf))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-15)


def test_a_list_without_ties_has_the_same_value_under_every_rule():
    batch = [
        query_of([grade for _, grade, _ in query.items], query.unretrieved) for query in pools(2, 60, 12)
    ]
    rankings = (ranking_of(batch, ties, lowest=-np.inf) for ties in ("trec", "expected"))
    found, expected = (INF_AP.values(ranking) for ranking in rankings)
    np.testing.assert_array_equal(found, expected)


def test_no_order_of_ties_is_surely_best():
    """Far down, a relevant item is worth more below an unjudged item of the pool than above it."""
    far = [None] * 8
    assert value_of(query_of([*far, -1, 1])) > value_of(query_of([*far, 1, -1]))
