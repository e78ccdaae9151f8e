from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.estimators.transforms import KERNELS
from rankeval.simulators.bandits import ContinuousWorld
from tests.naive_kernels import NAMES, std_error, value

#: Kernel -> the integral of ``u^2 K(u)``.
SECOND_MOMENTS = {"epanechnikov": 1 / 5, "gaussian": 1.0, "triangular": 1 / 6}


WORLD = ContinuousWorld()


def world(n: int, seed: int) -> dict[str, Any]:
    """A log of :data:`WORLD`."""
    return WORLD.log(n, np.random.default_rng(seed))


@pytest.mark.parametrize("kernel", list(KERNELS))
@pytest.mark.parametrize("name", NAMES)
def test_values_and_errors(name: str, kernel: str) -> None:
    log = world(500, 1)
    result = ope(log, f"{name}:bandwidth=0.7:kernel={kernel}", ci="normal", threads=1)
    (row,) = result.estimates
    assert row.value.value == pytest.approx(value(name, log, kernel, 0.7), rel=1e-11)
    assert row.value.std_error == pytest.approx(std_error(name, log, kernel, 0.7), rel=1e-9)
    assert row.to_dict()["params"] == {"bandwidth": 0.7, "kernel": kernel}


def test_two_rounds_by_hand() -> None:
    log = {
        "action_value": [1.0, 5.0],
        "target_action_value": [2.0, 5.0],
        "propensity": [0.5, 2.0],  # densities, which may be above 1
        "reward": [3.0, 4.0],
        "q_logged": [2.0, 5.0],
        "q_target": [1.0, 6.0],
    }
    first, second = (1 - 1 / 2) / (2 * 0.5), 1 / (2 * 2)
    wanted = {
        "kips": (first * 3 + second * 4) / 2,
        "ksnips": (first * 3 + second * 4) / (first + second),
        "kdr": (1 + first * (3 - 2) + 6 + second * (4 - 5)) / 2,
    }
    result = ope(log, [f"{name}:bandwidth=2:kernel=triangular" for name in NAMES], threads=1)
    assert [row.value.value for row in result.estimates] == pytest.approx(list(wanted.values()))


def test_the_published_doubly_robust_form_is_that_with_one_prediction() -> None:
    log = world(300, 2)
    same = {**log, "q_logged": log["q_target"]}
    (row,) = ope(same, "kdr:bandwidth=0.4:kernel=gaussian", threads=1).estimates
    u = (log["target_action_value"] - log["action_value"]) / 0.4
    near = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    q = log["q_target"]
    wanted = np.mean(near * (log["reward"] - q) / log["propensity"] / 0.4 + q)
    assert row.value.value == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize("kernel", list(KERNELS))
@pytest.mark.parametrize("name", NAMES)
def test_intervals_hold_the_smoothed_value(name: str, kernel: str) -> None:
    # Of 60 intervals that hold with probability 0.95, fewer than 50 do about once in 10,000 times.
    held, truth = 0, WORLD.smoothed(0.8, SECOND_MOMENTS[kernel], robust=name == "kdr")
    for seed in range(60):
        (row,) = ope(
            world(2000, 100 + seed), f"{name}:bandwidth=0.8:kernel={kernel}", ci="normal", threads=1
        ).estimates
        (interval,) = row.value.intervals
        held += (interval.low or 0.0) <= truth <= (interval.high or 0.0)
    assert held >= 50


def test_a_small_bandwidth_finds_the_value() -> None:
    (row,) = ope(world(200_000, 3), "kdr:bandwidth=0.1", ci="normal", threads=1).estimates
    assert row.value.value == pytest.approx(WORLD.value, abs=4 * (row.value.std_error or 0.0))


def test_slope_balances_bias_and_error() -> None:
    result = ope(world(20_000, 4), threads=1)
    assert [row.asked.name for row in result.estimates] == list(NAMES)
    for row in result.estimates:
        assert row.selection is not None
        assert (row.selection["by"], row.selection["mse"]) == ("slope", None)
        candidates = row.selection["candidates"]
        assert len(candidates) == 11
        # The grid goes from a sixteenth to twice the standard deviation of the actions, sqrt(2).
        assert candidates[0]["bandwidth"] == pytest.approx(2**0.5 / 16, rel=0.02)
        assert candidates[-1]["bandwidth"] == pytest.approx(2**0.5 * 2, rel=0.02)
        assert 2**0.5 / 16 < row.selection["chosen"] < 1.5
        assert row.selection["chosen"] == _last_that_agrees(candidates)
        assert row.value.value == pytest.approx(WORLD.value, abs=0.1)


def _last_that_agrees(candidates: list[dict[str, float]]) -> float:
    """The last bandwidth whose estimate is within two errors of each of it and of all smaller ones."""

    def agree(a: dict[str, float], b: dict[str, float]) -> bool:
        return abs(a["value"] - b["value"]) <= 2 * (a["std_error"] + b["std_error"])

    last = 0
    while last + 1 < len(candidates) and all(agree(candidates[last + 1], c) for c in candidates[: last + 1]):
        last += 1
    return candidates[last]["bandwidth"]


def test_slope_ignores_bandwidths_with_few_actions() -> None:
    log = world(60, 5)  # the small bandwidths weigh a handful of actions
    (row,) = ope(log, "ksnips", threads=1).estimates
    assert row.selection is not None
    chosen = row.selection["chosen"]
    assert chosen > row.selection["candidates"][2]["bandwidth"]
    assert row.diagnostics["ess"] is not None


@given(
    seed=st.integers(0, 1 << 16),
    factor=st.floats(1e-3, 1e3),
    moved=st.floats(-100, 100),
    kernel=st.sampled_from(list(KERNELS)),
)
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_units_and_origin_of_actions_do_not_matter(
    seed: int, factor: float, moved: float, kernel: str
) -> None:
    log = world(50, seed)
    other = {
        **log,
        "action_value": factor * log["action_value"] + moved,
        "target_action_value": factor * log["target_action_value"] + moved,
        "propensity": log["propensity"] / factor,
    }
    names = [f"{name}:kernel={kernel}:bandwidth=" for name in NAMES]
    one = ope(log, [f"{name}0.9" for name in names], threads=1)
    two = ope(other, [f"{name}{0.9 * factor!r}" for name in names], threads=1)
    for a, b in zip(one.estimates, two.estimates, strict=True):
        assert a.value.value == pytest.approx(b.value.value, rel=1e-6, abs=1e-9)


@given(seed=st.integers(0, 1 << 16), bandwidth=st.floats(0.2, 5.0))
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
def test_special_cases(seed: int, bandwidth: float) -> None:
    log = world(80, seed)
    asked = [f"{name}:bandwidth={bandwidth!r}" for name in NAMES]
    constant = {**log, "reward": np.full(80, 0.7)}
    assert ope(constant, asked[1], threads=1).estimates[0].value.value == pytest.approx(0.7)
    without = {**log, "q_logged": np.zeros(80), "q_target": np.zeros(80)}
    kips, _, kdr = (row.value.value for row in ope(without, asked, threads=1).estimates)
    assert kips == pytest.approx(kdr)
    exact = {**log, "q_logged": log["reward"]}
    assert ope(exact, asked[2], threads=1).estimates[0].value.value == pytest.approx(log["q_target"].mean())


def test_the_smoothing_is_said() -> None:
    result = ope(world(5000, 6), "kips:bandwidth=0.25", threads=1)
    (told,) = [reason for reason in result.estimates[0].reasons if reason.code == "kernel_smoothing"]
    assert "estimates the reward of actions within about 0.25 of the target's" in told.text
    assert result.verdict.level == told.level == "caution"


def test_wrong_densities_are_found() -> None:
    log = world(5000, 7)
    log["propensity"] = 2 * log["propensity"]
    reasons = {r.code: r for r in ope(log, "kips:bandwidth=0.5", threads=1).estimates[0].reasons}
    assert "the densities look wrong" in reasons["mean_weight"].text
    assert reasons["mean_weight"].level == "do not trust"


def test_several_targets() -> None:
    log = world(3000, 8)
    log["none"] = log["target_action_value"] - 0.5
    targets = {"half": "target_action_value", "none": "none"}
    result = ope(log, "ksnips:bandwidth=0.4", target=targets, ci="normal", threads=1)
    for row, column in zip(result.estimates, targets.values(), strict=True):
        own = {**log, "target_action_value": log[column]}
        assert row.value.value == pytest.approx(value("ksnips", own, "epanechnikov", 0.4))
    (best,) = result.best
    assert best.name == "half"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"propensity": [0.1, 0.0, 0.3]}, "column 'propensity' is 0.0, wanted a number above 0"),
        ({"propensity": [0.1, None, 0.3]}, "column 'propensity' is null, wanted a finite number"),
        ({"action_value": [0.1, np.inf, 0.3]}, "column 'action_value' is inf, wanted a finite number"),
        ({"target_action_value": [0.1, np.nan, 0.3]}, "column 'target_action_value' is nan, wanted a finite"),
        ({"action_value": ["a", "b", "c"]}, "column 'action_value'"),
    ],
)
def test_bad_data_gets_one_line(changed: dict[str, Any], message: str) -> None:
    log = {"action_value": [1.0, 2.0, 3.0], "target_action_value": [1.0, 2.0, 2.5], "reward": [1.0, 0.0, 1.0]}
    with pytest.raises(DataError) as caught:
        ope({**log, "propensity": [0.2, 0.3, 0.4]} | changed, "kips:bandwidth=1", threads=1)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_does_not_go_together() -> None:
    log = world(10, 9)
    with pytest.raises(UsageError, match="kips:bandwidth=1 reads propensity as a density, ips as a prob"):
        ope({**log, "target_propensity": log["propensity"]}, ["ips", "kips:bandwidth=1"])
    with pytest.raises(UsageError, match="target t=weight:q_target: found weight:, wanted the column of its"):
        ope(log, "kips:bandwidth=1", target={"t": "weight:q_target"})
    with pytest.raises(DataError, match="standard deviation 0, wanted different ones to choose a bandwidth"):
        ope({**log, "action_value": np.ones(10)}, "kips")
    del log["target_action_value"]
    with pytest.raises(DataError, match="no column 'target_action_value', which kips:bandwidth=1 needs"):
        ope(log, "kips:bandwidth=1")


def test_threads_change_no_bit() -> None:
    log = world(70_000, 10)
    one, two = (ope(log, threads=threads).to_dict() for threads in (1, 2))
    assert one == two
