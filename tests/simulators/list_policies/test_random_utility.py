"""Plackett-Luce, noisy and uniform rankers."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce, Uniform

OFFSETS = np.array([0, 3])


def test_a_list_by_hand():
    found = PlackettLuce(OFFSETS, 2, np.log([2.0, 1.0, 3.0]))
    prefixes = found.prefix_probabilities(np.array([0]), np.array([[2, 1]], np.int32))
    np.testing.assert_allclose(prefixes, [[3.0 / 6.0, 3.0 / 6.0 * 1.0 / 3.0]], rtol=1e-15)


def test_prefixes_keep_their_precision_beside_a_dominant_item():
    found = PlackettLuce(OFFSETS, 3, np.array([0.0, -60.0, -61.0]))
    prefixes = found.prefix_probabilities(np.array([0]), np.array([[0, 1, 2]], np.int32))
    np.testing.assert_allclose(prefixes, [[1.0, 1.0 / (1.0 + np.exp(-1.0)), 1.0 / (1.0 + np.exp(-1.0))]])


def test_scores_beyond_the_exponential_have_prefixes():
    found = PlackettLuce(OFFSETS, 3, np.array([1.0, 0.0, -1.0]), temperature=1e-4)
    lists = np.array([[0, 1, 2], [1, 0, 2]], np.int32)
    prefixes = found.prefix_probabilities(np.zeros(2, np.int64), lists)
    assert prefixes.tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]


def test_temperature_scales_the_scores():
    scores = np.array([0.4, -0.3, 0.1])
    cold = PlackettLuce(OFFSETS, 3, scores, temperature=0.25).item_probabilities()
    np.testing.assert_array_equal(cold, PlackettLuce(OFFSETS, 3, 4.0 * scores).item_probabilities())


def test_noise_scales_the_scores():
    scores = np.array([0.4, -0.3, 0.1])
    found = NoisyScores(OFFSETS, 3, scores, 0.5).item_probabilities()
    np.testing.assert_array_equal(found, NoisyScores(OFFSETS, 3, 2.0 * scores, 1.0).item_probabilities())


def test_uniform_is_plackett_luce_of_equal_scores():
    uniform, equal = Uniform(OFFSETS, 2), PlackettLuce(OFFSETS, 2, np.full(3, 7.0))
    np.testing.assert_allclose(uniform.item_probabilities(), equal.item_probabilities(), atol=1e-14)
    queries = np.zeros(50, np.int64)
    lists = [policy.lists(np.random.default_rng(1), queries) for policy in (uniform, equal)]
    np.testing.assert_array_equal(*lists)


def test_examination_ends_at_items_that_satisfy():
    found = PlackettLuce(OFFSETS, 3, np.zeros(3)).examined_at(np.array([0.0, 1.0, 1.0]))
    np.testing.assert_allclose(found[0], [1 / 3, 1 / 3, 1 / 3], atol=1e-13)
    np.testing.assert_allclose(found[1], [1 / 3, 1 / 6, 0.0], atol=1e-13)


@pytest.mark.parametrize("kind", [PlackettLuce, NoisyScores])
def test_scores_far_apart_or_alike_keep_their_noise(kind: type[PlackettLuce | NoisyScores]):
    found = kind(OFFSETS, 3, np.array([1e30, 1e30, -1e30]), 1.0)
    wanted = [[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    np.testing.assert_allclose(found.item_probabilities(), wanted, atol=1e-12)
    lists = found.lists(np.random.default_rng(1), np.zeros(1000, np.int64))
    assert abs((lists[:, 0] == 0).mean() - 0.5) <= 4 * (0.25 / 1000) ** 0.5
    assert (lists[:, 2] == 2).all()
