"""Rankers of which chance takes one for each list."""

from __future__ import annotations

import numpy as np

from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.mixture import PolicyMixture
from rankeval.simulators.list_policies.random_utility import NoisyScores, Uniform
from tests.simulators.list_policies.worlds import four_errors

OFFSETS = np.array([0, 3])
UP, DOWN = (FixedOrder(OFFSETS, 3, np.array(scores)) for scores in ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]))


def test_the_ranker_of_each_list():
    n = 20_000
    mixture = PolicyMixture(OFFSETS, 3, (UP, DOWN), (0.3, 0.7))
    lists, ranker = mixture.lists_with_ranker(np.random.default_rng(2), np.zeros(n, np.int64))
    assert abs(np.mean(ranker == 0) - 0.3) <= four_errors(np.array(0.3), n)
    assert (lists == np.where((ranker == 0)[:, np.newaxis], [2, 1, 0], [0, 1, 2])).all()


def test_parts_are_those_of_the_policies():
    inner = PolicyMixture(OFFSETS, 3, (UP, Uniform(OFFSETS, 3)), (0.5, 0.5))
    outer = PolicyMixture(OFFSETS, 3, (inner, DOWN, UP), (0.4, 0.6, 0.0))
    assert [(share.tolist(), part) for share, part in outer.parts] == [
        ([0.2], UP),
        ([0.2], inner.policies[1]),
        ([0.6], DOWN),
    ]


def test_a_policy_without_probabilities_of_lists_leaves_none():
    noisy = NoisyScores(OFFSETS, 3, np.zeros(3), 1.0)
    queries, lists = np.zeros(1, np.int64), np.array([[0, 1, 2]], np.int32)
    mixture = PolicyMixture(OFFSETS, 3, (DOWN, noisy), (0.5, 0.5))
    assert mixture.prefix_probabilities(queries, lists) is None
    assert mixture.list_probabilities(queries, lists) is None
    np.testing.assert_allclose(mixture.item_probabilities(), 0.5 * np.eye(3) + 0.5 / 3.0, atol=1e-13)
    never = PolicyMixture(OFFSETS, 3, (DOWN, noisy), (1.0, 0.0))
    assert never.list_probabilities(queries, lists).tolist() == [1.0]
