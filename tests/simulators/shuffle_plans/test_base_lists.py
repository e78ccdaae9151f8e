"""The lists of a policy with their shares of the sessions."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce
from rankeval.simulators.shuffle_plans.base_lists import MOST_LISTS, base_lists
from tests.naive_lists import items_at
from tests.simulators.list_policies.worlds import (
    DESCRIPTIONS,
    IDS,
    NOISY,
    POSITIONS,
    QUERIES,
    SIZES,
    naive,
    policy,
)


def shares(lists):
    """(query, items) -> share."""
    found = {}
    for of, row, weight in zip(lists.of.tolist(), lists.lists.tolist(), lists.weights, strict=True):
        key = of, tuple(item for item in row if item >= 0)
        found[key] = found.get(key, 0.0) + weight
    return found


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_few_lists_are_all_there(name):
    found = base_lists(policy(DESCRIPTIONS[name]), QUERIES)
    wanted = {
        (query, shown): QUERIES.weights[query] * p
        for query, of in enumerate(IDS)
        for shown, p in naive(name, of).items()
    }
    assert not found.drawn
    assert shares(found) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", ["noisy", "many"])
def test_other_lists_are_drawn(kind):
    queries, drawn = QUERIES, policy(NOISY)
    if kind == "many":
        queries = Queries(["q"], np.ones(1), np.array([0, 40]), range(40), np.ones(40))
        drawn = PlackettLuce(queries.offsets, POSITIONS, np.arange(40) / 10.0)
    found = base_lists(drawn, queries)
    assert found.drawn
    assert len(found) <= MOST_LISTS
    assert found.weights.sum() == pytest.approx(1.0)
    wanted = drawn.item_probabilities()[: queries.sizes[0]]
    rows = found.of == 0
    lists = {tuple(row): 0.0 for row in found.lists[rows].tolist()}
    for row in found.lists[rows].tolist():
        lists[tuple(row)] += 1.0 / rows.sum()
    shown = items_at(lists, int(queries.sizes[0]), POSITIONS)
    assert np.abs(shown - wanted).max() <= 4.0 * 0.5 / np.sqrt(rows.sum())
    np.testing.assert_array_equal(found.lists, base_lists(drawn, queries).lists)


def test_regardless_of_order():
    found = base_lists(policy(DESCRIPTIONS["plackett_luce"]), QUERIES).regardless_of_order(4)
    assert len(found) == 1 + SIZES[1] + 1
    assert found.weights.sum() == pytest.approx(1.0)
    assert [row[:2] for row in found.lists.tolist() if row[2] < 0] == [[0, 1]]


def test_blocks_are_the_lists():
    n = 12_000
    noisy = NoisyScores(np.array([0, 2]), 2, np.zeros(2), 1.0)
    found = base_lists(noisy, Queries(["q"], np.ones(1), np.array([0, 2]), range(2), np.ones(2)))
    assert len(found) > n
    assert sum(block.weights.sum() for block in found.blocks()) == pytest.approx(1.0)
    assert sum(len(block) for block in found.blocks()) == len(found)
