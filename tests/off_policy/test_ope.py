"""Values, errors and intervals of every estimator; how logs are read and split is in test_bandit.py."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from rankeval import DataError, Log, UsageError, ope
from rankeval.inference.estimate import Estimate
from rankeval.off_policy.rows import EstimateRow
from tests import naive_off_policy as naive
from tests import paths
from tests.naive_off_policy import NAMES, PARAMETERS, TIGHT, spelled

REFERENCE = paths.REFERENCE / "ope"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")
LOGS = ("men_random_to_bts", "men_bts_to_random")
METHODS = ("normal", "bootstrap", "bootstrap_t")
BOUNDED = [spelled(name, TIGHT[name]) for name in NAMES]


def estimates(log: Any, estimators: list[str] = BOUNDED, **options: Any) -> dict[str, EstimateRow]:
    """Rows by the estimator's name, over all rounds."""
    rows = ope(log, estimators, **({"ci": "normal"} | options)).estimates
    return {row.estimator.name: row for row in rows if row.segment is None}


def known(number: float | None) -> float:
    assert number is not None
    return number


def bounds(estimate: Estimate, index: int = 0) -> tuple[float, float]:
    return known(estimate.intervals[index].low), known(estimate.intervals[index].high)


def expected(file: str, log: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((REFERENCE / file).read_text())[log]
    return found


# Values from elsewhere.


@needs_reference
@pytest.mark.parametrize("log", LOGS)
def test_values_of_the_open_bandit_dataset(log: str) -> None:
    wanted = expected("expected.json", log)
    names = list(wanted["estimates"])
    assert len(names) == 45
    assert {name.split(":")[0] for name in names} == {*NAMES} - {"csnips", "mips"}
    result = ope(REFERENCE / f"{log}.parquet", names)
    for name, row in zip(names, result.estimates, strict=True):
        assert row.value.value == pytest.approx(wanted["estimates"][name], rel=0, abs=1e-9), name
    assert result.logged.n == wanted["n"]
    assert result.logged.value == pytest.approx(wanted["logged"], rel=0, abs=1e-12)
    for name in ("ess", "max_weight", "mean_weight"):
        assert result.estimates[0].diagnostics[name] == pytest.approx(wanted[name], rel=1e-9), name


@needs_reference
@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("level", [0.95, 0.9])
def test_normal_intervals_of_vw_estimators(log: str, level: float) -> None:
    row = estimates(REFERENCE / f"{log}.parquet", ["ips"], level=level, ci="normal")["ips"]
    wanted = expected("expected_vw.json", log)[f"gaussian_ci_{round(1 - level, 2)}"]
    assert bounds(row.value) == pytest.approx(wanted, rel=0, abs=1e-9)


@needs_reference
def test_candidate_lists_hold_the_same_rounds_as_rows() -> None:
    lists = REFERENCE / "men_random_to_bts_candidates.parquet"
    names = [name for name in BOUNDED if not name.startswith("mips")]
    rows = estimates(REFERENCE / "men_random_to_bts.parquet", names, where="round_id < 2000", ci=METHODS)
    assert rows["ips"].logged.n == 2000
    for name, row in estimates(lists, names, ci=METHODS).items():
        for found, wanted in ((row.value, rows[name].value), (row.gain, rows[name].gain)):
            assert found.value == pytest.approx(wanted.value, rel=1e-9, abs=1e-15), name
            assert found.std_error == pytest.approx(wanted.std_error, rel=1e-8), name
            for index in range(len(METHODS)):
                assert bounds(found, index) == pytest.approx(bounds(wanted, index), rel=1e-7), name


# Values by hand: weights 2, 0.5, 4, 0.

HAND = {
    "reward": [1.0, 0.0, 1.0, 1.0],
    "propensity": [0.25, 0.5, 0.2, 0.5],
    "target_propensity": [0.5, 0.25, 0.8, 0.0],
    "q_logged": [0.5, 0.25, 0.75, 0.5],
    "q_target": [0.6, 0.3, 0.8, 0.1],
}
Q_PI = (0.6 + 0.3 + 0.8 + 0.1) / 4
BY_HAND = {
    "ips": (2 + 4) / 4,
    "cips:max_weight=3": (2 + 3) / 4,
    "snips": (2 + 4) / (2 + 0.5 + 4),
    "csnips:max_weight=3": (2 + 3) / (2 + 0.5 + 3),
    "dm": Q_PI,
    "dr": Q_PI + (2 * 0.5 - 0.5 * 0.25 + 4 * 0.25) / 4,
    "cdr:max_weight=3": Q_PI + (2 * 0.5 - 0.5 * 0.25 + 3 * 0.25) / 4,
    "sndr": Q_PI + (2 * 0.5 - 0.5 * 0.25 + 4 * 0.25) / (2 + 0.5 + 4),
    "switch_dr:tau=2": Q_PI + (2 * 0.5 - 0.5 * 0.25) / 4,
    "dros:lambda=4": Q_PI + (4 * 2 / 8 * 0.5 - 4 * 0.5 / 4.25 * 0.25 + 4 * 4 / 20 * 0.25) / 4,
    "sg_ips:lambda=0.5": (2 / 1.5 + 4 / 2.5 + 0) / 4,
    "sg_ips:lambda=1": 3 / 4,
    "sg_dr:lambda=0.5": Q_PI + (2 / 1.5 * 0.5 - 0.5 / 0.75 * 0.25 + 4 / 2.5 * 0.25 + 0) / 4,
    "sg_dr:lambda=1": Q_PI + (0.5 - 0.25 + 0.25 + 0.5) / 4,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_by_hand(name: str) -> None:
    (row,) = ope(HAND, name).estimates
    assert row.value.value == pytest.approx(BY_HAND[name], rel=1e-15)
    assert row.logged.value == 3 / 4
    assert row.gain.value == pytest.approx(BY_HAND[name] - 3 / 4, rel=1e-14)
    assert row.relative.value == pytest.approx(BY_HAND[name] / (3 / 4) - 1, rel=1e-14)


def test_errors_by_hand() -> None:
    rows = estimates(HAND, ["ips", "snips"], ci="normal")
    terms, mean = (2, 0, 4, 0), (2 + 4) / 4
    wanted = math.sqrt(sum((t - mean) ** 2 for t in terms) / 3 / 4)
    assert rows["ips"].value.std_error == pytest.approx(wanted, rel=1e-14)
    z = NormalDist().inv_cdf(0.975)
    assert bounds(rows["ips"].value) == pytest.approx((mean - z * wanted, mean + z * wanted), rel=1e-13)
    ratio, weights = 6 / 6.5, (2, 0.5, 4, 0)
    residuals = [(t - ratio * w) / (6.5 / 4) for t, w in zip(terms, weights, strict=True)]
    wanted = math.sqrt(sum(e * e for e in residuals) / 3 / 4)
    assert rows["snips"].value.std_error == pytest.approx(wanted, rel=1e-13)
    gain = [t - r for t, r in zip(terms, HAND["reward"], strict=True)]
    wanted = math.sqrt(sum((g - sum(gain) / 4) ** 2 for g in gain) / 3 / 4)
    assert rows["ips"].gain.std_error == pytest.approx(wanted, rel=1e-14)


# Values and errors the slow way.

LOG = naive.random_log(600, seed=1)


@pytest.mark.parametrize("name", NAMES)
def test_values_and_errors_equal_the_naive_ones(name: str) -> None:
    row = estimates(LOG)[name]
    value, logged = naive.value(name, LOG, TIGHT[name]), naive.mean(LOG["reward"])
    assert row.value.value == pytest.approx(value, rel=1e-13)
    assert row.gain.value == pytest.approx(value - logged, rel=1e-12)
    assert row.relative.value == pytest.approx(value / logged - 1, rel=1e-12)
    for estimate, residuals in (
        (row.value, naive.residuals(name, LOG, TIGHT[name])),
        (row.gain, naive.gain_residuals(name, LOG, TIGHT[name])),
        (row.relative, naive.relative_residuals(name, LOG, TIGHT[name])),
    ):
        assert estimate.std_error == pytest.approx(naive.std_error(residuals), rel=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_clustered_errors_equal_the_naive_ones(name: str) -> None:
    row = estimates(LOG, cluster="country")[name]
    few = naive.random_log(600, seed=2)
    few["user"] = np.arange(600) % 20  # no two of them in one bucket
    many = estimates(few, cluster="user")[name]
    for log, found, column in ((LOG, row, "country"), (few, many, "user")):
        for estimate, residuals in (
            (found.value, naive.residuals(name, log, TIGHT[name])),
            (found.gain, naive.gain_residuals(name, log, TIGHT[name])),
            (found.relative, naive.relative_residuals(name, log, TIGHT[name])),
        ):
            wanted = naive.std_error(residuals, list(log[column]))
            assert estimate.std_error == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_those_of_jackknife_and_bootstrap(name: str) -> None:
    error = known(estimates(LOG)[name].value.std_error)
    assert error == pytest.approx(naive.jackknife_std_error(name, LOG, TIGHT[name]), rel=0.01)
    assert error == pytest.approx(naive.bootstrap_std_error(name, LOG, TIGHT[name], 2000, seed=3), rel=0.08)


@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_intervals_are_as_wide_as_the_errors_say(name: str) -> None:
    log = naive.random_log(20_000, seed=4)
    row = estimates(log, ci=METHODS, replicates=2000)[name]
    for estimate in (row.value, row.gain, row.relative):
        low, high = bounds(estimate, 0)
        for index in (1, 2):
            found = bounds(estimate, index)
            assert found == pytest.approx((low, high), abs=0.15 * (high - low))
            assert found[1] - found[0] == pytest.approx(high - low, rel=0.08)


def test_gain_of_the_logging_policy_is_nothing_and_certain() -> None:
    log = naive.random_log(2000, seed=5) | {"target_propensity": LOG["propensity"][0]}
    log["propensity"] = np.full(2000, LOG["propensity"][0])
    log["target_propensity"] = log["propensity"]
    log["target_marginal_propensity"] = log["marginal_propensity"]
    for name in ("ips", "snips", "cips", "csnips", "sg_ips", "mips"):
        row = estimates(log, [name], ci=METHODS)[name]
        assert row.value.value == pytest.approx(row.logged.value, rel=1e-14)
        assert row.value.std_error == pytest.approx(row.logged.std_error, rel=1e-12)
        assert row.gain.value == pytest.approx(0.0, abs=1e-15)
        assert row.gain.std_error == 0.0
        for index in range(len(METHODS)):
            low, high = bounds(row.gain, index)
            assert abs(low) < 1e-12
            assert high - low < 1e-12


def test_the_covariance_makes_a_gain_surer_than_two_logs_would() -> None:
    log = naive.random_log(5000, seed=6, spread=0.2)
    row = estimates(log, ["snips"])["snips"]
    apart = math.hypot(known(row.value.std_error), known(row.logged.std_error))
    assert known(row.gain.std_error) < 0.5 * apart


def test_fieller_bounds_are_the_gains_that_the_data_do_not_contradict() -> None:
    log = naive.random_log(150, seed=13, rate=0.05)
    row = estimates(log, ["ips"], ci="normal")["ips"]
    logged = known(row.logged.value)
    assert 0 < logged < 3 * known(row.logged.std_error)
    z = NormalDist().inv_cdf(0.975)
    reward, value = np.array(log["reward"]), known(row.value.value)

    def contradiction(x: float) -> float:
        """How far ``value - (1 + x) logged`` is off 0 in standard errors, less z."""
        linear = naive.residuals("ips", log) - (1 + x) * (reward - logged)
        return abs(value - (1 + x) * logged) / naive.std_error(linear) - z

    low, high = bounds(row.relative)
    gain = known(row.relative.value)
    assert low == pytest.approx(brentq(contradiction, -0.999, gain), rel=1e-9)
    assert high == pytest.approx(brentq(contradiction, gain, 100.0), rel=1e-9)
    margin = z * known(row.relative.std_error)
    assert (low, high) != pytest.approx((gain - margin, gain + margin), abs=0.05)


def test_a_relative_gain_has_the_sign_of_the_gain() -> None:
    """Rewards -4 and -16 of equal weights by hand: (5/4 (-4) + 3/4 (-16)) / 2 = -8.5 over -10 is +15 %."""
    log = {
        "reward": [-4.0, -16.0] * 200,
        "propensity": [0.4, 0.4] * 200,
        "target_propensity": [0.4 * 5 / 4, 0.4 * 3 / 4] * 200,
    }
    result = ope(log, "ips", ci=METHODS)
    (row,) = result.estimates
    assert (row.value.value, row.gain.value) == (pytest.approx(-8.5), pytest.approx(1.5))
    assert row.relative.value == pytest.approx(0.15, rel=1e-12)
    assert all(bounds(row.relative, i)[0] < 0.15 < bounds(row.relative, i)[1] for i in range(3))
    assert result.rows()[0]["gain_relative"] == row.relative.value
    assert row.to_dict()["gain"]["relative"] == row.relative.value
    assert "+15.0 %" in result.render("table", 200)


def test_errors_of_a_relative_gain_over_a_negative_reference_are_the_naive_ones() -> None:
    log = naive.random_log(400, seed=9)
    log["reward"] = log["reward"] - 3.0
    (row,) = ope(log, "snips").estimates
    gain, logged = known(row.gain.value), known(row.logged.value)
    assert row.relative.value == pytest.approx(gain / abs(logged), rel=1e-12)
    assert row.relative.std_error == pytest.approx(
        naive.std_error(naive.relative_residuals("snips", log)), rel=1e-9
    )


def test_relative_gain_over_next_to_nothing_is_unbounded_and_says_so() -> None:
    log = naive.random_log(200, seed=8)
    log["reward"] = np.zeros(200)
    log["reward"][[3, 40, 77]] = 1.0
    result = ope(log, ["ips"], ci=METHODS)
    (row,) = result.estimates
    assert row.relative.value is not None
    assert all(interval.low is None and interval.reason for interval in row.relative.intervals)
    assert any("relative gain" in note and "Fieller" in note for note in result.warnings)


# Properties.

examples = settings(max_examples=25, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)


def values(log: Any, estimators: list[str] = BOUNDED) -> dict[str, float]:
    return {name: known(row.value.value) for name, row in estimates(log, estimators).items()}


@examples
@given(seeds, st.integers(20, 300))
def test_the_order_of_rounds_does_not_matter(seed: int, n: int) -> None:
    log = naive.random_log(n, seed)
    order = np.random.default_rng(seed).permutation(n)
    shuffled = {name: column[order] for name, column in log.items()}
    before, after = (estimates(each, ci=["bootstrap"], replicates=50) for each in (log, shuffled))
    for name, row in before.items():
        assert after[name].value.value == pytest.approx(row.value.value, rel=1e-12)
        assert after[name].value.std_error == pytest.approx(row.value.std_error, rel=1e-9)
        assert bounds(after[name].value) == pytest.approx(bounds(row.value), rel=1e-9)


@examples
@given(seeds, st.floats(-10, 10), st.floats(-10, 10))
def test_linear_in_the_reward(seed: int, factor: float, shift: float) -> None:
    log = naive.random_log(200, seed)
    before = values(log)
    scaled = values(log | {"reward": factor * log["reward"]})
    for name in ("ips", "cips", "snips", "csnips", "sg_ips", "mips"):
        assert scaled[name] == pytest.approx(factor * before[name], rel=1e-12, abs=1e-12)
    moved = log | {name: factor * log[name] + shift for name in ("reward", "q_logged", "q_target")}
    after = values(moved)
    for name in ("snips", "csnips"):
        assert after[name] == pytest.approx(factor * before[name] + shift, rel=1e-11, abs=1e-11)
    for name in ("dm", "dr", "cdr", "sndr", "switch_dr", "dros", "sg_dr"):
        assert after[name] == pytest.approx(factor * before[name] + shift, rel=1e-11, abs=1e-11)


@examples
@given(seeds, st.floats(0.1, 3.0))
def test_self_normalised_values_lie_within_the_rewards(seed: int, spread: float) -> None:
    log = naive.random_log(50, seed, spread=spread)
    log["reward"] = np.random.default_rng(seed).normal(5.0, 2.0, 50)
    for name in ("snips", "csnips"):
        assert log["reward"].min() <= values(log, [name])[name] <= log["reward"].max()


@examples
@given(seeds, st.lists(st.floats(0.01, 100.0), min_size=2, max_size=6))
def test_clipping_less_takes_cips_up_to_ips(seed: int, limits: list[float]) -> None:
    log = naive.random_log(100, seed, spread=1.5)
    limits = sorted(limits)
    rows = ope(log, [f"cips:max_weight={limit!r}" for limit in limits]).estimates
    found = [known(row.value.value) for row in rows]
    assert all(low <= high * (1 + 1e-14) for low, high in pairwise(found))
    unclipped = values(log, ["ips", "dr", "snips", "mips"])
    largest = float(max(max(naive.weights(name, log)) for name in ("ips", "mips")))
    assert found[-1] <= unclipped["ips"] * (1 + 1e-14)
    for clipped, plain in (("cips", "ips"), ("cdr", "dr"), ("csnips", "snips"), ("mips", "mips")):
        above = f"{clipped}:max_weight={largest * 1.001!r}"
        assert values(log, [above])[clipped] == unclipped[plain]


@examples
@given(seeds)
def test_parameters_lead_from_the_plain_estimator_to_no_weights(seed: int) -> None:
    log = naive.random_log(100, seed, spread=1.5)
    plain = values(log, ["ips", "dr", "dm"])
    for name in ("switch_dr", "dros"):
        limit = values(log, [spelled(name, 1e12)])[name]
        assert limit == pytest.approx(plain["dr"], rel=1e-8)
        assert values(log, [spelled(name, 1e-12)])[name] == pytest.approx(plain["dm"], rel=1e-8)
    assert values(log, ["sg_ips:lambda=0"])["sg_ips"] == plain["ips"]
    assert values(log, ["sg_dr:lambda=0"])["sg_dr"] == plain["dr"]
    assert values(log, ["sg_ips:lambda=1"])["sg_ips"] == pytest.approx(np.mean(log["reward"]), rel=1e-14)
    unweighted = plain["dm"] + np.mean(log["reward"] - log["q_logged"])
    assert values(log, ["sg_dr:lambda=1"])["sg_dr"] == pytest.approx(unweighted, rel=1e-13)


@examples
@given(seeds)
def test_only_what_reduces_weights_has_a_share_clipped(seed: int) -> None:
    log = naive.random_log(100, seed, spread=1.5)
    for name, row in estimates(log).items():
        weights = naive.weights(name, log)
        share = row.diagnostics["share_clipped"]
        if name not in PARAMETERS or name.startswith("sg_"):
            assert share is None
        else:
            kept = sum(naive.transformed(name, w, TIGHT[name]) for w in weights)
            assert share == pytest.approx(1 - kept / sum(weights), rel=1e-12, abs=1e-14)


@examples
@given(seeds)
def test_a_model_of_zeros_leaves_the_weights_alone(seed: int) -> None:
    log = naive.random_log(100, seed) | {"q_logged": np.zeros(100), "q_target": np.zeros(100)}
    found = values(log)
    assert found["dm"] == 0.0
    for name, plain in (("dr", "ips"), ("cdr", "cips"), ("sndr", "snips"), ("sg_dr", "sg_ips")):
        assert found[name] == pytest.approx(found[plain], rel=1e-14, abs=1e-15)


@examples
@given(seeds)
def test_a_perfect_model_leaves_no_variance_from_weights(seed: int) -> None:
    log = naive.random_log(100, seed, spread=2.0)
    log["q_logged"] = log["reward"]
    rows = estimates(log)
    for name in ("dr", "cdr", "sndr", "switch_dr", "dros", "sg_dr"):
        assert rows[name].value.value == pytest.approx(rows["dm"].value.value, rel=1e-13)
        assert rows[name].value.std_error == pytest.approx(rows["dm"].value.std_error, rel=1e-12)
    log["q_target"] = np.full(100, 0.4)
    for name in ("dm", "dr", "cdr", "sndr", "switch_dr", "dros", "sg_dr"):
        assert estimates(log, [name])[name].value.std_error == 0.0


@examples
@given(seeds, st.sampled_from([1.0, 0.3, -7.1, 1e6]))
def test_a_constant_reward_is_certain(seed: int, reward: float) -> None:
    log = naive.random_log(500, seed, spread=1.5) | {"reward": np.full(500, reward)}
    for name, row in estimates(log, ["snips", "csnips"], ci=METHODS).items():
        assert row.value.value == pytest.approx(reward, rel=1e-14), name
        assert row.value.std_error == 0.0
        for index in range(len(METHODS)):
            for estimate, wanted in ((row.value, reward), (row.gain, 0.0), (row.relative, 0.0)):
                low, high = bounds(estimate, index)
                assert high - low < 1e-12 * max(abs(reward), 1.0)
                assert low == pytest.approx(wanted, rel=1e-12, abs=1e-12 * max(abs(reward), 1.0))


def test_a_nearly_constant_reward_is_not_certain() -> None:
    log = naive.random_log(5000, seed=9)
    log["reward"] = 1.0 + 1e-6 * np.random.default_rng(0).standard_normal(5000)
    row = estimates(log, ["snips"], ci=METHODS)["snips"]
    wanted = naive.std_error(naive.residuals("snips", log))
    assert row.value.std_error == pytest.approx(wanted, rel=1e-3)
    for index in range(len(METHODS)):
        low, high = bounds(row.value, index)
        assert high - low == pytest.approx(2 * 1.96 * wanted, rel=0.15)


# The call.


def test_results_come_in_the_order_asked() -> None:
    asked = ["sndr", "cips:max_weight=3", "ips", "cips:max_weight=2"]
    result = ope(LOG, asked, ci=["bootstrap", "normal"], replicates=50)
    assert [row.estimator.label for row in result.estimates] == asked
    assert [i.method for i in result.estimates[0].gain.intervals] == ["bootstrap", "normal"]


def test_estimators_by_default() -> None:
    def names(log: Any) -> list[str]:
        return [row.estimator.name for row in ope(log).estimates]

    without = {name: column for name, column in LOG.items() if not name.startswith("q_")}
    assert names(LOG) == ["ips", "snips", "dr"]
    assert names(without) == ["ips", "snips"]
    assert names(without | {"q_logged": LOG["q_logged"]}) == ["ips", "snips"]


def test_other_seeds_move_only_the_bootstrap() -> None:
    one, same, other = (ope(LOG, "snips", ci=METHODS, seed=seed).to_dict() for seed in (1, 1, 2))
    assert one == same
    pairs = list(zip(one["results"][0]["intervals"], other["results"][0]["intervals"], strict=True))
    assert [a == b for a, b in pairs] == [True, False, False]


def test_a_level_moves_the_bounds_outwards() -> None:
    levels = [0.5, 0.8, 0.95, 0.999]
    for index in range(len(METHODS)):
        found = [
            bounds(estimates(LOG, ["snips"], ci=METHODS, level=level)["snips"].value, index)
            for level in levels
        ]
        assert found == sorted(found, reverse=True)
        assert [high for _, high in found] == sorted(high for _, high in found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ci": ["jackknife"]}, "ci: found 'jackknife', wanted one of auto, normal, student, bootstrap"),
        ({"ci": []}, "ci: found no method, wanted one of auto, normal, student, bootstrap"),
        ({"level": 95}, "level: found 95.0, wanted a number between 0 and 1"),
        ({"level": math.nan}, "level: found nan"),
        ({"ci": "bootstrap", "replicates": 1}, "replicates: found 1, wanted 2 to 1,000,000"),
        ({"estimators": ["mpis"]}, "unknown estimator 'mpis': did you mean 'mips'?"),
        ({"columns": {"rewards": "reward"}}, "rewards"),
        ({"where": "reward >"}, "where"),
    ],
)
def test_wrong_calls_say_what_was_found_and_wanted(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        ope(LOG, **({"estimators": ["ips"]} | options))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_log_brings_its_own_columns_and_filter() -> None:
    log = Log(LOG, "log", where="country == 'de'")
    wanted = ope(LOG, "snips", where="country == 'de'").estimates[0].value
    assert ope(log, "snips").estimates[0].value == wanted
    for options in ({"where": "user > 3"}, {"columns": {"reward": "reward"}}):
        with pytest.raises(UsageError, match="found a Log, which has its own"):
            ope(log, "snips", **options)  # type: ignore[arg-type]
    run = Log({"query_id": ["a"], "item_id": ["b"], "score": [1.0]}, "run")
    with pytest.raises(UsageError, match="log: found a Log of role 'run', wanted 'log'"):
        ope(run, "snips")


def test_what_is_asked_for_twice_is_computed_once() -> None:
    twice = ope(LOG, "ips,snips,ips", ci="normal,normal")
    assert [row.estimator.name for row in twice.estimates] == ["ips", "snips"]
    assert twice.to_dict() == ope(LOG, "ips,snips", ci="normal").to_dict()


@pytest.mark.parametrize("option", ["by", "cluster"])
def test_lists_say_no_segment_and_no_cluster(option: str) -> None:
    log = {
        "reward": [1.0, 0.0],
        "action": [0, 0],
        "candidate_propensities": [[0.5, 0.5]] * 2,
        "candidate_target_propensities": [[0.5, 0.5]] * 2,
    }
    with pytest.raises(DataError) as caught:
        ope(log, "ips", **{option: "candidate_propensities"})  # type: ignore[arg-type]
    assert str(caught.value) == (
        "<dict>: column 'candidate_propensities' holds list<item: double>, wanted one value a round"
    )


@pytest.mark.parametrize("option", ["by", "cluster"])
def test_a_column_without_a_name_is_none(option: str) -> None:
    with pytest.raises(DataError, match="<dict>: no column ''; its columns are"):
        ope(LOG, "ips", **{option: ""})  # type: ignore[arg-type]


def test_a_segment_that_counts_0_times_is_none() -> None:
    log = HAND | {"country": ["de", "de", "fr", None], "weight": [1, 2, 0, 0]}
    result = ope(log, "ips", by="country")
    assert [row.segment for row in result.estimates] == [None, "de"]
    assert not any("in no segment" in warning for warning in result.warnings)
