from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import propensity
from rankeval.arrays.ragged import offsets_of
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.position_based import PositionBased, curvature, fit, information, inverse
from tests import naive_propensities as naive
from tests.position_bias.worlds import random_log


def cells_of(impressions: Any, clicks: Any) -> Cells:
    """From dense matrices (pairs, positions); 0 impressions is no cell."""
    n, c = np.array(impressions, float), np.array(clicks, float)
    pair, place = np.nonzero(n)
    lengths = np.bincount(pair, minlength=len(n))
    return Cells(offsets_of(lengths), place, n[pair, place], c[pair, place], n.shape[1])


def cells_of_log(counts: naive.Counts) -> Cells:
    pairs = sorted({pair for pair, _ in counts})
    length = max(k for _, k in counts)
    dense = np.zeros((2, len(pairs), length))
    for (pair, k), cell in counts.items():
        dense[:, pairs.index(pair), k - 1] = cell
    return cells_of(*dense)


def likelihood(cells: Cells, theta: Any, alpha: Any) -> float:
    x = np.asarray(theta)[cells.places] * np.asarray(alpha)[cells.pair]
    missed = cells.impressions - cells.clicks
    with np.errstate(divide="ignore", invalid="ignore"):
        clicked = np.where(cells.clicks > 0, cells.clicks * np.log(x), 0.0)
        return float(np.sum(clicked + np.where(missed > 0, missed * np.log1p(-x), 0.0)))


def test_two_pairs_by_hand() -> None:
    """Each pair is at one position half as often clicked: theta_2 = 1/2, alpha 0.8 and 0.4."""
    found = fit(cells_of([[10, 10], [20, 20]], [[8, 4], [8, 4]]))
    assert np.exp(found.log_theta) == pytest.approx([1.0, 0.5], rel=1e-9)
    assert found.relevance == pytest.approx([0.8, 0.4], rel=1e-9)
    wanted = 8 * np.log(0.8) + 2 * np.log(0.2) + 4 * np.log(0.4) + 6 * np.log(0.6)
    wanted += 8 * np.log(0.4) + 12 * np.log(0.6) + 4 * np.log(0.2) + 16 * np.log(0.8)
    assert found.log_likelihood == pytest.approx(wanted, rel=1e-12)
    assert (found.converged, found.ties, found.at_bound.any()) == (True, (), False)


def test_information_by_hand() -> None:
    """Of one pair h = n x / (1 - x): 40 and 20/3; profiled h1 h2 / (h1 + h2) = 40/7, observed alike."""
    cells = cells_of([[10, 10]], [[8, 4]])
    found = fit(cells)
    expected = information(cells, found, expected=True)
    assert expected == pytest.approx(np.array([[1, -1], [-1, 1]]) * (40 * (20 / 3)) / (40 + 20 / 3), rel=1e-9)
    observed = information(cells, found, expected=False)
    assert observed == pytest.approx(expected, rel=1e-9)  # the model fits one pair exactly
    covariance = inverse(expected, np.array([True, True]))
    assert covariance is not None
    assert covariance == pytest.approx(np.array([[0, 0], [0, (40 + 20 / 3) / (40 * (20 / 3))]]), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_where_em_goes(seed: int) -> None:
    counts = naive.counts(random_log(600, seed))
    theta, value = naive.em(counts)
    found = fit(cells_of_log(counts))
    assert np.exp(found.log_theta) == pytest.approx(theta, rel=1e-5)
    assert found.log_likelihood == pytest.approx(value, abs=1e-6)
    assert found.log_likelihood >= value - 1e-9


def test_information_is_the_curvature_of_the_profile() -> None:
    """Second differences of the likelihood maximised over relevance."""
    cells = cells_of_log(naive.counts(random_log(900, seed=4)))
    found = fit(cells)
    observed = information(cells, found, expected=False)

    def profile(log_theta: Any) -> float:
        total = 0.0
        for pair in range(len(cells.offsets) - 1):
            of_pair = slice(cells.offsets[pair], cells.offsets[pair + 1])
            theta = np.exp(log_theta[cells.places[of_pair]])
            n, c = cells.impressions[of_pair], cells.clicks[of_pair]
            low, high = 0.0, float(1.0 / theta.max())
            for _ in range(80):
                middle = (low + high) / 2.0
                score = np.sum(c - (n - c) * theta * middle / (1.0 - theta * middle))
                low, high = (middle, high) if score > 0 else (low, middle)
            total += float(np.sum(c * np.log(theta * low) + (n - c) * np.log1p(-theta * low)))
        return total

    step = 1e-3
    for j in range(1, 4):
        for k in range(1, 4):
            a, b = np.eye(4)[j] * step, np.eye(4)[k] * step
            at = found.log_theta
            second = profile(at + a + b) - profile(at + a - b) - profile(at - a + b) + profile(at - a - b)
            assert -second / (4 * step**2) == pytest.approx(observed[j, k], rel=1e-3, abs=1e-2)


def optimal(cells: Cells, found: PositionBased) -> bool:
    """Whether no probability can be moved to a better place: the conditions of Karush, Kuhn and Tucker."""
    x = found.probabilities(cells)
    scale = max(1.0, float(cells.clicks.sum()))
    missed = cells.impressions - cells.clicks
    with np.errstate(divide="ignore", invalid="ignore"):
        score = cells.clicks - np.where(missed > 0, missed * x / (1.0 - x), 0.0)
    theta = np.exp(found.log_theta)
    top = theta >= theta.max() * (1 - 1e-12)
    of_place = np.bincount(cells.places, score, cells.length)
    of_pair = np.bincount(cells.pair, score, len(cells.offsets) - 1)
    clicked_place = np.isfinite(found.log_theta)
    clicked_pair = found.relevance > 0
    free_places = np.abs(of_place[clicked_place & ~top])
    free_pairs = np.abs(of_pair[clicked_pair & ~found.at_bound])
    return bool(
        free_places.max(initial=0.0) < 1e-6 * scale
        and free_pairs.max(initial=0.0) < 1e-6 * scale
        and of_place[top].min() > -1e-6 * scale
        and of_pair[found.at_bound].min(initial=0.0) > -1e-6 * scale
        and x.max() <= 1.0 + 1e-12
        and (theta[clicked_place].max() * found.relevance).max() <= 1.0 + 1e-9
    )


@st.composite
def dense_counts(draw: st.DrawFn) -> tuple[Any, Any]:
    pairs, length = draw(st.integers(1, 5)), draw(st.integers(2, 4))
    n = np.array([[draw(st.integers(1, 6)) for _ in range(length)] for _ in range(pairs)])
    c = np.array([[draw(st.integers(0, int(m))) for m in row] for row in n])
    c[0, 0] = max(c[0, 0], 1)
    return n, c


@settings(max_examples=150, deadline=None)
@given(dense_counts())
def test_small_counts_with_bounds_are_maximised(counts: tuple[Any, Any]) -> None:
    """Few impressions bring relevance and examination to their bounds; the problem is concave."""
    cells = cells_of(*counts)
    found = fit(cells)
    assert found.converged
    assert optimal(cells, found)
    assert found.log_likelihood == pytest.approx(
        likelihood(cells, np.exp(found.log_theta), found.relevance), abs=1e-7
    )


def test_examination_may_rise() -> None:
    found = fit(cells_of([[100, 100], [100, 100]], [[20, 40], [30, 60]]))
    assert np.exp(found.log_theta) == pytest.approx([1.0, 2.0], rel=1e-9)
    assert found.relevance == pytest.approx([0.2, 0.3], rel=1e-9)


def test_a_bound_that_rounding_hides_is_held() -> None:
    """All clicked where they can be: 1 click of 3 at position 4 is what is left to fit."""
    found = fit(cells_of([[2, 1, 5, 1], [2, 1, 5, 2]], [[2, 0, 5, 1], [2, 0, 5, 0]]))
    assert np.exp(found.log_theta) == pytest.approx([1.0, 0.0, 1.0, 1 / 3], rel=1e-9)


def test_a_flat_top_is_one() -> None:
    """Each of two pairs is clicked at one of two positions: nothing of the second order is left."""
    found = fit(cells_of([[1, 1], [1, 1]], [[1, 0], [0, 1]]))
    assert found.converged
    assert found.log_theta == pytest.approx([0.0, 0.0], abs=1e-3)
    assert found.log_likelihood == pytest.approx(4.0 * np.log(0.5), abs=1e-12)


def test_always_clicked_items_are_at_their_bound() -> None:
    cells = cells_of([[50, 50], [80, 80]], [[50, 30], [40, 20]])
    found = fit(cells)
    assert found.at_bound.tolist() == [True, False]
    assert found.relevance[0] == pytest.approx(1.0)
    assert curvature(cells, found, expected=True)[0] == pytest.approx(50.0 * 50.0)
    assert curvature(cells, found, expected=False)[:2].tolist() == [0.0, 0.0]
    assert (information(cells, found, expected=True) != 0.0).all()


def test_without_clicks_probabilities_are_zero() -> None:
    found = fit(cells_of([[10, 10, 10], [10, 10, 10]], [[4, 0, 2], [0, 0, 0]]))
    assert found.log_theta[1] == -np.inf
    assert found.relevance.tolist() == pytest.approx([0.4, 0.0])
    assert np.exp(found.log_theta[2]) == pytest.approx(0.5)


def test_noise_free_counts_give_the_truth() -> None:
    theta, alpha = 1.0 / np.arange(1.0, 7.0), np.array([0.9, 0.5, 0.1])
    found = fit(cells_of(np.full((3, 6), 7.0), 7.0 * alpha[:, np.newaxis] * theta))
    assert np.exp(found.log_theta) == pytest.approx(theta, abs=1e-10)
    assert found.relevance == pytest.approx(alpha, abs=1e-10)


def test_positions_that_do_not_connect() -> None:
    n = [[5, 5, 0, 0, 0], [0, 0, 5, 5, 0], [0, 5, 5, 0, 0], [0, 0, 0, 0, 5]]
    joined = [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
    assert cells_of(n, joined).unconnected() == [5]
    joined[2][1] = 0  # a pair without clicks tells nothing
    assert cells_of(n, joined).unconnected() == [3, 4, 5]


def test_singular_information_has_no_inverse() -> None:
    assert inverse(np.zeros((2, 2)), np.array([True, True])) is None
    twice = np.array([[2.0, -1, -1], [-1, 1, 1], [-1, 1, 1]])
    assert inverse(twice, np.array([True, True, True])) is None
    one = inverse(twice, np.array([True, True, False]))
    assert one is not None
    assert one.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_information_of_relevance_at_its_bound_by_hand() -> None:
    """Clicked 20 times of 20 at position 1 and 8 of 20 at 2: x is 20/21 and 8/20, h 400 and 40/3."""
    cells = Cells(np.array([0, 2]), np.array([0, 1]), np.array([20.0, 20.0]), np.array([20.0, 8.0]), 2)
    fitted = fit(cells)
    assert fitted.at_bound.tolist() == [True]
    h = 400.0 * (40 / 3) / (400.0 + 40 / 3)
    assert information(cells, fitted, expected=True) == pytest.approx(np.array([[h, -h], [-h, h]]), rel=1e-6)
    assert information(cells, fitted, expected=False).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_errors_where_relevance_is_at_its_bound() -> None:
    """One of three items is always clicked at position 1: errors are the spread, by clusters too."""
    rng, alpha, estimates = np.random.default_rng(5), np.array([1.0, 0.5, 0.3]), []
    errors: dict[str | None, list[float]] = {None: [], "session_id": []}
    for _ in range(100):
        items = rng.permuted(np.tile(np.arange(3), (300, 1)), axis=1)
        clicks = rng.random((300, 3)) < np.array([1.0, 0.6, 0.4]) * alpha[items]
        log = {
            "session_id": np.repeat(np.arange(300), 3),
            "item_id": items.ravel(),
            "position": np.tile([1, 2, 3], 300),
            "click": clicks.ravel().astype(int),
        }
        for cluster, found in errors.items():
            curve = propensity(log, "em", cluster=cluster).curves[None]
            found.append(curve.covariance[1, 1] ** 0.5)
        estimates.append(curve.log_theta[1])
    spread = np.std(estimates, ddof=1)
    for found in errors.values():
        assert abs(np.mean(found) / spread - 1.0) < 4.0 / np.sqrt(2 * 99)
