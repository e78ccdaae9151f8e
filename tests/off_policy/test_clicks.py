"""Values and errors of estimators from clicks; how candidates are placed is in test_reranking.py."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import ope
from rankeval.off_policy.rows import EstimateRow
from tests import naive_clicks as naive
from tests import paths
from tests.naive_clicks import LOGGED_IS_REWARD, NAMES
from tests.naive_off_policy import std_error

REFERENCE = paths.REFERENCE / "click"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")
METHODS = ("normal", "bootstrap", "bootstrap_t")
LOG = naive.random_log(400, seed=1)
FULL = naive.random_log(400, seed=2, unshown=4)


def estimates(log: Any, estimators: Sequence[str] = NAMES, **options: Any) -> dict[str, EstimateRow]:
    rows = ope(log, list(estimators), **({"ci": "normal"} | options)).estimates
    return {row.estimator.label: row for row in rows if row.segment is None}


def values(log: Any, estimators: Sequence[str] = NAMES, **options: Any) -> dict[str, float]:
    found = {label: row.value.value for label, row in estimates(log, estimators, **options).items()}
    assert all(value is not None for value in found.values())
    return found  # type: ignore[return-value]


# Values from elsewhere: every pattern of clicks on one list of ten, with its probability.


@cache
def exact() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / "exact.json").read_text())
    return found


PATTERNS = np.array(list(product((0.0, 1.0), repeat=10)))


def enumerated(chances: Any) -> dict[str, Any]:
    """All click patterns on the reference's list, re-ranked as its target does."""
    new_order = exact()["deterministic_ope"]["target_logged_index_by_new_rank"]
    score = np.empty(10)
    score[new_order] = -np.arange(10.0)
    n = len(PATTERNS)
    return {
        "session_id": np.repeat(np.arange(n), 10),
        "position": np.tile(np.arange(1, 11), n),
        "click": PATTERNS.ravel(),
        "score": np.tile(score, n),
        "weight": np.repeat(chances, 10),
    }


def independent(chance: Any) -> Any:
    """Probability of each pattern where clicks are independent."""
    return np.prod(np.where(PATTERNS == 1.0, chance, 1.0 - np.asarray(chance)), axis=1)


def pbm() -> dict[str, Any]:
    models = exact()["click_models"]
    return enumerated(independent(np.multiply(models["attractiveness"], models["theta_eta1"])))


METRICS = {
    "eta1/clicks": "click_cips",
    "eta1/dcg": "click_dcg",
    "eta1/sum_rel_rank(ARP)": "click_arp",
    "eta1/prec@3": "click_precision@3",
}


@needs_reference
@pytest.mark.parametrize("key", METRICS)
def test_exact_means_and_deviations(key: str) -> None:
    wanted, name = exact()["deterministic_ope"]["rows"][key], METRICS[key]
    plain = "click_ips" if name == "click_cips" else name
    asked = [plain, *(f"{name}:max_weight={bound}" for bound in (1, 2, 5, 10))]
    found = ope(pbm(), asked, position_bias=exact()["click_models"]["theta_eta1"])
    row, naive_row, *clipped = found.estimates
    assert row.value.n == pytest.approx(1.0, rel=1e-12)
    assert row.value.value == pytest.approx(wanted["ips_mean"], rel=0, abs=1e-9)
    assert row.value.value == pytest.approx(wanted["truth"], rel=0, abs=1e-9)
    assert row.value.std_error == pytest.approx(wanted["ips_sd_one_session"], rel=0, abs=1e-9)
    # No click counts more than 1 / theta_1 = 1: clicks as they are.
    assert naive_row.value.value == pytest.approx(wanted["naive_click_metric"], rel=0, abs=1e-9)
    for bound, other in zip((2, 5, 10), clipped, strict=True):
        assert other.value.value == pytest.approx(wanted[f"clipped_invprop_{bound}_mean"], rel=0, abs=1e-9)
        assert other.value.std_error == pytest.approx(wanted[f"clipped_invprop_{bound}_sd"], rel=0, abs=1e-9)


@needs_reference
def test_trust_bias_is_corrected_exactly() -> None:
    models = exact()["click_models"]
    k = np.arange(1, 11)
    theta, attractive = np.array(models["theta_eta1"]), np.array(models["attractiveness"])
    plus, minus = 1 - 0.02 * (k - 1), 0.65 / k
    alpha, beta = theta * (plus - minus), theta * minus
    chances = alpha * attractive + beta
    np.testing.assert_allclose(chances, models["models"]["TRUST"]["ctr_by_rank"], rtol=0, atol=1e-12)
    curve = {"examination": theta, "alpha": alpha, "beta": beta}
    affine, ips = ope(
        enumerated(independent(chances)), ["click_affine", "click_ips"], position_bias=curve
    ).estimates
    order = exact()["deterministic_ope"]["target_logged_index_by_new_rank"]
    truth = float(np.sum(alpha * attractive[order] + beta))
    assert affine.value.value == pytest.approx(truth, rel=0, abs=1e-9)
    assert ips.value.value == pytest.approx(float(np.sum(chances[order] / theta[order] * theta)), abs=1e-9)
    assert abs(ips.value.value - truth) > 0.01  # type: ignore[operator]
    assert affine.logged.value == pytest.approx(float(chances.sum()), abs=1e-9)


def browsing(attractive: Any, satisfied: Any, gamma: float) -> Any:
    """Probability of each click pattern of a DBN: a click satisfies, or one goes on as after a skip."""
    chances = []
    for pattern in PATTERNS:
        # From the last item up: the chance of the pattern from here on, once the item is examined.
        ahead = 1.0
        for k in range(9, -1, -1):
            quiet = 0.0 if pattern[k + 1 :].any() else 1.0
            going_on = gamma * ahead + (1 - gamma) * quiet
            if pattern[k]:
                ahead = attractive[k] * (satisfied[k] * quiet + (1 - satisfied[k]) * going_on)
            else:
                ahead = (1 - attractive[k]) * going_on
        chances.append(ahead)
    return np.array(chances)


@needs_reference
@pytest.mark.parametrize("gamma", [0.8, 1.0])
@pytest.mark.parametrize("cascade", [True, False], ids=["cascade", "dbn"])
def test_other_users_are_reweighted_as_if_they_were_position_based(cascade: bool, gamma: float) -> None:
    models = exact()["click_models"]
    satisfied = np.ones(10) if cascade else np.array(models["satisfaction"])
    chances = browsing(models["attractiveness"], satisfied, gamma)
    assert chances.sum() == pytest.approx(1.0, rel=1e-12)
    ctr = chances @ PATTERNS
    if cascade and gamma == 1.0:
        np.testing.assert_allclose(ctr, models["models"]["CM"]["ctr_by_rank"], rtol=0, atol=1e-12)
    theta = np.array(models["theta_eta1"])
    (row,) = ope(enumerated(chances), "click_ips", position_bias=theta).estimates
    order = exact()["deterministic_ope"]["target_logged_index_by_new_rank"]
    wanted = sum(ctr[old] * theta[new] / theta[old] for new, old in enumerate(order))
    assert row.value.value == pytest.approx(wanted, rel=0, abs=1e-9)


@needs_reference
def test_values_of_a_log_of_position_based_clicks() -> None:
    reference = json.loads((REFERENCE / "pbm_log_reference.json").read_text())
    log = pq.read_table(REFERENCE / "pbm_log.parquet")
    query, item = (log[name].to_numpy() for name in ("query_id", "item_id"))
    relevance = np.array(reference["alpha_true"])
    # Its target orders equals by ascending id; the rank leaves no equals.
    rank = np.argsort(np.argsort(-relevance, axis=1, kind="stable"), axis=1)[query, item]
    log = log.append_column("score", pa.array(-rank))
    (row,) = ope(log, "click_ips", position_bias=reference["theta_true"]).estimates
    wanted = reference["ope"]["PBM_rank_ratio"]
    assert row.value.value == pytest.approx(wanted["mean"], rel=0, abs=1e-6)
    assert row.value.std_error == pytest.approx(wanted["se"], rel=0, abs=1e-6)
    assert row.logged.value == pytest.approx(reference["ope"]["logged_clicks"]["mean"], rel=0, abs=1e-9)


# Values by hand: one session of three, the candidate moves its items to 2, 3, 1; and one of a single item.

HAND = {
    "session_id": ["a", "a", "a", "b"],
    "position": [1, 2, 3, 1],
    "click": [1, 0, 1, 1],
    "score": [2.0, 1.0, 3.0, 0.0],
    "examination": [1.0, 0.5, 0.25, 0.5],
    "alpha": [0.8, 0.5, 0.2, 0.5],
    "beta": [0.2, 0.1, 0.1, 0.0],
    "q_logged": [0.5, 0.25, 0.5, 1.0],
}
BY_HAND = {
    "click_ips": ((0.5 / 1 + 1 / 0.25) + 1) / 2,
    "click_cips:max_weight=2": ((0.5 * 1 + 1 * 2) + 0.5 * 2) / 2,
    "click_dr:max_weight=2": (
        (0.5 * 0.5 + 0.25 * 0.25 + 1 * 0.5)
        + (0.5 * 1 * (1 - 0.5) + 0.25 * 2 * (0 - 0.5 * 0.25) + 1 * 2 * (1 - 0.25 * 0.5))
        + (0.5 * 1 + 0.5 * 2 * (1 - 0.5 * 1))
    )
    / 2,
    "click_affine": (
        (0.5 * (1 - 0.2) / 0.8 + 0.1 + 0.2 * (0 - 0.1) / 0.5 + 0.1 + 0.8 * (1 - 0.1) / 0.2 + 0.2) + 1
    )
    / 2,
    "click_dcg": ((1 / math.log2(3) + 4 * 1) + 2) / 2,
    "click_dcg@1": (4 + 2) / 2,
    "click_precision@2": ((1 / 2 + 4 / 2) + 2 / 2) / 2,
    "click_arp": ((2 + 4 * 1) + 2) / 2,
    "click_snips": (0.5 + 4 + 1) / (0.5 + 0.5 + 4 + 1),
    "replay_ips": (0 + 2) / 2,
}
LOGGED_BY_HAND = {
    "click_ips": 3 / 2,
    "click_cips:max_weight=2": ((1 + 0.25 * 2) + 0.5 * 2) / 2,
    "click_dr:max_weight=2": (1 + (0.25 * 0.5 + 0.25 * 2 * (1 - 0.25 * 0.5)) + 1) / 2,
    "click_affine": 3 / 2,
    "click_dcg": ((1 + 4 / 2) + 2) / 2,
    "click_dcg@1": (1 + 2) / 2,
    "click_precision@2": (1 / 2 + 2 / 2) / 2,
    "click_arp": ((1 + 4 * 3) + 2) / 2,
    "click_snips": 3 / 4,
    "replay_ips": ((1 + 4) + 2) / 2,
}


@pytest.mark.parametrize("label", BY_HAND)
def test_values_by_hand(label: str) -> None:
    (row,) = ope(HAND, label).estimates
    assert row.value.value == pytest.approx(BY_HAND[label], rel=1e-14)
    assert row.logged.value == pytest.approx(LOGGED_BY_HAND[label], rel=1e-14)
    assert row.gain.value == pytest.approx(BY_HAND[label] - LOGGED_BY_HAND[label], rel=1e-13)
    assert row.relative.value == pytest.approx(BY_HAND[label] / LOGGED_BY_HAND[label] - 1, rel=1e-13)
    assert row.reward.value == 3 / 2
    # Of the top 2 of 3 one stays there, of 1 all.
    assert row.diagnostics["overlap"] == (1 / 2 + 1) / 2


def test_exposure_stands_for_examination_where_the_logger_was_random() -> None:
    log = HAND | {"exposure": [0.5, 0.4, 0.2, 1.0]}
    dr, ips = ope(log, ["click_dr:max_weight=4", "click_ips"]).estimates
    wanted = (
        (0.5 * 0.5 + 0.25 * 0.25 + 1 * 0.5)
        + (0.5 * 2 * (1 - 1 * 0.5) + 0.25 * 2.5 * (0 - 0.5 * 0.25) + 1 * 4 * (1 - 0.25 * 0.5))
        + (0.5 * 1 + 0.5 * 1 * (1 - 0.5 * 1))
    ) / 2
    assert dr.value.value == pytest.approx(wanted, rel=1e-14)
    assert ips.value.value == pytest.approx(BY_HAND["click_ips"], rel=1e-14)


# Three shown and two others, one of which the candidate puts first: the last item falls off the list.
WITH_OTHERS = {
    "session_id": ["a"] * 5,
    "item_id": [1, 2, 3, 4, 5],
    "position": [1, None, 2, 3, None],
    "click": [1, None, 0, 1, 0],
    "score": [3.0, 4.0, 1.0, 2.0, 0.0],
    "examination": [1.0, None, 0.5, 0.25, None],
    "alpha": [0.8, None, 0.5, 0.2, None],
    "beta": [0.2, None, 0.1, 0.1, None],
    "q_logged": [0.5, 0.25, 0.5, 0.75, 1.0],
}
# Value, and the least and the largest it may be.
FULL_BY_HAND = {
    "click_ips": (0.5 + 0.25 / 0.25, 0.0, 1.0),
    "click_cips:max_weight=2": (0.5 + 0.25 * 2, 0.0, 1.0),
    "click_dr:max_weight=1000": (0.5 + 0.25 / 0.25 + 1 * 0.25, -1 * 0.25, 1.0 - 0.25),
    "click_affine": (0.5 * 0.8 / 0.8 + 0.1 + 0.2 * 0.9 / 0.2 + 0.1, 0.0, 0.8 + 0.2),
    "click_dcg": (1 / math.log2(3) + 4 / 2, 0.0, 1 + 1 / math.log2(6)),
    "click_precision@2": (1 / 2, 0.0, 1 / 2),
    "click_arp": (2 + 4 * 3, 0.0, 1.0 + 5.0),
    "click_snips": ((0.5 + 1) / (0.5 + 0 + 1), None, None),
    "replay_ips": (4.0, None, None),
}


@pytest.mark.parametrize("label", FULL_BY_HAND)
def test_values_and_bounds_by_hand_where_some_items_were_not_shown(label: str) -> None:
    (row,) = ope(WITH_OTHERS, label, estimand="full").estimates
    value, low, high = FULL_BY_HAND[label]
    assert value is not None
    assert row.value.value == pytest.approx(value, rel=1e-14)
    if low is None or high is None:
        assert row.bounds is None
    else:
        assert row.bounds == pytest.approx((value + low, value + high), rel=1e-14)
    assert row.estimand == "full"
    # Of the top 2 the candidate keeps one.
    assert row.diagnostics["overlap"] == 1 / 2


def test_unshown_items_are_left_out_of_a_reranking() -> None:
    shown = [0, 2, 3]
    without = {name: [column[i] for i in shown] for name, column in WITH_OTHERS.items()}
    for label in FULL_BY_HAND:
        (row,) = ope(WITH_OTHERS, label).estimates
        (wanted,) = ope(without, label).estimates
        assert (row.value, row.gain, row.diagnostics) == (wanted.value, wanted.gain, wanted.diagnostics)
        assert (row.estimand, row.bounds) == ("rerank", None)


# Values and errors the slow way.


def check_against_naive(log: dict[str, Any], label: str, estimand: str, score: str) -> None:
    sessions = naive.sessions_of(log)
    (row,) = ope(log, label, estimand=estimand, target={"new": score}).estimates
    new, old = naive.lists(sessions, estimand, score), naive.lists(sessions, estimand, None)
    value, logged = naive.value(label, new), naive.value(label, old)
    assert row.value.value == pytest.approx(value, rel=1e-12)
    assert row.logged.value == pytest.approx(logged, rel=1e-12)
    assert row.gain.value == pytest.approx(value - logged, rel=1e-10, abs=1e-12)
    moved, at_rest = naive.residuals(label, new), naive.residuals(label, old)
    assert row.value.std_error == pytest.approx(std_error(moved), rel=1e-10)
    assert row.logged.std_error == pytest.approx(std_error(at_rest), rel=1e-10)
    assert row.gain.std_error == pytest.approx(std_error(moved - at_rest), rel=1e-9)
    assert row.diagnostics["overlap"] == pytest.approx(np.mean([naive.overlap(list_) for list_ in new]))
    name, _, bound = label.partition(":")
    plain = [np.mean(naive.weights(name, list_)) for list_ in new]
    assert row.diagnostics["ess"] == pytest.approx(np.sum(plain) ** 2 / np.sum(np.square(plain)), rel=1e-11)
    assert row.diagnostics["max_weight"] == pytest.approx(max(plain), rel=1e-13)
    assert row.diagnostics["mean_weight_z"] is None
    if bound:
        clipped = [np.mean(naive.weights(label, list_)) for list_ in new]
        share = 1 - np.sum(clipped) / np.sum(plain)
        assert row.diagnostics["share_clipped"] == pytest.approx(share, rel=1e-9, abs=1e-12)
    wanted = naive.bounds(label, new) if estimand == "full" else None
    assert row.bounds == (None if wanted is None else pytest.approx(wanted, rel=1e-12))


@pytest.mark.parametrize("score", ["score", "other"], ids=["tied", "untied"])
@pytest.mark.parametrize("label", NAMES)
def test_rerankings_equal_the_naive_ones(label: str, score: str) -> None:
    check_against_naive(LOG, label, "rerank", score)


@pytest.mark.parametrize("label", NAMES)
def test_full_rankings_equal_the_naive_ones(label: str) -> None:
    check_against_naive(FULL, label, "full", "score")


def test_random_loggers_equal_the_naive_ones() -> None:
    log = LOG | {"exposure": [min(1.0, 1.3 * theta) for theta in LOG["examination"]]}
    full = FULL | {"exposure": [theta and min(1.0, 1.3 * theta) for theta in FULL["examination"]]}
    for label in ("click_dr:max_weight=2", "click_dr:max_weight=1000"):
        check_against_naive(log, label, "rerank", "score")
        check_against_naive(full, label, "full", "score")


@pytest.mark.parametrize("label", NAMES)
def test_clustered_errors_equal_the_naive_ones(label: str) -> None:
    (row,) = ope(LOG, label, cluster="country").estimates
    new = naive.lists(naive.sessions_of(LOG))
    clusters = [list_.session["country"][0] for list_ in new]
    assert row.value.std_error == pytest.approx(std_error(naive.residuals(label, new), clusters), rel=1e-9)


def test_logged_is_the_mean_reward_itself_where_the_two_are_equal() -> None:
    for label, row in estimates(LOG).items():
        logged = naive.value(label, naive.lists(naive.sessions_of(LOG), score=None))
        if label in LOGGED_IS_REWARD:
            assert row.logged is row.reward
            assert row.reward.value == pytest.approx(logged, rel=1e-13)
        else:
            assert row.logged.value == pytest.approx(logged, rel=1e-13)


def test_several_candidates_are_compared_by_each_estimators_own_logged_value() -> None:
    result = ope(LOG, ["click_ips", "click_snips"], target={"a": "score", "b": "other"})
    sessions = naive.sessions_of(LOG)
    for comparison in result.comparisons:
        scores = {"a": "score", "b": "other", "logged": None}
        label = comparison.estimator.label
        left, right = (naive.lists(sessions, score=scores[name]) for name in (comparison.a, comparison.b))
        assert comparison.difference.value == pytest.approx(
            naive.value(label, left) - naive.value(label, right), rel=1e-10
        )
        moved = naive.residuals(label, left) - naive.residuals(label, right)
        assert comparison.difference.std_error == pytest.approx(std_error(moved), rel=1e-9)
    assert len(result.comparisons) == 6


@pytest.mark.parametrize("label", ["click_ips", "click_dr:max_weight=2", "click_dcg@3", "click_snips"])
def test_bootstrap_intervals_are_as_wide_as_the_errors_say(label: str) -> None:
    log = naive.random_log(3000, seed=4, longest=3)
    (row,) = ope(log, label, ci=METHODS, replicates=600).estimates
    for estimate in (row.value, row.gain):
        normal, *others = [(i.low, i.high) for i in estimate.intervals]
        width = normal[1] - normal[0]  # type: ignore[operator]
        for found in others:
            assert found == pytest.approx(normal, abs=0.2 * width)


# Properties.

examples = settings(max_examples=15, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)


@examples
@given(seeds, st.sampled_from(["rerank", "full"]))
def test_the_order_of_sessions_and_of_rows_does_not_matter(seed: int, estimand: str) -> None:
    log = naive.random_log(40, seed, unshown=2)
    rng = np.random.default_rng(seed)
    of = np.array(log["session_id"])
    order = np.lexsort((rng.random(len(of)), rng.permutation(40)[of]))
    shuffled = {name: [column[i] for i in order] for name, column in log.items()}
    before, after = (estimates(each, estimand=estimand) for each in (log, shuffled))
    for label, row in before.items():
        assert after[label].value.value == pytest.approx(row.value.value, rel=1e-12, abs=1e-14)
        assert after[label].value.std_error == pytest.approx(row.value.std_error, rel=1e-8)
        assert after[label].bounds == (None if row.bounds is None else pytest.approx(row.bounds, rel=1e-12))


@examples
@given(seeds, st.floats(-10, 10))
def test_linear_in_the_clicks(seed: int, factor: float) -> None:
    log = naive.random_log(40, seed)
    scaled = {name: [factor * x for x in log[name]] for name in ("click", "q_logged")}
    labels = [label for label in NAMES if label != "click_affine"]
    before, after = values(log, labels), values(log | scaled, labels)
    for label in labels:
        assert after[label] == pytest.approx(factor * before[label], rel=1e-11, abs=1e-11)


@examples
@given(seeds)
def test_the_logged_order_as_the_candidate_changes_nothing(seed: int) -> None:
    log = naive.random_log(40, seed)
    log["score"] = [-float(k) for k in log["position"]]
    for label, row in estimates(log).items():
        assert row.value.value == pytest.approx(row.logged.value, rel=1e-13), label
        assert row.gain.std_error == pytest.approx(0.0, abs=1e-7), label
        assert row.diagnostics["overlap"] == 1.0
    assert estimates(log)["click_ips"].diagnostics["mean_weight"] == pytest.approx(1.0, rel=1e-15)


@examples
@given(seeds, st.sampled_from(["score", "other"]))
def test_click_dr_is_click_ips_where_nothing_is_clipped(seed: int, score: str) -> None:
    log = naive.random_log(40, seed)
    found = values(log, ["click_ips", "click_dr:max_weight=1000"], columns={"score": score})
    assert found["click_dr:max_weight=1000"] == pytest.approx(found["click_ips"], rel=1e-11)


@examples
@given(seeds)
def test_more_weight_brings_click_cips_to_click_ips(seed: int) -> None:
    log = naive.random_log(40, seed)
    labels = [f"click_cips:max_weight={bound}" for bound in (0.5, 1, 2, 4, 1000)]
    ips, *found = values(log, ["click_ips", *labels]).values()
    assert found == sorted(found)
    assert found[-1] == ips


@examples
@given(seeds)
def test_click_snips_of_clicks_is_a_rate(seed: int) -> None:
    log = naive.random_log(40, seed)
    assert 0.0 <= values(log, ["click_snips"])["click_snips"] <= 1.0
    clicked = log | {"click": [1] * len(log["click"])}
    row = estimates(clicked, ["click_snips"])["click_snips"]
    assert row.value.value == pytest.approx(1.0, rel=1e-14)
    assert row.value.std_error == 0.0


@examples
@given(seeds, st.floats(0.1, 10))
def test_only_ratios_of_examination_matter_to_clicks(seed: int, scale: float) -> None:
    log = naive.random_log(40, seed)
    scaled = log | {"examination": [scale * theta for theta in log["examination"]]}
    same, moved = ("click_ips", "click_snips"), ("click_dcg", "click_precision@3", "click_arp", "replay_ips")
    before, after = values(log, [*same, *moved]), values(scaled, [*same, *moved])
    for label in same:
        assert after[label] == pytest.approx(before[label], rel=1e-11)
    for label in moved:
        assert after[label] == pytest.approx(before[label] / scale, rel=1e-11)


@examples
@given(seeds)
def test_what_was_not_shown_can_only_widen_the_bounds(seed: int) -> None:
    log = naive.random_log(40, seed, unshown=3)
    for label, row in estimates(log, estimand="full").items():
        if row.bounds is None:
            assert label.startswith(("click_snips", "replay_ips"))
        else:
            assert row.bounds[0] <= row.value.value <= row.bounds[1] + 1e-12  # type: ignore[operator]
