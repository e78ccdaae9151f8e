"""The interval that the data choose: normal where it holds, else another one or none, with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval import ope
from rankeval.inference import Inference, Mean, Moments, effective_terms, fieller, pairs_needed

RANGES = {"reward_range": "0,1", "weight_range": "0,1.8"}


def log(n: int, rate: float, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    return {"reward": (rng.random(n) < rate).astype(float), "importance_weight": rng.choice([0.2, 1.8], n)}


def taken(data: dict, name: str = "ips", **options) -> dict:
    row = ope(data, name, **options).estimates[0]
    return {what: getattr(row, what).intervals[0] for what in ("value", "gain", "relative")}


def codes(data: dict, name: str = "ips", **options) -> set[str]:
    return {note.code for note in ope(data, name, **options).notes}


@pytest.mark.parametrize("rewards", [5, 40])
def test_rare_rewards_of_1_are_worth_their_number(rewards: int) -> None:
    """With buckets it is the participation ratio; without, a lower bound of it."""
    n = 2000
    terms = (np.arange(n) < rewards).astype(float)[np.newaxis]
    for keys in (None, np.arange(n, dtype=np.uint64)):
        moments = Moments.of(terms, pairs_needed([Mean(0)]), keys)
        assert effective_terms(Inference(moments), Mean(0)) == pytest.approx(rewards, rel=0.25)


def test_the_bound_without_buckets_is_a_lower_one() -> None:
    rng = np.random.default_rng(0)
    for sigma in (0.5, 1.0, 2.0):
        terms = rng.lognormal(0, sigma, (1, 3000))
        bound, worth = (
            effective_terms(Inference(Moments.of(terms, pairs_needed([Mean(0)]), keys)), Mean(0))
            for keys in (None, np.arange(3000, dtype=np.uint64))
        )
        assert bound < 1.2 * worth  # buckets hold more than one unit here and there


def test_a_good_log_takes_normal_and_says_nothing() -> None:
    data = log(20_000, 0.05)
    automatic, normal = (ope(data, ["ips", "snips"], ci=ci) for ci in ("auto", "normal"))
    assert automatic.to_dict() == normal.to_dict()
    assert ope(data, ["ips", "snips"]).to_dict() == automatic.to_dict()
    assert not {note.code for note in automatic.notes} & {"few_rewards", "not_computed"}


def test_rare_rewards_take_the_studentised_bootstrap_with_a_warning() -> None:
    data = log(5000, 0.002)
    value = taken(data)["value"]
    assert value.method == "bootstrap_t"
    assert "Student's t" in (value.why or "")
    normal = ope(data, "ips", ci="normal").estimates[0].value.intervals[0]
    assert (value.low or 0.0) <= (normal.low or 0.0) < (normal.high or 0.0) < (value.high or 0.0)
    assert "few_rewards" in codes(data)


def unseen(data: dict, name: str, **options) -> tuple[dict, float]:
    """The estimated value and gain, and the normal quantile of their intervals."""
    row = ope(data, name, **options).estimates[0]
    return {"value": row.value, "gain": row.gain}, 1.959963984540054


def unlucky() -> dict:
    """4 rewards at light weights, beside a weight of 50 without one."""
    weights = np.where(np.arange(1000) == 7, 50.0, 0.5)
    return {"reward": (np.arange(1000) % 250 == 1).astype(float), "importance_weight": weights}


@pytest.mark.parametrize(
    ("name", "what", "change"),
    [("ips", "value", 0.05), ("ips", "gain", 0.05), ("snips", "value", 0.05 / (0.999 * 0.5 + 0.05))],
)
def test_there_is_room_for_a_reward_at_the_largest_weight(name: str, what: str, change: float) -> None:
    """One more unit of weight 50 and reward 1 changes the mean of 1,000 by .05; SNIPS over a mean weight."""
    estimates, z = unseen(unlucky(), name)
    estimate = estimates[what]
    interval, size = estimate.intervals[0], math.hypot(estimate.std_error, change)
    assert interval.high == pytest.approx(estimate.value + change + z * size, rel=1e-9)
    assert interval.low > estimate.value - change  # a unit more cannot have a reward below 0
    assert "one more unit" in interval.why


def test_a_relative_gain_has_room_in_its_numerator() -> None:
    """Fieller's interval of the value over the logged reward, the value moved by one unit more."""
    rounds = np.arange(1000)
    weights = np.where(rounds == 7, 50.0, np.where(rounds % 4 < 2, 0.5, 1.5))
    data = {"reward": (rounds % 63 == 1).astype(float), "importance_weight": weights}
    row = ope(data, "ips").estimates[0]
    value, logged = row.value, row.logged
    covariance = float(np.cov(data["reward"] * weights, data["reward"])[0, 1]) / 1000
    errors = math.hypot(value.std_error, 0.05), logged.std_error
    _, high = fieller(value.value + 0.05, logged.value, errors, covariance, 1.959963984540054)
    assert row.relative.intervals[0].high == pytest.approx(high, rel=1e-9)


def test_room_for_what_is_unseen_goes_by_what_is_stated() -> None:
    """A residual of an average prediction, .004, is -.004 to 1.996, and the largest weight is 100."""
    data = unlucky() | {"q_logged": np.full(1000, 0.004), "q_target": np.full(1000, 0.004)}
    estimates, z = unseen(data, "dr", weight_range="0,100", reward_range="0,2")
    value = estimates["value"]
    low, high = value.intervals[0].low, value.intervals[0].high
    for end, change in ((low, -100.0 * 0.004 / 1000.0), (high, 100.0 * 1.996 / 1000.0)):
        room = value.value + change + math.copysign(z * math.hypot(value.std_error, change), change)
        assert end == pytest.approx(room, rel=1e-9)


def test_clipping_bounds_what_is_unseen() -> None:
    estimates, z = unseen(unlucky(), "cips:max_weight=2")
    value = estimates["value"]
    margin = 0.002 + z * math.hypot(value.std_error, 0.002)
    assert value.intervals[0].high == pytest.approx(value.value + margin, rel=1e-9)


def test_fourth_powers_bound_the_count_of_terms_from_below() -> None:
    """One large weight, which the bound by the extremes takes all for, among many small ones."""
    rng = np.random.default_rng(3)
    n = 4000
    weights = np.append(rng.choice([0.2, 1.8], n - 1), 40.0)
    data = {"reward": rng.integers(0, 2, n).astype(float), "importance_weight": weights}
    data["reward"][-1] = 1.0
    terms = weights * data["reward"]
    moments = Moments.of(terms[np.newaxis], pairs_needed([Mean(0)]))
    residuals = terms - terms.mean()
    exact = float(np.sum(residuals**2) ** 2 / np.sum(residuals**4))
    by_extremes = float(np.sum(residuals**2) / np.max(residuals**2))
    found = effective_terms(Inference(moments), Mean(0))
    assert by_extremes < found <= exact
    root = np.sum(terms**4) ** 0.25 + n**0.25 * terms.mean()
    squares = np.sum(residuals**2) * n / (n - 1)
    assert found == pytest.approx(float((squares / root**2) ** 2), rel=1e-9)


def test_stated_ranges_take_the_place_of_the_spread() -> None:
    data = log(500, 0.0)
    data["reward"][[3, 77]] = 1.0
    found = taken(data, **RANGES)
    assert (found["value"].method, found["gain"].method) == ("clopper_pearson", "likelihood")
    assert taken(data, reward_range="0,1")["value"].method == "likelihood"
    assert {"ranges_assumed"} <= codes(data, **RANGES)


def test_no_reward_at_all() -> None:
    """The rule of three with ranges; else none, and the missing option is named. Never of width 0."""
    data = log(500, 0.0)
    value = taken(data, **RANGES)["value"]
    assert (value.low, value.method) == (0.0, "clopper_pearson")
    assert value.high == pytest.approx(1.0 - 0.025 ** (1.8 / 500.0), rel=1e-9)
    missing = taken(data)
    assert all(interval.low is None for interval in missing.values())
    assert "--reward-range" in (missing["value"].reason or "")
    logged = ope(data, "ips", **RANGES).logged.intervals[0]
    assert (logged.method, logged.low) == ("clopper_pearson", 0.0)


def test_constant_predictions_do_not_hide_that_there_is_no_reward() -> None:
    """The residuals of ``sndr`` are constant, and their weighted mean would be known exactly."""
    data = log(500, 0.0) | {"q_logged": np.full(500, 0.1), "q_target": np.full(500, 0.1)}
    for ci in ("auto", "normal", "student", "bootstrap_t"):
        assert all(interval.low is None for interval in taken(data, "sndr", ci=ci).values())
    data["reward"][:] = 3.0  # the same reward in each round is known
    interval = taken(data, "sndr", ci="normal")["value"]
    assert (interval.low, interval.high) == pytest.approx((3.0, 3.0), abs=1e-9)


@pytest.mark.parametrize("ci", ["auto", "normal", "bootstrap_t"])
def test_rewards_of_one_weight_by_chance_are_not_known_exactly(ci: str) -> None:
    """Each reward has weight 1: the gain is 0 in each round, and the value is the mean reward."""
    data = log(500, 0.0)
    data["importance_weight"][:100] = 1.0
    data["reward"][:40] = 1.0
    found = taken(data, ci=ci)
    assert found["value"].low is not None
    assert [found[what].low for what in ("gain", "relative")] == [None, None]
    assert "how much others would vary" in found["gain"].reason
    data["importance_weight"][:] = 1.0  # the logging policy itself
    assert (taken(data, ci=ci)["gain"].low, taken(data, ci=ci)["gain"].high) == (0.0, 0.0)


def test_few_rewards_that_cancel_do_not_make_a_difference_well_known() -> None:
    """4 rewards of one weight: SNIPS differs between targets, and from the mean, by other rounds alone."""
    rng, n = np.random.default_rng(3), 2000
    action = rng.choice(3, n, p=[0.2, 0.4, 0.4])
    reward = np.zeros(n)
    reward[np.flatnonzero(action == 0)[:4]] = 1.0
    a, b = np.array([2.0, 1.25, 0.25])[action], np.array([2.0, 0.25, 1.25])[action]
    found = ope({"reward": reward, "a": a, "b": b}, "snips", target={"a": "weight:a", "b": "weight:b"})
    (between,) = (each for each in found.comparisons if each.b == "b")
    assert abs(between.difference.std_error or 0.0) < 1e-4  # it looks well known
    assert (between.difference.intervals[0].low, between.p_value) == (None, None)
    assert "both sides owe their values to the same terms" in (between.difference.intervals[0].reason or "")
    for row in found.estimates:
        assert row.relative.intervals[0].low is None
        assert row.gain.intervals[0].method == "bootstrap_t"
    # With 40 rewards the same shows that the difference is small.
    reward[np.flatnonzero(action == 0)[:40]] = 1.0
    many = ope({"reward": reward, "a": a, "b": b}, "snips", target={"a": "weight:a", "b": "weight:b"})
    assert all(row.relative.intervals[0].low is not None for row in many.estimates)


def test_a_value_without_error_leaves_the_relative_gain_its_interval() -> None:
    data = log(2000, 0.3) | {"q_logged": np.full(2000, 0.2), "q_target": np.full(2000, 0.4)}
    relative = taken(data, "dm")["relative"]
    assert relative.method == "normal"
    assert relative.low is not None


def test_one_reward_shows_no_spread() -> None:
    data = log(300, 0.0)
    data["reward"][5] = 1.0
    for name in ("ips", "snips"):
        assert taken(data, name)["value"].low is None
    assert "few_rewards" in codes(data)


@pytest.mark.parametrize("rewards", [0, 1, 6])
def test_predictions_do_not_hide_that_rewards_are_few(rewards: int) -> None:
    """Predictions vary in every round, and ``dr`` would look well known without a single reward."""
    rng = np.random.default_rng(1)
    data = log(500, 0.0) | {"q_logged": rng.uniform(0.0, 0.1, 500), "q_target": rng.uniform(0.0, 0.1, 500)}
    data["reward"][:rewards] = 1.0
    for name in ("dr", "sndr", "cdr:max_weight=1"):
        for interval in taken(data, name).values():
            assert interval.method in (("bootstrap_t", "student") if rewards > 1 else ("auto",))
            assert (interval.low is None) == (rewards <= 1)
    assert "few_rewards" in codes(data, "dr")
    assert taken(data, "dm")["value"].method == "normal"


def test_few_clusters_keep_the_interval_that_is_made_for_them() -> None:
    data = log(3000, 0.3) | {"user": np.arange(3000) % 12}
    found = ope(data, "ips", cluster="user", ci=["auto", "normal"]).estimates[0].value.intervals
    assert found[0] == found[1]


def test_the_same_bits_for_any_number_of_threads() -> None:
    data = log(5000, 0.002)
    one, three = (ope(data, ["ips", "snips"], threads=threads).to_dict() for threads in (1, 3))
    assert one == three


def test_segments_choose_each_for_itself() -> None:
    data = log(40_000, 0.05) | {"country": np.where(np.arange(40_000) < 39_600, "de", "fr")}
    rows = {row.segment: row.value.intervals[0].method for row in ope(data, "ips", by="country").estimates}
    assert rows[None] == rows["de"] == "normal"
    assert rows["fr"] != "normal"


def test_no_test_contradicts_an_interval_that_was_chosen() -> None:
    data = log(5000, 0.002)
    data["other"] = data["importance_weight"]
    few = ope(data, "ips", target={"new": "weight:other"}).comparisons
    assert [comparison.p_value for comparison in few] == [None]
    many = ope(log(20_000, 0.05) | {"other": data["other"].repeat(4)}, "ips", target={"new": "weight:other"})
    assert all(comparison.p_value is not None for comparison in many.comparisons)


def test_other_commands_take_normal() -> None:
    from rankeval import evaluate

    run = {"query_id": [1, 1, 2, 2, 3, 3], "item_id": [1, 2] * 3, "score": [2.0, 1.0] * 3}
    run["relevance"] = [1, 0, 0, 1, 1, 0]
    automatic, normal = (evaluate(run, metrics="dcg@2", ci=ci).to_dict() for ci in ("auto", "normal"))
    assert automatic["results"] == normal["results"]
