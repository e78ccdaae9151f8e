from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import DataError, propensity
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.harvesting import INDEPENDENT, WEIGHTS, expected_rates, summed_rates
from rankeval.position_bias.summed_rates import from_all_pairs, from_chain, from_pivot
from tests import naive_propensities as naive
from tests.position_bias.test_position_based import cells_of_log
from tests.position_bias.worlds import exact_log, random_log

LOG = random_log(900, seed=1)


def theta(log: Any, method: str, **options: Any) -> Any:
    return propensity(log, method, **options).curves[None].theta


def test_rates_by_hand() -> None:
    """Item a: 2 of 4 at position 1, 1 of 4 at 2; item b: 1 of 2 and 0 of 8."""
    counts: naive.Counts = {("a", 1): (4, 2), ("a", 2): (4, 1), ("b", 1): (2, 1), ("b", 2): (8, 0)}
    cells = cells_of_log(counts)
    expected = {
        "uniform": (2 / 4 + 1 / 2, 1 / 4, 2.0),
        "harmonic": (2.0 * 2 / 4 + 1.6 * 1 / 2, 2.0 * 1 / 4, 2.0 + 1.6),
        "min": (4 * 2 / 4 + 2 * 1 / 2, 4 * 1 / 4, 4.0 + 2.0),
    }
    for weights in WEIGHTS:
        rates, sums = summed_rates(cells, weights)
        first, second, weight = expected[weights]
        assert rates == pytest.approx(np.array([[0, first], [second, 0]]))
        assert sums == pytest.approx(np.array([[0, weight], [weight, 0]]))
        assert from_pivot(rates, sums).log_theta[1] == pytest.approx(np.log(second / first))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_they_are_the_naive_curves(weights: str) -> None:
    counts = naive.counts(LOG)
    assert theta(LOG, "pivot", weights=weights) == pytest.approx(naive.pivot(counts, weights), rel=1e-9)
    assert theta(LOG, "chain", weights=weights) == pytest.approx(naive.chain(counts, weights), rel=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_all_pairs_is_the_maximum(weights: str) -> None:
    small = random_log(600, seed=2, theta=np.array([1.0, 0.6, 0.4]))
    counts = naive.counts(small)
    assert theta(small, "allpairs", weights=weights) == pytest.approx(
        naive.allpairs(counts, weights), rel=1e-5
    )


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("method", ["chain", "allpairs"])
def test_without_noise_three_rankers_give_the_truth(method: str, weights: str) -> None:
    """Six positions: those whose ranks have the same product, 1 and 6, 2 and 3, must not be taken for one."""
    harmonic = [1.0 / k for k in range(1, 7)]
    alpha = [0.9, 0.5, 0.2, 0.7, 0.4, 0.1]
    rankings = [[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0], [5, 4, 3, 2, 1, 0]]
    log = exact_log(harmonic, alpha, 600, rankings)
    assert theta(log, method, weights=weights) == pytest.approx(harmonic, abs=1e-9)


def test_without_noise_pivot_gives_the_truth() -> None:
    """Its rankers must bring the items of position 1 to every other one."""
    rankings = [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]
    log = exact_log([1.0, 0.5, 0.4, 0.2], [0.9, 0.5, 0.2, 0.7], 100, rankings)
    assert theta(log, "pivot") == pytest.approx([1.0, 0.5, 0.4, 0.2], abs=1e-12)


@pytest.mark.parametrize("estimator", [from_pivot, from_chain, from_all_pairs])
def test_sensitivities_are_derivatives(estimator: Any) -> None:
    rates, sums = summed_rates(cells_of_log(naive.counts(LOG)), "harmonic")
    found = estimator(rates, sums)
    for k in range(4):
        for j in range(4):
            if k != j:
                step = np.zeros((4, 4))
                step[k, j] = 1e-4 * rates[k, j]
                up, down = (estimator(rates + sign * step, sums).log_theta for sign in (1.0, -1.0))
                slope = (up - down) / (2.0 * step[k, j])
                assert slope == pytest.approx(found.sensitivity[k, j], rel=1e-5, abs=1e-8)


def test_assumption_is_told() -> None:
    assert INDEPENDENT.text in propensity(LOG, "allpairs").warnings


def test_positions_that_do_not_connect_are_named() -> None:
    """Items 0 and 1 exchange the first places, 2 and 3 the last."""
    log = exact_log([1.0, 0.5, 0.5, 0.5], [0.8, 0.4, 0.8, 0.4], 10, [[0, 1, 2, 3], [1, 0, 3, 2]])
    for method, names in (
        ("allpairs", "positions 3, 4 do"),
        ("pivot", "positions 3, 4 do"),
        ("chain", "3, 4"),
    ):
        with pytest.raises(DataError, match=f"{names}.* not connect to position 1.*--top 2") as caught:
            propensity(log, method)
        assert "<dict>" in str(caught.value)
        assert theta(log, method, top=2) == pytest.approx([1.0, 0.5])


def test_a_position_without_clicks_is_zero() -> None:
    log = exact_log([1.0, 0.5, 0.0], [0.8, 0.4, 0.6], 10, [[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    for method in ("allpairs", "pivot", "em"):
        result = propensity(log, method)
        found = result.to_dict()
        assert found["examination"] == pytest.approx([1.0, 0.5, 0.0])
        assert found["std_error"][1] > 0.0
        assert (found["std_error"][2], found["ci"][2], found["covariance"]) == (None, [None, None], None)
        assert "no clicks at position 3: examination 0, without an error" in result.warnings


@pytest.mark.parametrize("method", ["pivot", "chain", "allpairs", "em"])
def test_position_1_needs_clicks(method: str) -> None:
    log = LOG | {"click": np.where(np.array(LOG["position"]) == 1, 0, LOG["click"])}
    with pytest.raises(DataError, match="<dict>: no click at position 1, wanted some"):
        propensity(log, method)


def test_expected_rates_by_hand() -> None:
    """A pair with 3 clicks of 2 and 4 impressions, examined 2 x 1 + 4 x 0.5 = 4 times, one without clicks."""
    cells = Cells(
        np.array([0, 2, 3]), np.array([0, 1, 1]), np.array([2.0, 4.0, 5.0]), np.array([1.0, 2.0, 0.0]), 2
    )
    assert expected_rates(cells, np.array([1.0, 0.5])).tolist() == [3 / 4, 3 / 8, 0.0]
    assert expected_rates(cells, np.array([1.0, 0.0])).tolist() == [1.0, 0.0, 0.0]


def test_errors_of_pairs_shown_once_at_a_position() -> None:
    """Their own rates are 0 or 1: errors from those would be half as large as the spread."""
    rng = np.random.default_rng(8)
    estimates, errors = [], []
    for _ in range(100):
        query = np.repeat(np.arange(100), 4)
        turned = np.arange(400) % 4 == 0
        items = np.where(turned[:, np.newaxis], [1, 0], [0, 1])
        clicks = rng.random((400, 2)) < np.array([1.0, 0.5]) * np.array([0.6, 0.4])[items]
        log = {
            "session_id": np.repeat(np.arange(400), 2),
            "query_id": np.repeat(query, 2),
            "item_id": items.ravel(),
            "position": np.tile([1, 2], 400),
            "click": clicks.ravel().astype(int),
        }
        found = propensity(log, "pivot").curves[None]
        estimates.append(found.log_theta[1])
        errors.append(found.covariance[1, 1] ** 0.5)
    spread = np.std(estimates, ddof=1)
    assert abs(np.mean(errors) / spread - 1.0) < 4.0 / np.sqrt(2 * 99)
