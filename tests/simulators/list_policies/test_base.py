"""What all policies over lists do: exact probabilities against enumeration, and lists that follow them."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.fixed import FixedOrder
from tests.naive_lists import items_at, prefixes
from tests.simulators.list_policies.worlds import (
    DESCRIPTIONS,
    IDS,
    NOISY,
    OFFSETS,
    POSITIONS,
    SIZES,
    four_errors,
    naive,
    policy,
    rows_of,
)

EVERY = {**DESCRIPTIONS, "noisy": NOISY}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_items_at_positions_against_enumeration(name):
    wanted = [items_at(naive(name, q), size, POSITIONS) for q, size in zip(IDS, SIZES, strict=True)]
    np.testing.assert_allclose(
        policy(DESCRIPTIONS[name]).item_probabilities(), np.concatenate(wanted), atol=1e-13
    )


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_prefixes_and_lists_against_enumeration(name):
    lists = {query: naive(name, query) for query in IDS}
    queries, rows, p = rows_of(lists)
    found = policy(DESCRIPTIONS[name])
    wanted = [
        prefixes(lists[IDS[q]], tuple(item for item in row if item >= 0), POSITIONS)
        for q, row in zip(queries, rows.tolist(), strict=True)
    ]
    np.testing.assert_allclose(found.prefix_probabilities(queries, rows), wanted, atol=1e-14)
    np.testing.assert_allclose(found.list_probabilities(queries, rows), p, atol=1e-14)


@pytest.mark.parametrize("name", EVERY)
def test_positions_are_filled_and_items_shown_at_most_once(name):
    p = policy(EVERY[name]).item_probabilities()
    per_query = np.add.reduceat(p, OFFSETS[:-1], axis=0)
    wanted = np.arange(POSITIONS) < np.array(SIZES)[:, np.newaxis]
    np.testing.assert_allclose(per_query, wanted, atol=1e-12)
    assert (p.sum(axis=1) <= 1.0 + 1e-12).all()


@pytest.mark.parametrize("name", EVERY)
def test_lists_follow_the_probabilities(name):
    n, found = 40_000, policy(EVERY[name])
    for query, size in enumerate(SIZES):
        lists = found.lists(np.random.default_rng(3), np.full(n, query))
        shown = np.array([[np.mean(lists[:, k] == item) for k in range(POSITIONS)] for item in range(size)])
        wanted = found.item_probabilities()[OFFSETS[query] : OFFSETS[query + 1]]
        assert (np.abs(shown - wanted) <= four_errors(np.clip(wanted, 0.0, 1.0), n)).all()
        assert (lists[:, size:] == -1).all()


@pytest.mark.parametrize("name", EVERY)
def test_lists_depend_on_the_generator_alone(name):
    queries = np.array([0, 1, 2, 1] * 10)
    first, second = (policy(EVERY[name]).lists(np.random.default_rng(8), queries) for _ in range(2))
    assert first.dtype == np.int32
    np.testing.assert_array_equal(first, second)


def test_a_policy_is_its_only_part():
    found = policy(DESCRIPTIONS["fixed"])
    ((share, part),) = found.parts
    assert part is found
    assert share.tolist() == [1.0, 1.0, 1.0]
    assert found.lists_with_ranker(np.random.default_rng(0), np.array([0]))[1] is None


def test_a_list_without_prefixes_has_no_probability():
    lists = FixedOrder(OFFSETS, POSITIONS, np.zeros(sum(SIZES))).best
    assert policy(NOISY).list_probabilities(np.arange(3), lists) is None
    assert isinstance(policy(NOISY), ListPolicy)
