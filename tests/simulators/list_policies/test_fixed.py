"""Rankers without chance."""

from __future__ import annotations

import numpy as np

from rankeval.simulators.list_policies.catalogue import parse_list_policy
from rankeval.simulators.list_policies.fixed import FixedOrder, GivenLists
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.writer import random_stream

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


def test_equal_scores_of_a_world_go_by_descending_id() -> None:
    """As rankings are judged, and as candidates re-rank logs."""
    ids = ["b", "a", "é", "z", "B", "a"]
    offsets = np.array([0, 4, 6])
    queries = Queries(["p", "q"], np.array([0.5, 0.5]), offsets, ids, np.full(6, 0.5))
    description = {"policy": "fixed", "scores": {"p": [1, 1, 1, 1], "q": [0, 0]}}
    found = parse_list_policy(description, queries, 4)
    np.testing.assert_array_equal(
        found.lists(random_stream(0), np.array([0, 1])), [[2, 3, 0, 1], [1, 0, -1, -1]]
    )
    numbers = Queries([1], np.ones(1), np.array([0, 3]), [9, 10, 2], np.full(3, 0.5))
    found = parse_list_policy({"policy": "fixed", "scores": {"1": [0, 0, 0]}}, numbers, 3)
    np.testing.assert_array_equal(found.lists(random_stream(0), np.array([0])), [[1, 0, 2]])
