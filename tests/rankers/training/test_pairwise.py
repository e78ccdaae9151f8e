from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rankeval.rankers.training.pairwise import SMALLEST, PairwiseLambdas

Floats = NDArray[np.float64]


def naive_loss(weights: list[float], scores: list[float], ranks: list[int]) -> float:
    """The loss of one session, for fixed ranks from 1."""
    total = 0.0
    for i, weight in enumerate(weights):
        for j in range(len(scores)):
            size = abs(1 / math.log2(1 + ranks[i]) - 1 / math.log2(1 + ranks[j]))
            total += weight * size * math.log1p(math.exp(scores[j] - scores[i]))
    return total


def ranks_of(scores: list[float]) -> list[int]:
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return [order.index(i) + 1 for i in range(len(scores))]


def test_gradient_by_hand() -> None:
    """Two items, the second clicked with weight 3 and ranked below: its size is 1 - 1 / log2(3)."""
    objective = PairwiseLambdas(np.array([0, 2]), np.array([0.0, 3.0]))
    first, second = objective.gradient(np.array([1.0, 0.0]))
    wrong = 1 / (1 + math.exp(-1.0))
    size = 3 * (1 - 1 / math.log2(3))
    assert first == pytest.approx([size * wrong, -size * wrong], rel=1e-12)
    assert second == pytest.approx([size * wrong * (1 - wrong) + SMALLEST] * 2, rel=1e-12)


@settings(max_examples=50)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.5]), st.floats(-3, 3)), min_size=1, max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_the_gradient_is_that_of_the_loss(sessions: list[list[tuple[float, float]]]) -> None:
    offsets = np.cumsum([0, *map(len, sessions)])
    weights, scores = (
        np.array(list(values)) for values in zip(*(row for s in sessions for row in s), strict=True)
    )
    first, second = PairwiseLambdas(offsets, weights).gradient(scores)
    step = 1e-5
    for start, stop in pairwise(offsets.tolist()):
        mine, at = weights[start:stop].tolist(), scores[start:stop].tolist()
        ranks = ranks_of(at)
        for i in range(stop - start):
            up, down = ([*at[:i], at[i] + sign * step, *at[i + 1 :]] for sign in (1, -1))
            slope = (naive_loss(mine, up, ranks) - naive_loss(mine, down, ranks)) / (2 * step)
            assert first[start + i] == pytest.approx(slope, abs=1e-6)
    assert (second >= SMALLEST).all()


def test_its_expectation_over_clicks_is_the_loss_of_relevance() -> None:
    """Every outcome of clicks on three items, weighted by its probability: the propensities cancel."""
    theta, relevance = np.array([1.0, 0.5, 0.25]), np.array([0.2, 0.9, 0.6])
    scores, offsets = np.array([0.3, -0.2, 0.1]), np.array([0, 3])
    expected = np.zeros(3)
    for outcome in range(8):
        clicks = np.array([outcome & 1, outcome >> 1 & 1, outcome >> 2 & 1], float)
        chance = np.where(clicks == 1, theta * relevance, 1 - theta * relevance).prod()
        expected += chance * PairwiseLambdas(offsets, clicks / theta).gradient(scores)[0]
    full = PairwiseLambdas(offsets, relevance).gradient(scores)[0]
    assert expected == pytest.approx(full, abs=1e-12)


def test_weights_are_scaled_to_a_mean_of_one_over_clicks() -> None:
    scaled = PairwiseLambdas.of(np.array([0, 3]), np.array([0.0, 2.0, 6.0]))
    assert scaled.weights.tolist() == [0.0, 0.5, 1.5]


def test_a_session_of_one_item_or_without_clicks_pulls_nowhere() -> None:
    first, second = PairwiseLambdas(np.array([0, 1, 3]), np.array([1.0, 0.0, 0.0])).gradient(
        np.array([1.0, 2.0, 3.0])
    )
    assert first.tolist() == [0.0, 0.0, 0.0]
    assert second.tolist() == [SMALLEST] * 3


def test_far_apart_scores_stay_finite() -> None:
    first, second = PairwiseLambdas(np.array([0, 2]), np.array([1.0, 0.0])).gradient(np.array([1e6, -1e6]))
    assert np.isfinite([*first, *second]).all()
