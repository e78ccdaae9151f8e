from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from rankeval import DataError, propensity
from rankeval.position_bias import swap
from tests import naive_propensities as naive

THETA = np.array([1.0, 0.7, 0.4, 0.3])
STAR = [(1, 2), (1, 3), (1, 4)]
CHAIN = [(1, 2), (2, 3), (3, 4)]
EVERY = [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]


def swap_log(sessions: int, seed: int, arms: list[tuple[int, int]]) -> dict[str, Any]:
    """Four items in one order, an arm drawn uniformly, exchanged by a coin; a tenth outside of it all."""
    rng = np.random.default_rng(seed)
    drawn = np.array(arms)[rng.integers(0, len(arms), sessions)]
    items, rows = np.tile(np.arange(4), (sessions, 1)), np.arange(sessions)
    outside = rng.random(sessions) < 0.1
    tossed = rows[(rng.random(sessions) < 0.5) & ~outside]
    low, high = drawn[tossed].T - 1
    items[tossed, low], items[tossed, high] = high, low
    clicks = rng.random((sessions, 4)) < THETA * np.array([0.9, 0.6, 0.8, 0.5])[items]
    swap_low, swap_high = (np.where(outside, np.nan, drawn[:, side]) for side in (0, 1))
    return {
        "session_id": np.repeat(rows, 4),
        "item_id": items.ravel(),
        "position": np.tile(np.arange(1, 5), sessions),
        "click": clicks.ravel().astype(int),
        "swap_low": np.repeat(swap_low, 4),
        "swap_high": np.repeat(swap_high, 4),
    }


def arm_ratio(log: dict[str, Any], low: int, high: int) -> tuple[float, float]:
    sessions = [s for s in naive.lists(log) if (s[1]["swap_low"], s[1]["swap_high"]) == (low, high)]
    return naive.ratio([s[high]["click"] for s in sessions], [s[low]["click"] for s in sessions])


def test_of_a_star_each_arm_is_a_position() -> None:
    log = swap_log(3000, 1, STAR)
    result = propensity(log, "swap").to_dict()
    for k in (2, 3, 4):
        value, error = arm_ratio(log, 1, k)
        assert result["examination"][k - 1] == pytest.approx(value, rel=1e-9)
        # n / (n - 1) is of all sessions of the experiment there, of those of the arm here.
        assert result["std_error"][k - 1] == pytest.approx(error, rel=2e-3)
    inside = int(np.count_nonzero(~np.isnan(log["swap_low"]))) // 4
    assert (result["n"], result["impressions"][0]) == (inside, inside)


def test_a_chain_is_a_product() -> None:
    log = swap_log(3000, 2, CHAIN)
    found = propensity(log, "swap").curves[None]
    steps = [arm_ratio(log, k, k + 1) for k in (1, 2, 3)]
    assert found.theta[1:] == pytest.approx(np.cumprod([value for value, _ in steps]), rel=1e-9)
    relative = np.cumsum([(error / value) ** 2 for value, error in steps])
    assert np.diag(found.covariance)[1:] == pytest.approx(relative, rel=4e-3)
    assert found.covariance[1, 3] == pytest.approx(relative[0], rel=4e-3)


def test_more_arms_are_joined_by_least_squares() -> None:
    log = swap_log(5000, 3, EVERY)
    found = propensity(log, "swap").curves[None]
    ratios = np.array([arm_ratio(log, *arm) for arm in EVERY])
    design = np.zeros((len(EVERY), 4))
    for row, (low, high) in enumerate(EVERY):
        design[row, [low - 1, high - 1]] = -1.0, 1.0
    weight = (ratios[:, 0] / ratios[:, 1]) ** 2
    covariance = np.linalg.inv(design[:, 1:].T @ (weight[:, np.newaxis] * design[:, 1:]))
    wanted = covariance @ design[:, 1:].T @ (weight * np.log(ratios[:, 0]))
    assert found.log_theta[1:] == pytest.approx(wanted, rel=1e-3)
    assert found.covariance[1:, 1:] == pytest.approx(covariance, rel=1e-2)


def test_arms_with_fewer_clicks_weigh_less() -> None:
    """All six arms are closer to the truth than the three of position 1."""
    both = [propensity(swap_log(4000, seed, EVERY), "swap").curves[None] for seed in range(3)]
    for curve in both:
        z = (curve.log_theta[1:] - np.log(THETA[1:])) / np.sqrt(np.diag(curve.covariance)[1:])
        assert np.abs(z).max() < 4.0


def test_an_arm_without_clicks_is_left_out() -> None:
    log = swap_log(2000, 4, EVERY)
    arm = (log["swap_low"] == 3) & (log["swap_high"] == 4)
    result = propensity(log | {"click": np.where(arm, 0, log["click"])}, "swap")
    assert any("no clicks at both positions: swaps of 3 with 4 are left out" in w for w in result.warnings)
    kept = {name: values[~arm] for name, values in log.items()}
    assert result.curves[None].theta == pytest.approx(propensity(kept, "swap").curves[None].theta, rel=1e-3)


def test_positions_without_an_arm_do_not_connect() -> None:
    log = swap_log(500, 5, [(1, 2), (3, 4)])
    with pytest.raises(DataError, match="positions 3, 4 do not connect to position 1"):
        propensity(log, "swap")
    assert len(propensity(log, "swap", top=2).curves[None].theta) == 2


SMALL = {
    "session_id": [1, 1, 2, 2],
    "position": [1, 2, 1, 2],
    "click": [1, 1, 1, 0],
    "swap_low": [1, 1, 1, 1],
    "swap_high": [2, 2, 2, 2],
}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"swap_low": [None] * 4, "swap_high": [None] * 4},
            "no session has 'swap_low' and 'swap_high', wanted",
        ),
        ({"swap_low": [1, 1, None, None]}, "session_id 2: column 'swap_high' is 2, wanted a position above"),
        ({"swap_low": [2, 2, 1, 1]}, "session_id 1: column 'swap_high' is 2, wanted a position above"),
        ({"swap_low": [0, 0, 1, 1]}, "session_id 1: column 'swap_high' is 2, wanted a position above"),
        ({"swap_high": [3, 3, 2, 2]}, "session_id 1: column 'swap_high' is 3, wanted a position of the list"),
        ({"swap_high": [2, 3, 2, 2]}, "session_id 1: column 'swap_high' is 3, wanted one value throughout"),
        ({"session_id": [{"a": 1}] * 4}, "column 'session_id' holds struct<a: int64>, wanted"),
        ({"click": [1, 0, 1, 0]}, "position 2 does not connect to position 1"),
    ],
)
def test_bad_designs_are_named(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        propensity(SMALL | columns, "swap")
    assert message in str(caught.value)


def test_nested_logs_give_the_same() -> None:
    log = swap_log(200, 6, EVERY)
    starts = np.unique(log["session_id"], return_index=True)[1]
    bounds = [*starts.tolist(), len(log["session_id"])]
    nested = {name: np.asarray(log[name])[starts] for name in ("session_id", "swap_low", "swap_high")}
    lists = {
        name: [np.asarray(log[name])[i:j].tolist() for i, j in itertools.pairwise(bounds)]
        for name in ("position", "click")
    }
    wanted, found = (propensity(data, "swap").curves[None].theta for data in (log, nested | lists))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_missing_columns_are_named() -> None:
    with pytest.raises(DataError, match="swap_high"):
        propensity({name: values for name, values in SMALL.items() if name != "swap_high"}, "swap")


def test_arms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "MAX_ARMS", 5)
    with pytest.raises(DataError, match="more than 5 pairs of 'swap_low' and 'swap_high'"):
        propensity(swap_log(300, 6, EVERY), "swap")


def test_both_positions_of_an_arm_must_be_shown() -> None:
    log = {
        "session_id": [1, 1, 2, 2], "position": [1, 3, 1, 2], "click": [1, 1, 1, 1],
        "swap_low": [1] * 4, "swap_high": [3, 3, 3, 3],
    }  # fmt: skip
    wanted = (
        r"session_id 2: column 'swap_high' is 3, wanted a position of the list, as that in 'swap_low' \(1\)"
    )
    with pytest.raises(DataError, match=wanted):
        propensity(log, "swap")


def test_arms_count_from_0_as_positions_do() -> None:
    log = swap_log(400, 5, STAR)
    zero = log | {name: np.asarray(log[name]) - 1 for name in ("position", "swap_low", "swap_high")}
    plain, found = propensity(log, "swap"), propensity(zero, "swap", first_position=0)
    assert found.curves[None].theta.tolist() == plain.curves[None].theta.tolist()
