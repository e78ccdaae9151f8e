"""The verdict of ``ope``: enough in the log, propensities, support."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import ope
from rankeval.off_policy.bounds import critical

LISTS = {
    "action": [0, 1, 2, 1],
    "reward": [1.0, 0.0, 1.0, 1.0],
    "candidate_propensities": [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5], [0, 1, 0]],
    "candidate_target_propensities": [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [1, 0, 0], [0.9, 0.1, 0]],
}


def world(n: int, seed: int, missing: float = 0.0) -> tuple[dict[str, Any], np.ndarray]:
    """A log of 4 actions with its target policy, which takes the last, never logged, in a share of cases."""
    draw = np.random.default_rng(seed)
    logging = np.array([0.5, 0.3, 0.2, 0.0])
    target = np.append(np.array([0.2, 0.3, 0.5]) * (1.0 - missing), missing)
    means = np.array([0.1, 0.2, 0.3, 0.9])
    action = draw.choice(4, n, p=logging)
    reward = (draw.random(n) < means[action]).astype(float)
    log = {
        "action": action,
        "reward": reward,
        "candidate_propensities": [logging.tolist()] * n,
        "candidate_target_propensities": [target.tolist()] * n,
    }
    return log, np.array([means @ target, means @ target - means @ logging])


def codes(result: Any) -> dict[str, str]:
    return {note.code: note.level for note in result.verdict.reasons}


def test_the_support_gap_by_hand_and_no_blame_of_the_propensities() -> None:
    result = ope(LISTS)
    assert [row.diagnostics["support_gap"] for row in result.estimates] == [pytest.approx(0.625)] * 2
    found = codes(result)
    assert found["support_gap"] == "do not trust"
    assert "mean_weight" not in found
    ips, snips = result.estimates
    # V is (1 * 0.1/0.5 + 0 + 0 + 1 * 0.1) / 4; w are 0.2, 0.2, 0, 0.1.
    assert ips.bounds == pytest.approx((0.075, 0.075 + 0.625))
    assert snips.bounds == pytest.approx((0.6 * 0.375, 0.6 * 0.375 + 0.625))
    assert ips.gain_bounds is not None
    assert (ips.gain_bounds.low, ips.gain_bounds.high) == pytest.approx((0.075 - 0.75, 0.7 - 0.75))


def test_a_small_gap_that_leaves_the_sign_open_is_refused() -> None:
    means, target = np.array([0.44, 0.5, 0.56, 0.034]), np.array([0.192, 0.3168, 0.4512, 0.04])
    logging = np.array([1.0, 1.0, 1.0, 0.0]) / 3.0
    assert means @ (target - logging) < 0.0
    draw, n = np.random.default_rng(0), 20_000
    action = draw.choice(4, n, p=logging)
    log = {
        "action": action,
        "reward": (draw.random(n) < means[action]).astype(float),
        "candidate_propensities": [logging.tolist()] * n,
        "candidate_target_propensities": [target.tolist()] * n,
    }
    (row,) = ope(log, "snips").estimates
    assert (row.gain.intervals[0].low or 0.0) > 0.0  # certain of the wrong sign
    found = {note.code: note for note in row.reasons}["support_gap"]
    assert (found.level, found.value) == ("do not trust", pytest.approx(0.04))
    assert "its sign is not known" in found.text


def test_a_gap_counts_by_what_it_may_add_to_the_error() -> None:
    levels = []
    for n in (200, 50_000):
        log, _ = world(n, 1, missing=0.005)
        row = ope(log, "ips").estimates[0]
        assert row.gain_bounds is not None
        assert not row.gain_bounds.holds_zero
        levels.append({note.code: note.level for note in row.reasons}.get("support_gap"))
        width = 0.005 / min(row.value.std_error or 0.0, row.gain.std_error or 0.0)
        assert (width > 0.25) == (n == 50_000)
    assert levels == [None, "caution"]


@pytest.mark.parametrize(("spread", "level"), [(0.1, "do not trust"), (10.0, "caution"), (1000.0, None)])
def test_a_mean_weight_counts_by_what_it_moves(spread: float, level: str | None) -> None:
    draw = np.random.default_rng(0)
    weights = 0.992 + np.repeat([-0.01, 0.01], 200)
    noise = np.tile([-spread, spread], 200)  # the value is about 1 whatever the spread
    row = ope({"reward": 1.0 + draw.permuted(noise), "importance_weight": weights}, "ips").estimates[0]
    assert (row.diagnostics["mean_weight_z"] or 0.0) < -15.0
    assert {note.code: note.level for note in row.reasons}.get("mean_weight") == level


def test_weights_that_chance_moved_are_a_reason_for_ips_alone() -> None:
    draw = np.random.default_rng(0)
    n = 2_000
    weights = draw.permutation(np.repeat([0.5, 1.5], n // 2))
    weights[np.flatnonzero(weights == 0.5)[:55]] = 1.5  # the mean is 1.0275, 2.5 of its standard errors off
    log = {"reward": 1.0 + 0.1 * draw.standard_normal(n), "importance_weight": weights}
    plain, ratio = ope(log, ["ips", "snips"]).estimates
    assert 1.96 < (plain.diagnostics["mean_weight_z"] or 0.0) < 2.6
    assert "weight_imbalance" in {note.code for note in plain.reasons}
    assert "weight_imbalance" not in {note.code for note in ratio.reasons}


def test_large_weights_without_rewards_are_a_reason() -> None:
    draw = np.random.default_rng(2)
    n = 20_000
    rare = draw.random(n) < 0.001
    log = {
        "reward": np.where(rare, 0.0, draw.random(n) < 0.2),
        "importance_weight": np.where(rare, 300.0, 0.7),
    }
    (row,) = ope(log, "ips").estimates
    found = {note.code: note for note in row.reasons}["leverage"]
    # The gain is the mean of (w - 1) r: 299 / (n se), where se is that of the rewards at the small weights.
    assert found.value == pytest.approx(299.0 / (n * 0.3 * (0.16 / n) ** 0.5), rel=0.05)
    assert found.level == "do not trust"


def test_pessimism_is_the_worst_end_of_the_bounds() -> None:
    result = ope(LISTS, pessimistic=True)
    for row in result.estimates:
        assert row.bounds is not None
        assert row.value.value == pytest.approx(row.bounds[0])
        assert row.gain.value == pytest.approx(row.bounds[0] - 0.75)


@pytest.mark.parametrize("name", ["ips", "snips"])
def test_a_third_of_the_target_never_logged_is_refused_with_bounds_that_hold_the_truth(name: str) -> None:
    held = 0
    for seed in range(20):
        log, (value, gain) = world(2_000, seed, missing=0.3)
        result = ope(log, name, reward_range=(0.0, 1.0))
        (row,) = result.estimates
        assert row.verdict.level == "do not trust"
        assert row.value_bounds is not None
        assert row.gain_bounds is not None
        ends = (row.value_bounds, value), (row.gain_bounds, gain)
        held += all(ci.ci_low < truth < ci.ci_high for ci, truth in ends)  # type: ignore[operator]
    assert held == 20  # the truths are inside the bounds by many standard errors


def test_no_p_value_while_the_bounds_hold_zero() -> None:
    log, _ = world(3_000, 1, missing=0.3)
    log["candidate_new"] = log.pop("candidate_target_propensities")
    (against,) = ope(log, "snips", target={"new": "candidate_new"}).comparisons
    assert against.p_value is None
    log, _ = world(3_000, 1, missing=0.001)
    log["candidate_new"] = log.pop("candidate_target_propensities")
    (against,) = ope(log, "snips", target={"new": "candidate_new"}).comparisons
    assert against.p_value is not None
    assert against.p_value < 0.01


def test_actions_that_are_hardly_ever_logged() -> None:
    log, _ = world(2_000, 2, missing=0.04)
    log["candidate_propensities"] = [[0.5, 0.2995, 0.2, 0.0005]] * 2_000
    row = ope(log, "snips").estimates[0]
    assert row.diagnostics["near_support"] == pytest.approx(0.04)
    assert {note.code: note.level for note in row.reasons}["near_support"] == "caution"


def test_an_on_policy_log_is_trusted_and_half_the_propensities_are_not() -> None:
    log, _ = world(4_000, 3)
    log["candidate_target_propensities"] = log["candidate_propensities"]
    assert ope(log, ["ips", "snips"]).verdict.level == "trust"
    log, _ = world(4_000, 3)
    probability = np.array(log["candidate_propensities"][0])[log["action"]]
    halved = {"reward": log["reward"], "propensity": probability / 2, "target_propensity": probability}
    result = ope(halved, ["ips", "snips"])
    assert codes(result)["mean_weight"] == "do not trust"


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_one_row_with_half_of_the_weight_is_refused(reward: float) -> None:
    rewards = np.zeros(1_001)
    rewards[::2] = reward
    weights = np.ones(1_001)
    weights[0] = 500.0
    result = ope({"reward": rewards, "importance_weight": weights}, "snips")
    assert {"top_share", "few_rewards", "few_effective"} <= codes(result).keys()
    assert result.verdict.level == "do not trust"
    found = result.estimates[0].diagnostics
    assert found["top_share"] == pytest.approx(500 / 1000)
    assert found["effective_rewards"] == pytest.approx(1000**2 / (500**2 + 500))


def test_rewards_of_both_signs_count_by_size() -> None:
    draw = np.random.default_rng(4)
    rewards, weights = draw.normal(size=500), draw.uniform(0.5, 1.5, 500)
    found = ope({"reward": rewards, "importance_weight": weights}, "ips").estimates[0].diagnostics
    x = np.abs(rewards * weights)
    assert found["effective_rewards"] == pytest.approx(x.sum() ** 2 / (x * x).sum())
    assert found["top_share"] == pytest.approx(x.max() / x.sum())


def test_doubly_robust_estimates_rest_on_their_residuals() -> None:
    draw = np.random.default_rng(5)
    n = 300
    log = {name: draw.random(n) for name in ("reward", "q_logged", "q_target", "importance_weight")}
    found = ope(log, "dr").estimates[0].diagnostics
    x = np.abs(log["importance_weight"] * (log["reward"] - log["q_logged"]))
    assert found["effective_rewards"] == pytest.approx(x.sum() ** 2 / (x * x).sum())


def test_a_wrong_model_makes_estimators_differ() -> None:
    log, _ = world(4_000, 6)
    n = len(log["reward"])
    log |= {"candidate_q": [[0.9, 0.1, 0.9, 0.5]] * n}
    result = ope(log, ["ips", "dm", "dr"])
    by_name = {row.estimator.name: {note.code for note in row.reasons} for row in result.estimates}
    assert "estimators_apart" in by_name["dm"]
    assert "estimators_apart" not in by_name["dr"]


def test_the_interval_of_bounds_lies_between_one_and_two_sided() -> None:
    assert critical(0.0, 1.0, 0.95) == pytest.approx(1.959964, abs=1e-5)
    assert critical(100.0, 1.0, 0.95) == pytest.approx(1.644854, abs=1e-5)
    assert critical(1.0, 0.0, 0.95) == pytest.approx(1.644854, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_logging_policy_gains_nothing_over_itself(seed: int) -> None:
    """A placebo: its weights are 1, so that every estimator gives the mean reward, whatever the rewards."""
    draw = np.random.default_rng(seed)
    n = 500
    logging = draw.dirichlet(np.ones(4), n)
    log = {
        "action": np.array([draw.choice(4, p=row) for row in logging]),
        "reward": draw.normal(size=n),
        "candidate_propensities": logging.tolist(),
        "candidate_target_propensities": logging.tolist(),
    }
    for row in ope(log, ["ips", "snips", "cips:max_weight=5", "csnips:max_weight=5"]).estimates:
        assert row.gain.value == pytest.approx(0.0, abs=1e-12)
        assert {"mean_weight", "propensities_wrong", "support_gap"}.isdisjoint(n.code for n in row.reasons)


@pytest.mark.parametrize("name", ["dr", "sndr", "dm"])
def test_predictions_for_what_is_never_logged_are_taken_off(name: str) -> None:
    """By hand: the gap of each round times the ends of the range, in place of the model's predictions for it.

    Gaps are 0.8, 0.8, 0 and 0.9 with predictions 0.5, 0.25 and 0.5 of their actions, so that g is 0.625 and
    its part of the model (0.4 + 0.2 + 0.45) / 4.
    """
    q = [[0.25, 0.5, 0.5], [0.25, 0.5, 0.75], [0.5, 0.5, 0.5], [0.5, 0.25, 0.25]]
    (row,) = ope({**LISTS, "candidate_q": q}, name, reward_range=(0.0, 1.0)).estimates
    assert row.bounds is not None
    assert row.value.value is not None
    supported = row.value.value - (0.8 * 0.5 + 0.8 * 0.25 + 0.9 * 0.5) / 4
    if name == "sndr":  # the corrections are those of the other actions alone
        model = np.mean([0.475, 0.325, 0.5, 0.9 * 0.5 + 0.1 * 0.25])
        supported -= 0.625 * (row.value.value - model)
    assert row.bounds == pytest.approx((supported, supported + 0.625))


def test_bounds_of_dr_hold_the_truth_with_a_wrong_model() -> None:
    held = 0
    for seed in range(20):
        log, (value, gain) = world(2_000, seed, missing=0.3)
        log["candidate_q"] = [[0.3, 0.1, 0.6, 0.05]] * 2_000
        (row,) = ope(log, "dr", reward_range=(0.0, 1.0)).estimates
        assert row.value_bounds is not None
        assert row.gain_bounds is not None
        low, high = row.bounds or (None, None)
        assert (high or 0.0) - (low or 0.0) == pytest.approx(0.3)
        ends = (row.value_bounds, value), (row.gain_bounds, gain)
        held += all(ci.ci_low < truth < ci.ci_high for ci, truth in ends)  # type: ignore[operator]
    assert held == 20  # the truths are inside the bounds by many standard errors
