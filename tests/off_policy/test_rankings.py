"""Values and errors of the estimators of ranking policies; how logs are read is in test_ranking_log.py."""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import ope
from rankeval.off_policy.rows import EstimateRow
from tests import naive_rankings as naive
from tests.naive_off_policy import std_error
from tests.naive_rankings import NAMES
from tests.paths import REFERENCE

needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")
METHODS = ("normal", "bootstrap", "bootstrap_t")
LOG = naive.random_log(500, seed=1)
SESSIONS = naive.sessions_of(LOG)
PLAIN = ("sips", "iips", "rips", "policy_aware", "pi", "aips")


def estimates(log: Any, estimators: Any = NAMES, **options: Any) -> dict[str, EstimateRow]:
    rows = ope(log, list(estimators), **({"ci": "normal"} | options)).estimates
    return {row.estimator.name: row for row in rows if row.segment is None}


def values(log: Any, estimators: Any = NAMES) -> dict[str, float]:
    found = {name: row.value.value for name, row in estimates(log, estimators).items()}
    assert all(value is not None for value in found.values())
    return found  # type: ignore[return-value]


# Values from elsewhere.


@needs_reference
def test_values_of_the_slates() -> None:
    wanted = json.loads((REFERENCE / "ope" / "expected_slates.json").read_text())["slate_independent"]
    result = ope(REFERENCE / "ope" / "slate_independent.parquet", list(wanted["estimates"]))
    for (name, value), row in zip(wanted["estimates"].items(), result.estimates, strict=True):
        assert row.value.value == pytest.approx(value, rel=0, abs=1e-9), name
    assert result.logged.n == wanted["n_sessions"]
    assert result.logged.value == pytest.approx(wanted["logged"], rel=0, abs=1e-12)


@needs_reference
def test_values_of_position_based_clicks() -> None:
    reference = json.loads((REFERENCE / "click" / "pbm_log_reference.json").read_text())
    log = pq.read_table(REFERENCE / "click" / "pbm_log.parquet")
    query, item = (log[name].to_numpy() for name in ("query_id", "item_id"))
    theta, mix = np.array(reference["theta_true"]), reference["mix"]
    queries, items = np.shape(reference["alpha_true"])
    exposure = np.full((queries, items), mix[3] * theta.mean())
    for share, rankings in zip(mix[:3], reference["rankers"], strict=True):
        for q, ranking in enumerate(rankings):
            exposure[q, ranking] += share * theta
    targets = [np.argsort(-np.array(alpha), kind="stable") for alpha in reference["alpha_true"]]
    rank = np.array([np.argsort(target) for target in targets])[query, item]
    log = log.append_column("exposure", pa.array(exposure[query, item]))
    log = log.append_column("target_exposure", pa.array(theta[rank]))
    log = log.append_column("target_propensity", pa.array((rank + 1 == log["position"].to_numpy()) * 1.0))
    result = ope(log, ["policy_aware", "iips"])
    for row, name in zip(result.estimates, ("PBM_policy_aware", "IIPS"), strict=True):
        wanted = reference["ope"][name]
        assert row.value.value == pytest.approx(wanted["mean"], rel=0, abs=1e-6)
        assert row.value.std_error == pytest.approx(wanted["se"], rel=0, abs=1e-6)
    assert result.logged.value == pytest.approx(reference["ope"]["logged_clicks"]["mean"], rel=0, abs=1e-9)


class World:
    """All lists of three of five items under two Plackett-Luce policies, with all click patterns of a PBM."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.theta, self.attractive = given["theta"], given["attractiveness"]
        self.logging, self.target = (np.exp(given[f"{name}_scores"]) for name in ("logging", "target"))
        self.lists = list(permutations(range(given["items"]), given["slate"]))
        at = {name: np.array(given[f"item_position_{name}"]) for name in ("logging", "target")}
        self.propensity, self.target_propensity = at["logging"], at["target"]

    def prefix(self, strengths: Any, shown: tuple[int, ...]) -> list[float]:
        """Probability of the first 1, 2, ... items."""
        left, found = strengths.sum(), []
        for item in shown:
            found.append((found[-1] if found else 1.0) * strengths[item] / left)
            left -= strengths[item]
        return found

    def click(self, item: int, k: int) -> float:
        return float(self.theta[k] * self.attractive[item])

    @cache  # noqa: B019  (a few worlds a process)
    def to_go(self, shown: tuple[int, ...]) -> float:
        """Expected clicks from the last shown position on, when the target policy goes on."""
        return self.click(shown[-1], len(shown) - 1) + self.next(shown)

    def next(self, shown: tuple[int, ...]) -> float:
        """The same before the item at the next position is drawn."""
        if len(shown) == len(self.theta):
            return 0.0
        others = [item for item in range(len(self.target)) if item not in shown]
        left = sum(self.target[item] for item in others)
        return float(sum(self.target[item] / left * self.to_go((*shown, item)) for item in others))

    def slate_weights(self) -> dict[tuple[int, ...], float]:
        """The pseudo-inverse weight of each list."""
        places = len(self.theta)
        shown = np.zeros((len(self.lists), len(self.target) * places))
        for row, items in enumerate(self.lists):
            shown[row, [item * places + k for k, item in enumerate(items)]] = 1.0
        logged, targeted = (
            np.array([self.prefix(strengths, items)[-1] for items in self.lists])
            for strengths in (self.logging, self.target)
        )
        found = shown @ np.linalg.pinv(shown.T * logged @ shown) @ (targeted @ shown)
        return dict(zip(self.lists, found, strict=True))

    def columns(self, q_factor: float) -> tuple[dict[str, list[float]], list[float]]:
        """Columns of every list with every click pattern, and the probability of each."""
        slate_weight = self.slate_weights()
        exposure, target_exposure = self.propensity @ self.theta, self.target_propensity @ self.theta
        rows: list[dict[str, float]] = []
        chances = []
        for items, clicks in product(self.lists, product((0.0, 1.0), repeat=len(self.theta))):
            logged, targeted = self.prefix(self.logging, items), self.prefix(self.target, items)
            chance = logged[-1]
            for k, item in enumerate(items):
                p = self.click(item, k)
                chance *= p if clicks[k] else 1.0 - p
                rows.append(
                    {
                        "session_id": len(chances),
                        "position": k + 1,
                        "click": clicks[k],
                        "propensity": self.propensity[item, k],
                        "target_propensity": self.target_propensity[item, k],
                        "propensity_prefix": logged[k],
                        "target_propensity_prefix": targeted[k],
                        "propensity_list": logged[-1],
                        "target_propensity_list": targeted[-1],
                        "exposure": exposure[item],
                        "target_exposure": target_exposure[item],
                        "slate_weight": slate_weight[items],
                        "q_logged": q_factor * self.to_go(items[: k + 1]),
                        "q_target": q_factor * self.next(items[:k]),
                    }
                )
            chances.append(chance)
        return {name: [row[name] for row in rows] for name in rows[0]}, chances


EXACT = {
    "sips": ("IPS_list", 1.0),
    "iips": ("IIPS_item_position", 1.0),
    "rips": ("RIPS_cascade", 1.0),
    "policy_aware": ("PBM_policy_aware", 1.0),
    "pi": ("PI_pseudoinverse", 1.0),
    "sips:max_weight=2": ("IPS_list_clip2", 1.0),
    "iips:max_weight=2": ("IIPS_clip2", 1.0),
    "rips:max_weight=2": ("RIPS_clip2", 1.0),
    "sips:max_weight=5": ("IPS_list_clip5", 1.0),
    "iips:max_weight=5": ("IIPS_clip5", 1.0),
    "rips:max_weight=5": ("RIPS_clip5", 1.0),
    "snsips": ("SNIPS_list", 1.0),
    "sniips": ("SNIPS_IIPS", 1.0),
    "snrips": ("SNIPS_RIPS", 1.0),
    "snsips:max_weight=2": ("SNIPS_list_clip2", 1.0),
    "cascade_dr": ("CascadeDR_oracle_q", 1.0),
    "cascade_dr:max_weight=1e9": ("CascadeDR_half_q", 0.5),
}


@needs_reference
@pytest.mark.parametrize("name", EXACT)
def test_exact_means_and_deviations_over_all_lists_and_clicks(name: str) -> None:
    given = json.loads((REFERENCE / "click" / "exact.json").read_text())["stochastic_ope"]
    key, q_factor = EXACT[name]
    wanted = given["envs"]["pbm"][key]
    columns, chances = World(given).columns(q_factor)
    log = columns | {"weight": np.repeat(chances, 3)}
    (row,) = ope(log, name).estimates
    expectation = wanted.get("mean", wanted.get("limit"))
    assert row.value.value == pytest.approx(expectation, rel=0, abs=1e-9)
    deviation = wanted.get("sd_one_session", wanted.get("asymptotic_sd_one_session"))
    assert row.value.n == pytest.approx(1.0, rel=1e-12)
    assert row.value.std_error == pytest.approx(deviation, rel=1e-9)
    assert row.logged.value == pytest.approx(given["envs"]["pbm"]["onpolicy_logging_value"], rel=0, abs=1e-9)
    many = ope(log | {"weight": np.repeat(chances, 3) * 1000}, name).estimates[0].value
    assert many.value == pytest.approx(expectation, rel=0, abs=1e-9)
    assert many.std_error == pytest.approx(deviation / math.sqrt(1000), rel=1e-9)


# Values by hand: two sessions of two positions and one of one.

HAND = {
    "session_id": ["a", "a", "b", "b", "c"],
    "position": [1, 2, 1, 2, 1],
    "click": [1, 0, 1, 1, 1],
    "propensity": [0.5, 0.25, 0.5, 0.5, 0.2],
    "target_propensity": [0.25, 0.5, 1.0, 0.25, 0.1],
    "propensity_prefix": [0.5, 0.2, 0.5, 0.25, 0.2],
    "target_propensity_prefix": [0.25, 0.2, 1.0, 0.25, 0.1],
    "propensity_list": [0.2, 0.2, 0.25, 0.25, 0.2],
    "target_propensity_list": [0.2, 0.2, 0.25, 0.25, 0.1],
    "exposure": [0.8, 0.4, 0.5, 0.5, 1.0],
    "target_exposure": [0.4, 0.8, 0.5, 0.25, 0.5],
    "q_logged": [0.5, 0.25, 1.5, 0.5, 0.5],
    "q_target": [0.75, 0.5, 1.0, 0.25, 0.25],
}
BY_HAND = {
    # Weights of the lists 1, 1, 1/2 and clicks 1, 2, 1.
    "sips": (1 * 1 + 1 * 2 + 0.5 * 1) / 3,
    "snsips": (1 * 1 + 1 * 2 + 0.5 * 1) / (1 + 1 + 0.5),
    "sips:max_weight=0.75": (0.75 * 1 + 0.75 * 2 + 0.5 * 1) / 3,
    # Weights of the items 1/2, 2 | 2, 1/2 | 1/2.
    "iips": (0.5 + (2 + 0.5) + 0.5) / 3,
    "iips:max_weight=1": (0.5 + (1 + 0.5) + 0.5) / 3,
    "sniips": (0.5 + 2 + 0.5) / 3 / ((0.5 + 2 + 0.5) / 3) + 0.5 / 3 / ((2 + 0.5) / 2),
    # Weights of the prefixes 1/2, 1 | 2, 1 | 1/2.
    "rips": (0.5 + (2 + 1) + 0.5) / 3,
    "snrips": (0.5 + 2 + 0.5) / 3 / ((0.5 + 2 + 0.5) / 3) + 1 / 3 / ((1 + 1) / 2),
    # Weights of exposure 1/2, 2 | 1, 1/2 | 1/2.
    "policy_aware": (0.5 + (1 + 0.5) + 0.5) / 3,
    # Weights 1 - 1/2 + 1, 1 + 1 - 1/2, 1 - 1/2.
    "pi": (1.5 * 1 + 1.5 * 2 + 0.5 * 1) / 3,
    "cascade_dr": (
        (0.5 * (1 - 0.5) + 0.75 + 1 * (0 - 0.25) + 0.5 * 0.5)
        + (2 * (1 - 1.5) + 1.0 + 1 * (1 - 0.5) + 2 * 0.25)
        + (0.5 * (1 - 0.5) + 0.25)
    )
    / 3,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_by_hand(name: str) -> None:
    (row,) = ope(HAND, name).estimates
    assert row.value.value == pytest.approx(BY_HAND[name], rel=1e-14)
    assert row.logged.value == pytest.approx(4 / 3, rel=1e-15)
    assert row.logged.n == 3
    assert row.gain.value == pytest.approx(BY_HAND[name] - 4 / 3, rel=1e-13, abs=1e-15)


def test_slate_weights_are_those_of_the_log() -> None:
    found = ope(HAND | {"slate_weight": [2.0, 2.0, -1.0, -1.0, 0.5]}, "pi").estimates[0].value
    assert found.value == pytest.approx((2 * 1 - 1 * 2 + 0.5 * 1) / 3, rel=1e-15)


def test_errors_by_hand() -> None:
    rows = estimates(HAND, ["sips", "sniips"])
    terms = np.array([1.0, 2.0, 0.5])
    assert rows["sips"].value.std_error == pytest.approx(terms.std(ddof=1) / math.sqrt(3), rel=1e-14)
    gain = terms - [1, 2, 1]
    assert rows["sips"].gain.std_error == pytest.approx(gain.std(ddof=1) / math.sqrt(3), rel=1e-14)
    # At position 1 every reward is 1 and nothing moves; at 2 these are numerator, weight and presence.
    a, b, c = np.array([0, 0.5, 0]), np.array([2, 0.5, 0]), np.array([1, 1, 0])
    moved = 0.8 * (a - 0.5 / 3) - 0.5 / 3 * 0.8 / (2.5 / 3) * (b - 2.5 / 3) + 0.2 * (c - 2 / 3)
    assert rows["sniips"].value.std_error == pytest.approx(math.sqrt(sum(moved**2) / 2 / 3), rel=1e-13)


# Values and errors the slow way.


@pytest.mark.parametrize("max_weight", [math.inf, 1.2], ids=["plain", "clipped"])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_errors_equal_the_naive_ones(name: str, max_weight: float) -> None:
    asked = name if math.isinf(max_weight) else f"{name}:max_weight={max_weight}"
    (row,) = ope(LOG, asked).estimates
    value, totals = naive.value(name, SESSIONS, max_weight), naive.totals(SESSIONS)
    assert row.value.value == pytest.approx(value, rel=1e-13)
    assert row.logged.value == pytest.approx(totals.mean(), rel=1e-14)
    assert row.gain.value == pytest.approx(value - totals.mean(), rel=1e-11)
    assert row.relative.value == pytest.approx(value / totals.mean() - 1, rel=1e-11)
    moved = naive.residuals(name, SESSIONS, max_weight)
    assert row.value.std_error == pytest.approx(std_error(moved), rel=1e-10)
    assert row.gain.std_error == pytest.approx(std_error(moved - totals + totals.mean()), rel=1e-10)
    plain = [naive.mean_weight(name, session) for session in SESSIONS]
    clipped = [naive.mean_weight(name, session, max_weight) for session in SESSIONS]
    found = row.diagnostics
    assert found["ess"] == pytest.approx(sum(plain) ** 2 / sum(w * w for w in plain), rel=1e-11)
    assert found["max_weight"] == pytest.approx(max(plain), rel=1e-14)
    assert found["mean_weight"] == pytest.approx(sum(plain) / 500, rel=1e-13)
    if math.isinf(max_weight) or min(plain) < 0.0:
        assert found["share_clipped"] is None
    else:
        assert found["share_clipped"] == pytest.approx(1 - sum(clipped) / sum(plain), rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_clustered_errors_equal_the_naive_ones(name: str) -> None:
    (row,) = ope(LOG, name, cluster="country").estimates
    clusters = [session["country"][0] for session in SESSIONS]
    wanted = std_error(naive.residuals(name, SESSIONS), clusters)
    assert row.value.std_error == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_intervals_are_as_wide_as_the_errors_say(name: str) -> None:
    log = naive.random_log(6000, seed=4, longest=4, spread=0.3)
    (row,) = ope(log, name, ci=METHODS, replicates=800).estimates
    for estimate in (row.value, row.gain, row.relative):
        normal, *others = [(i.low, i.high) for i in estimate.intervals]
        width = normal[1] - normal[0]  # type: ignore[operator]
        for found in others:
            assert found == pytest.approx(normal, abs=0.15 * width)
            assert found[1] - found[0] == pytest.approx(width, rel=0.1)  # type: ignore[operator]


def test_a_position_that_few_sessions_reach_leaves_the_bootstrap_whole() -> None:
    log = naive.random_log(300, seed=5, longest=2)
    longer = naive.random_log(1, seed=5, longest=8)
    assert len(longer["position"]) > 3
    log = {name: np.concatenate([log[name], longer[name] + 1000 * (name == "session_id")]) for name in COPIED}
    (row,) = ope(log, "sniips", ci=METHODS).estimates
    assert all(interval.low is not None for interval in row.value.intervals)


COPIED = ("session_id", "position", "reward", "propensity", "target_propensity")


def test_only_weights_of_exposure_need_not_average_one() -> None:
    doubled = LOG | {"target_exposure": 2 * LOG["target_exposure"]}
    rows = estimates(doubled)
    for name in NAMES:
        assert (rows[name].diagnostics["mean_weight_z"] is None) == (name == "policy_aware")
    assert not any("propensities look wrong" in note for note in ope(doubled, "policy_aware").warnings)
    halved = ("target_propensity", "target_propensity_prefix")
    wrong = LOG | {name: 0.5 * LOG[name] for name in halved}
    assert any(
        "weight is 0." in note and "propensities look wrong" in note
        for note in ope(wrong, ["rips", "sniips"]).warnings
    )


# Properties.

examples = settings(max_examples=20, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)


@examples
@given(seeds, st.integers(30, 80))
def test_the_order_of_sessions_does_not_matter(seed: int, n: int) -> None:
    log = naive.random_log(n, seed)
    order = np.argsort(np.random.default_rng(seed).permutation(n)[log["session_id"]], kind="stable")
    shuffled = {name: column[order] for name, column in log.items()}
    before, after = (estimates(each, ci=["bootstrap"], replicates=50) for each in (log, shuffled))
    for name, row in before.items():
        assert after[name].value.value == pytest.approx(row.value.value, rel=1e-12)
        assert after[name].value.std_error == pytest.approx(row.value.std_error, rel=1e-8)
        interval, other = row.value.intervals[0], after[name].value.intervals[0]
        assert (other.low, other.high) == (
            pytest.approx(interval.low, rel=1e-9),
            pytest.approx(interval.high, rel=1e-9),
        )


@examples
@given(seeds, st.floats(-10, 10))
def test_linear_in_the_reward(seed: int, factor: float) -> None:
    log = naive.random_log(60, seed)
    before = values(log)
    after = values(log | {name: factor * log[name] for name in ("reward", "q_logged", "q_target")})
    for name in NAMES:
        assert after[name] == pytest.approx(factor * before[name], rel=1e-11, abs=1e-11)


@examples
@given(seeds)
def test_on_policy_weights_give_the_logged_mean(seed: int) -> None:
    log = naive.random_log(60, seed)
    twins = [name for name in log if name.startswith("target_")]
    log |= {name: log[name.removeprefix("target_")] for name in twins}
    for name, row in estimates(log, [*PLAIN, "snsips", "sniips", "snrips"]).items():
        assert row.value.value == pytest.approx(naive.totals(naive.sessions_of(log)).mean(), rel=1e-13), name
        assert row.gain.std_error == pytest.approx(0.0, abs=1e-9), name


@examples
@given(seeds)
def test_a_bound_beyond_the_largest_weight_clips_nothing(seed: int) -> None:
    log = naive.random_log(60, seed)
    plain = values(log)
    for name in NAMES:
        assert values(log, [f"{name}:max_weight=1e9"])[name] == plain[name]
        labels = [f"{name}:max_weight={m}" for m in (0.5, 1, 2)]
        found = [row.value.value for row in ope(log, labels, ci="normal").estimates]
        if name in PLAIN:
            assert found == sorted(found)
            assert found[-1] <= plain[name] * (1 + 1e-14)  # type: ignore[operator]


@examples
@given(seeds)
def test_cascade_dr_without_predictions_is_rips(seed: int) -> None:
    log = naive.random_log(60, seed)
    zeros = np.zeros(len(log["reward"]))
    found = values(log | {"q_logged": zeros, "q_target": zeros}, ["cascade_dr", "rips"])
    assert found["cascade_dr"] == pytest.approx(found["rips"], rel=1e-13)


@examples
@given(seeds)
def test_perfect_predictions_leave_no_variance_from_weights(seed: int) -> None:
    """Certain rewards that depend on the position alone: the reward to go is known whatever is shown."""
    log = naive.random_log(60, seed, longest=4)
    sessions = naive.sessions_of(log)
    log["reward"] = 1.0 / log["position"]
    to_go = np.concatenate(
        [np.cumsum([1 / k for k in range(len(s["reward"]), 0, -1)])[::-1] for s in sessions]
    )
    (row,) = ope(log | {"q_logged": to_go, "q_target": to_go}, "cascade_dr").estimates
    assert row.value.value == pytest.approx(row.logged.value, rel=1e-12)
    assert row.value.std_error == pytest.approx(row.logged.std_error, rel=1e-9)


@examples
@given(seeds)
def test_a_constant_reward_is_certain_where_it_is_normalised(seed: int) -> None:
    log = naive.random_log(80, seed)
    keep = np.isin(log["session_id"], np.flatnonzero(np.bincount(log["session_id"]) >= 3))
    keep &= log["position"] <= 3
    log = {name: column[keep] for name, column in log.items()} | {"reward": np.ones(keep.sum())}
    rows = estimates(log, ["snsips", "sniips", "snrips"], ci=METHODS, replicates=50)
    for row in rows.values():
        assert row.value.value == pytest.approx(3.0, rel=1e-14)
        assert row.value.std_error == 0.0
        for interval in row.value.intervals:
            assert (interval.low, interval.high) == pytest.approx((3.0, 3.0), rel=1e-12)
