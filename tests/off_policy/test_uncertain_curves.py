"""Estimates from clicks under a curve that is itself an estimate: its error is part of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import ope, propensity
from tests import naive_clicks as naive
from tests.naive_clicks import NAMES

CURVE = np.array([1.0, 0.6, 0.45, 0.3, 0.25, 0.2])
COVARIANCE = np.zeros((6, 6))
COVARIANCE[1:, 1:] = 1e-4 * (np.eye(5) + 0.5) * np.outer(CURVE[1:], CURVE[1:])
UNCERTAIN = {"examination": CURVE.tolist(), "covariance": COVARIANCE.tolist()}
LOG = naive.random_log(400, seed=1)
OF_EXAMINATION = [name for name in NAMES if "affine" not in name]


def numbers(curve: Any, name: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = ope(LOG, [name], position_bias=curve, **options).to_dict()["results"][0]
    return found


def slopes(name: str, of: Any, h: float = 1e-5) -> Any:
    """Derivatives of a number by the curve, from the curve moved either way at one position."""
    moves = h * np.eye(len(CURVE))
    ends = [[of(numbers((CURVE + sign * move).tolist(), name)) for move in moves] for sign in (1.0, -1.0)]
    return (np.array(ends[0]) - np.array(ends[1])) / (2.0 * h)


@pytest.mark.parametrize("name", OF_EXAMINATION)
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (lambda row: row["value"], lambda row: row["std_error"]),
        (lambda row: row["gain"]["value"], lambda row: row["gain"]["std_error"]),
        (lambda row: row["gain"]["relative"], lambda row: row["gain"]["relative_std_error"]),
    ],
    ids=["value", "gain", "relative"],
)
def test_the_error_of_the_curve_is_added(name: str, value: Any, error: Any) -> None:
    slope = slopes(name, value)
    known, uncertain = numbers(CURVE.tolist(), name), numbers(UNCERTAIN, name)
    assert value(uncertain) == value(known)
    wanted = np.sqrt(error(known) ** 2 + slope @ COVARIANCE @ slope)
    assert error(uncertain) == pytest.approx(wanted, rel=0.01)


TRUST = {"alpha": CURVE.tolist(), "beta": [0.0, -0.05, -0.08, 0.02, 0.01, -0.03]}
_ROOT = 0.01 * np.random.default_rng(4).standard_normal((12, 12))
JOINT = _ROOT @ _ROOT.T


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (lambda row: row["value"], lambda row: row["std_error"]),
        (lambda row: row["gain"]["value"], lambda row: row["gain"]["std_error"]),
    ],
    ids=["value", "gain"],
)
def test_the_joint_error_of_alpha_and_beta_is_added(value: Any, error: Any) -> None:
    """``slope^T covariance slope``, with slopes from alpha and beta moved one by one."""

    def at(move: Any) -> float:
        moved = np.concatenate([TRUST["alpha"], TRUST["beta"]]) + move
        return float(value(numbers({"alpha": moved[:6], "beta": moved[6:]}, "click_affine")))

    slope = np.array([(at(move) - at(-move)) / 2e-5 for move in 1e-5 * np.eye(12)])
    known = numbers(TRUST, "click_affine")
    uncertain = numbers({**TRUST, "alpha_beta_covariance": JOINT.tolist()}, "click_affine")
    assert value(uncertain) == value(known)
    wanted = np.sqrt(error(known) ** 2 + slope @ JOINT @ slope)
    assert error(uncertain) == pytest.approx(wanted, rel=0.01)
    assert error(uncertain) > error(known)


@pytest.mark.parametrize("estimand", ["rerank", "full"])
def test_click_affine_is_the_same_on_every_scale_of_relevance(estimand: str) -> None:
    """``alpha_k t`` and ``beta_k + alpha_k s``, and their covariance moved alike."""
    shift, scale, eye = 0.7, 2.5, np.eye(6)
    to = np.block([[scale * eye, 0 * eye], [shift * eye, eye]])
    values = to @ np.concatenate([TRUST["alpha"], TRUST["beta"]])
    other = {"alpha": values[:6], "beta": values[6:], "alpha_beta_covariance": (to @ JOINT @ to.T).tolist()}
    log = naive.random_log(200, seed=2, unshown=2) if estimand == "full" else LOG
    found = [
        ope(log, ["click_affine"], position_bias=curve, estimand=estimand).to_dict()["results"][0]
        for curve in ({**TRUST, "alpha_beta_covariance": JOINT.tolist()}, other)
    ]
    assert found[1]["value"] == pytest.approx(found[0]["value"], rel=1e-12)
    assert found[1]["gain"]["value"] == pytest.approx(found[0]["gain"]["value"], abs=1e-12)
    assert found[1]["std_error"] == pytest.approx(found[0]["std_error"], rel=0.01)


def test_alpha_and_beta_without_covariance_are_said_to_be_taken_as_exact() -> None:
    found = ope(LOG, ["click_affine"], position_bias=TRUST)
    assert any("errors take these as exact" in text for text in found.warnings)
    whole = ope(LOG, ["click_affine"], position_bias={**TRUST, "alpha_beta_covariance": JOINT.tolist()})
    assert not any("errors take these as exact" in text for text in whole.warnings)
    assert any("errors include those of alpha and beta" in text for text in whole.warnings)
    few = {**TRUST, "alpha_beta_covariance": JOINT.tolist(), "share_of_pairs_with_few_impressions": 0.5}
    found = ope(LOG, ["click_affine"], position_bias=few)
    assert any("50 % of the pairs behind alpha and beta have few" in text for text in found.warnings)
    assert not any("have few impressions" in text for text in whole.warnings)


def test_without_examination_nothing_is_added() -> None:
    curves = {"alpha": CURVE.tolist(), "beta": [0.01] * 6}
    known = numbers(curves, "click_affine")
    assert numbers({**UNCERTAIN, **curves}, "click_affine") == known


def test_differences_and_clusters_share_the_curve() -> None:
    """Two candidates under one curve: what moves both alike is in neither's difference."""
    log = {**LOG, "again": LOG["score"], "user": np.asarray(LOG["session_id"]) // 3}
    result = ope(
        log, "click_ips", target={"a": "score", "b": "again"}, position_bias=UNCERTAIN, cluster="user"
    ).to_dict()
    differences = {(row["a"], row["b"]): row for row in result["comparisons"]}
    assert differences["a", "b"]["std_error"] == 0.0
    assert differences["a", "logged"]["std_error"] == pytest.approx(result["results"][0]["gain"]["std_error"])


def test_every_interval_holds_the_truth_with_a_curve_from_another_experiment() -> None:
    """95 % of 150 experiments within 4 binomial standard errors; held to be known less than 70 %."""
    experiments, size = 150, 5
    rng, theta = np.random.default_rng(3), 1.0 / np.arange(1, size + 1)
    relevance = rng.beta(1.0, 3.0, size)
    truth = float(theta @ relevance[np.argsort((np.arange(size) + 2) % size)])
    held = dict.fromkeys(("normal", "bootstrap", "bootstrap_t", "known"), 0)
    for _ in range(experiments):
        curve = propensity(_clicks(rng, 3_000, relevance, theta, shuffled=True), "shuffle").to_dict()
        log = _clicks(rng, 20_000, relevance, theta, shuffled=False)
        rows = ope(log, "click_ips", position_bias=curve, ci=list(held)[:3], replicates=200).to_dict()[
            "results"
        ]
        known = ope(log, "click_ips", position_bias=curve["examination"]).to_dict()["results"]
        for interval in rows[0]["intervals"]:
            held[interval["method"]] += interval["low"] <= truth <= interval["high"]
        held["known"] += known[0]["ci"]["low"] <= truth <= known[0]["ci"]["high"]
    slack = 4.0 * np.sqrt(0.95 * 0.05 / experiments)
    assert {method: abs(count / experiments - 0.95) < slack for method, count in held.items()} == {
        "normal": True, "bootstrap": True, "bootstrap_t": True, "known": False
    }  # fmt: skip
    assert held["known"] < 0.7 * experiments


def _clicks(rng: Any, n: int, relevance: Any, theta: Any, *, shuffled: bool) -> dict[str, Any]:
    size = len(theta)
    items = np.tile(np.arange(size), (n, 1))
    items = rng.permuted(items, axis=1) if shuffled else items
    return {
        "session_id": np.repeat(np.arange(n), size),
        "item_id": items.ravel(),
        "position": np.tile(np.arange(1, size + 1), n),
        "click": (rng.random((n, size)) < theta * relevance[items]).astype(np.int64).ravel(),
        "score": -((items + 2) % size).ravel().astype(np.float64),
        "shuffled": np.full(n * size, shuffled),
    }
