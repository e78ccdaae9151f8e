"""Rankers without chance."""

from __future__ import annotations

import numpy as np

from rankeval.simulators.list_policies import FixedOrder
from rankeval.simulators.list_policies.fixed import GivenLists

OFFSETS = np.array([0, 4, 6])


def test_items_by_score_and_ties_by_place():
    found = FixedOrder(OFFSETS, 3, np.array([1.0, 2.0, 1.0, 2.0, 0.0, 0.5]))
    assert found.best.tolist() == [[1, 3, 0], [1, 0, -1]]
    assert found.lists(np.random.default_rng(0), np.array([1, 0])).tolist() == [[1, 0, -1], [1, 3, 0]]


def test_prefixes_end_where_lists_differ():
    found = GivenLists(OFFSETS, 3, np.array([[1, 3, 0], [1, 0, -1]], np.int32))
    lists = np.array([[1, 3, 2], [3, 1, 0], [1, 0, -1]], np.int32)
    prefixes = found.prefix_probabilities(np.array([0, 0, 1]), lists)
    assert prefixes.tolist() == [[1, 1, 0], [0, 0, 0], [1, 1, 1]]
    assert found.item_probabilities()[:4].tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 1, 0]]
