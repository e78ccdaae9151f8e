"""How wrong propensities or a curve must be for a gain to change its sign."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from rankeval import ope
from rankeval.off_policy.sensitivity import gamma
from rankeval.off_policy.sensitivity_sums import Excess
from tests.shuffled_logs import shuffled_log


def worst(log, name, factor):
    """The worst gain when odds of propensities are wrong by a factor, by choosing every weight apart."""
    e, p, r = log["propensity"], log["target_propensity"], log["reward"]
    x = r - log["q_logged"] if name == "dr" else r
    model = log["q_target"].mean() if name == "dr" else 0.0
    w, logged = p / e, r.mean()
    ends = p + (w - p) / factor, p + (w - p) * factor
    if name == "snips":
        sign = np.sign((w * r).sum() / w.sum() - logged)
        chosen = np.where((r - logged) * sign > 0, *ends)
        return (chosen * r).sum() / chosen.sum() - logged
    sign = np.sign(model + (w * x).mean() - logged)
    return model + (np.where(x * sign > 0, *ends) * x).mean() - logged


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rewards", ["clicks", "amounts"])
def test_gamma_is_that_of_choosing_every_weight(seed, rewards):
    rng = np.random.default_rng(seed)
    n = 400
    e, p = rng.uniform(0.1, 0.9, n), rng.uniform(0.1, 0.9, n)
    r = (rng.random(n) < 0.2 + 0.3 * p) * 1.0 if rewards == "clicks" else rng.choice([-1.0, 0.0, 2.0, 5.0], n)
    log = {"reward": r, "propensity": e, "target_propensity": p}
    log |= {"q_logged": np.full(n, r.mean()), "q_target": np.full(n, r.mean()) + 0.1 * p}
    for row in ope(log, ["ips", "snips", "dr"], threads=1).to_dict()["results"]:
        found = row["sensitivity"]
        assert (found["of"], found["parameter"]) == ("propensities", "gamma")
        ends = [worst(log, row["name"], factor) for factor in (1.0, 16.0)]
        if ends[0] * ends[1] > 0.0:
            assert found["factor"] is None
        else:
            wanted = brentq(lambda factor, name=row["name"]: worst(log, name, factor), 1.0, 16.0)
            assert found["factor"] == pytest.approx(wanted, rel=1e-6)


@given(st.floats(0.01, 10.0), st.floats(-10.0, 0.0), st.floats(0.0, 10.0))
@settings(deadline=None)
def test_gamma_brings_the_worst_sum_to_zero(total, below, above):
    factor = gamma(total, below, above)
    assert gamma(-total, -above, -below) == factor
    if factor is None:
        assert total + (1 / 16 - 1) * above + 15 * below > -1e-9
    elif factor > 1.0:
        assert total + (1 / factor - 1) * above + (factor - 1) * below == pytest.approx(0.0, abs=1e-6)


def test_gamma_is_exact_where_hardly_any_reward_is_below():
    # 0.0625 + (1 / G - 1) 5 + (G - 1) (-1e-9) is 0 at G = 5 / (5 - 0.0625) but for 1e-9.
    assert gamma(0.0625, -1e-9, 5.0) == pytest.approx(5.0 / (5.0 - 0.0625), rel=1e-8)


@pytest.mark.parametrize("name", ["click_ips", "click_cips:max_weight=2", "click_dcg", "click_arp"])
def test_under_the_curve_to_that_power_the_gain_is_zero(name):
    log, curve = shuffled_log(5, 1500), np.array([1.0, 0.5, 0.3, 0.2])
    options = {"target": {"new": "score"}, "where": "not shuffled", "threads": 1}
    (row,) = ope(log, [name], position_bias=list(curve), **options).to_dict()["results"]
    factor = row["sensitivity"]["factor"]
    if factor is None:
        (moved,) = ope(log, [name], position_bias=list(curve**3), **options).to_dict()["results"]
        assert moved["gain"]["value"] * row["gain"]["value"] > 0.0
        return
    (moved,) = ope(log, [name], position_bias=list(curve**factor), **options).to_dict()["results"]
    assert moved["gain"]["value"] == pytest.approx(0.0, abs=1e-4 * row["value"])


def test_no_gain_has_no_sensitivity():
    log = shuffled_log(6, 300)
    bias = [1.0, 0.5, 0.3, 0.2]
    options = {"target": {"same": "ranker_score"}, "where": "not shuffled", "threads": 1}
    (row,) = ope(log, ["click_ips"], position_bias=bias, **options).to_dict()["results"]
    assert row["sensitivity"] is None


def test_segments_have_their_own():
    rng = np.random.default_rng(0)
    n = 400
    log = {
        "reward": (rng.random(n) < 0.3) * 1.0,
        "propensity": rng.uniform(0.2, 0.8, n),
        "part": np.arange(n) % 2,
    }
    log["target_propensity"] = rng.uniform(0.2, 0.8, n)
    rows = ope(log, ["ips"], by="part", threads=1).to_dict()["results"]
    alone = {name: values[log["part"] == 1] for name, values in log.items()}
    (only,) = ope(alone, ["ips"], threads=1).to_dict()["results"]
    assert rows[2]["sensitivity"] == only["sensitivity"]


@pytest.mark.parametrize(("length", "known"), [(32, True), (33, False)])
def test_long_lists_have_none(length, known):
    rng = np.random.default_rng(1)
    log = {
        "session_id": np.repeat(np.arange(50), length),
        "position": np.tile(np.arange(1, length + 1), 50),
        "click": (rng.random(50 * length) < 0.2) * 1,
        "score": rng.random(50 * length),
    }
    bias = list(1.0 / np.arange(1.0, length + 1.0))
    (row,) = ope(log, ["click_ips"], position_bias=bias, threads=1).to_dict()["results"]
    assert (row["sensitivity"] is not None) == known


def test_classes_are_those_of_a_dictionary():
    """Both signs, 120 powers of two and both zeros: rows of the tables meet, and the first table is full."""
    rng = np.random.default_rng(4)
    reward = rng.choice([-1.0, 0.0, -0.0, 1.0], 20_000) * 2.0 ** rng.uniform(-60, 60, 20_000)
    weight, model = rng.uniform(0.0, 3.0, 20_000), rng.normal(size=20_000)
    none = np.zeros(0)
    both = Excess.of((none, weight), reward, model, None)
    for found, x in zip(both, (reward, reward - model), strict=True):
        wanted: dict[int, list[float]] = {}
        for key, w, value in zip(((x + 0.0).view(np.int64) >> 46).tolist(), weight, x, strict=True):
            sums = wanted.setdefault(key, [0.0, 0.0])
            sums[0] += w
            sums[1] += w * value
        assert found.keys.tolist() == sorted(wanted)
        assert found.sums.tolist() == [wanted[key] for key in sorted(wanted)]
