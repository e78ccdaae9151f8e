"""The integral for where items with independent random utilities land."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.simulators.list_policies.quadrature import GUMBEL, NORMAL, places
from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce
from tests.naive_lists import items_at, plackett_luce
from tests.readers.helpers import SHARED, examples, needs_shared


def landing(noise, scores, positions, factors=None):
    scores = np.array(scores, np.float64)
    factors = np.ones(len(scores)) if factors is None else np.array(factors, np.float64)
    return places(noise, scores, np.array([0, len(scores)]), factors, positions)


@needs_shared
@pytest.mark.parametrize("policy", ["logging", "target"])
def test_reference(policy):
    wanted = json.loads((SHARED / "reference/click/exact.json").read_text())["stochastic_ope"]
    found = PlackettLuce(np.array([0, 5]), 3, np.array(wanted[f"{policy}_scores"]))
    np.testing.assert_allclose(
        found.item_probabilities(), wanted[f"item_position_{policy}"], rtol=0, atol=1e-12
    )


@examples
@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    st.sampled_from([0.05, 0.3, 1.0, 10.0]),
    st.integers(1, 6),
)
def test_plackett_luce_against_enumeration(scores, temperature, positions):
    spread = [score - max(scores) for score in scores]
    wanted = items_at(plackett_luce(spread, temperature, positions), len(scores), positions)
    found = landing(GUMBEL, np.array(scores) / temperature, positions)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


def test_two_items_by_hand():
    odds = math.exp(1.5) / (math.exp(1.5) + 1.0)
    np.testing.assert_allclose(
        landing(GUMBEL, [1.5, 0.0], 2), [[odds, 1 - odds], [1 - odds, odds]], atol=1e-13
    )
    # The difference of two standard normal variables has variance 2.
    first = 0.5 * math.erfc(-1.5 / 2.0)
    found = landing(NORMAL, [1.5, 0.0], 2)
    np.testing.assert_allclose(found, [[first, 1 - first], [1 - first, first]], atol=1e-13)


def test_factors_are_of_the_items_above():
    odds = math.exp(1.5) / (math.exp(1.5) + 1.0)
    found = landing(GUMBEL, [1.5, 0.0], 2, [0.3, 0.9])
    np.testing.assert_allclose(found, [[odds, 0.9 * (1 - odds)], [1 - odds, 0.3 * odds]], atol=1e-13)


@pytest.mark.parametrize("noise", [GUMBEL, NORMAL])
@pytest.mark.parametrize("temperature", [0.05, 1.0, 10.0])
def test_many_items_fill_every_position(noise, temperature):
    scores = np.random.default_rng(1).normal(size=200) / temperature
    found = landing(noise, scores, 10)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, rtol=0, atol=1e-10)
    best = np.argsort(-scores)
    assert (np.diff(found[best, 0]) <= 1e-12).all()
    if noise == GUMBEL:
        odds = np.exp(scores - scores.max())
        np.testing.assert_allclose(found[:, 0], odds / odds.sum(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("noise", [GUMBEL, NORMAL])
def test_equal_items_share_all_positions(noise):
    np.testing.assert_allclose(landing(noise, np.zeros(120), 120), 1.0 / 120.0, rtol=0, atol=1e-10)


@pytest.mark.parametrize("noise", [GUMBEL, NORMAL])
def test_scores_far_apart_leave_nothing_to_chance(noise):
    scores = np.array([0.0, 3e8, -2e5, 1e4])
    found = landing(noise, scores, 4)
    np.testing.assert_allclose(found[[1, 3, 0, 2]], np.eye(4), rtol=0, atol=1e-7)


def test_noisy_scores_against_a_fine_sum():
    scores, sd = np.array([0.3, 0.0, -0.4, 0.1]), 0.5
    grid = np.linspace(-9.0, 9.0, 20_001)
    wanted = np.zeros((4, 4))
    for item in range(4):
        density = np.exp(-0.5 * (grid - scores[item] / sd) ** 2) / math.sqrt(2 * math.pi)
        ahead = np.zeros((len(grid), 4))
        ahead[:, 0] = 1.0
        for other in set(range(4)) - {item}:
            above = np.array([0.5 * math.erfc((x - scores[other] / sd) / math.sqrt(2.0)) for x in grid])
            shifted = np.concatenate([np.zeros((len(grid), 1)), ahead[:, :-1]], axis=1)
            ahead = ahead * (1.0 - above)[:, np.newaxis] + shifted * above[:, np.newaxis]
        wanted[item] = (density[:, np.newaxis] * ahead).sum(axis=0) * (grid[1] - grid[0])
    found = NoisyScores(np.array([0, 4]), 4, scores, sd).item_probabilities()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-11)
