"""Every estimator from clicks under seven models of users, over all click patterns on one list of ten."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rankeval import ope
from tests import naive_users as naive
from tests import paths
from tests.naive_slates import estimate, plackett_luce
from tests.naive_users import Users, click_rates

Floats = NDArray[np.float64]
REFERENCE = paths.REFERENCE / "click" / "exact.json"
pytestmark = pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no reference values at {REFERENCE}")

K = 10
PLACES = np.arange(1, K + 1)
MODELS = ("pbm", "trust", "cascade", "dcm", "dbn", "ccm", "ubm")
LABELS = (
    "click_ips",
    "click_cips:max_weight=3",
    "click_affine",
    "click_dcg@5",
    "click_dcg",
    "click_dcg@5:max_weight=3",
    "click_precision@3",
    "click_arp",
    "click_snips",
    "replay_ips",
    "click_dr:max_weight=1000",
    "click_dr:max_weight=3",
)
Q = np.random.default_rng(7).random(K)


@cache
def reference() -> Any:
    found = json.loads(REFERENCE.read_text())
    return found["click_models"] | found["deterministic_ope"]


@cache
def order() -> Any:
    """The logged index of the item at each of the candidate's places."""
    return np.array(reference()["target_logged_index_by_new_rank"])


def new_places() -> Any:
    """Where the candidate puts the item of each logged place, from 1."""
    return np.argsort(order()) + 1


def curves() -> dict[str, Floats]:
    theta, plus, minus = np.array(reference()["theta_eta1"]), 1.0 - 0.02 * (PLACES - 1), 0.65 / PLACES
    return {"examination": theta, "alpha": theta * (plus - minus), "beta": theta * minus}


@cache
def users(model: str) -> Users:
    given = reference()
    a, theta, params = given["attractiveness"], given["theta_eta1"], given["params"]
    plus, minus = (1.0 - 0.02 * (PLACES - 1)).tolist(), (0.65 / PLACES).tolist()
    return {
        "pbm": naive.position_based(a, theta),
        "trust": naive.trusting(a, theta, plus, minus),
        "cascade": naive.cascade(a),
        "dcm": naive.dependent_click(a, params["DCM_lambda"]),
        "dbn": naive.dynamic_bayesian(a, given["satisfaction"], params["DBN_gamma"]),
        "ccm": naive.click_chain(a, params["CCM_tau"]),
        "ubm": naive.user_browsing(a, params["UBM_gamma"]),
    }[model]


PATTERNS = np.array(naive.patterns(K))


@cache
def chances(model: str) -> Floats:
    return np.array([users(model)(tuple(range(K)), tuple(clicks)) for clicks in PATTERNS.tolist()])


def log(model: str) -> dict[str, Any]:
    n = len(PATTERNS)
    return {
        "session_id": np.repeat(np.arange(n), K),
        "position": np.tile(PLACES, n),
        "click": PATTERNS.ravel(),
        "score": np.tile(-new_places(), n),
        "q_logged": np.tile(Q, n),
        "weight": np.repeat(chances(model), K),
    }


def slow(label: str, places: Sequence[int]) -> tuple[list[float], float, float]:
    """What a click at each place counts, what a session counts without any, what the sum is divided by."""
    name, _, bound = label.partition(":max_weight=")
    name, _, cutoff = name.partition("@")
    most, last = float(bound or math.inf), int(cutoff or K)
    theta, alpha, beta = (curves()[field].tolist() for field in ("examination", "alpha", "beta"))
    each, fixed, divisor = [], 0.0, 1.0
    for k, new in zip(range(K), places, strict=True):
        inverse = min(1.0 / theta[k], most)
        if name in ("click_ips", "click_cips", "click_snips"):
            each.append(theta[new - 1] * inverse)
        elif name == "click_affine":
            each.append(alpha[new - 1] / alpha[k])
            fixed += beta[new - 1] - alpha[new - 1] * beta[k] / alpha[k]
        elif name == "click_dr":
            each.append(theta[new - 1] * inverse)
            fixed += theta[new - 1] * Q[k] * (1.0 - inverse * theta[k])
        else:
            worth = {
                "click_dcg": 1.0 / math.log2(new + 1) if new <= last else 0.0,
                "click_precision": 1.0 / last if new <= last else 0.0,
                "click_arp": float(new),
                "replay_ips": 1.0 if new == k + 1 else 0.0,
            }[name]
            each.append(worth * inverse)
    if name == "click_snips":
        divisor = math.fsum(each)
    return each, fixed, divisor


def terms(label: str, places: Sequence[int]) -> Floats:
    """(patterns, 1) what each pattern adds to the mean."""
    each, fixed, divisor = slow(label, places)
    rows = [math.fsum(w * c for w, c in zip(each, clicks, strict=True)) for clicks in PATTERNS.tolist()]
    return (np.array(rows)[:, np.newaxis] + fixed) / divisor


def test_models_are_those_of_the_reference() -> None:
    for model, key in (("pbm", "PBM_eta1"), ("cascade", "CM"), ("trust", "TRUST")):
        rates = chances(model) @ PATTERNS
        assert rates == pytest.approx(reference()["models"][key]["ctr_by_rank"], rel=0, abs=1e-12)
    for model in MODELS:
        assert chances(model).sum() == pytest.approx(1.0, rel=1e-12)
        assert chances(model).min() >= 0.0


@pytest.mark.parametrize("model", MODELS)
def test_values_and_errors_are_those_of_the_enumeration(model: str) -> None:
    p = chances(model)
    for label, row in zip(LABELS, ope(log(model), LABELS, position_bias=curves()).estimates, strict=True):
        moved, stayed = terms(label, new_places().tolist()), terms(label, PLACES.tolist())
        value, deviation = estimate(moved, lambda means: means[0], p)
        assert row.value.value == pytest.approx(value, rel=0, abs=1e-9), label
        assert row.value.std_error == pytest.approx(deviation, rel=0, abs=1e-9), label
        logged, of_logged = estimate(stayed, lambda means: means[0], p)
        assert row.logged.value == pytest.approx(logged, rel=0, abs=1e-9), label
        assert row.logged.std_error == pytest.approx(of_logged, rel=0, abs=1e-9), label
        _, of_gain = estimate(moved - stayed, lambda means: means[0], p)
        assert row.gain.std_error == pytest.approx(of_gain, rel=0, abs=1e-9), label


@pytest.mark.parametrize("model", MODELS)
def test_clicks_are_right_where_users_are_as_assumed_and_nowhere_else(model: str) -> None:
    """What the candidate's own list would bring these users."""
    moved = click_rates_of(model)
    names = {"click_ips": {"pbm"}, "click_dr:max_weight=1000": {"pbm"}, "click_affine": {"trust"}}
    rows = ope(log(model), list(names), position_bias=curves()).estimates
    for row, assumed in zip(rows, names.values(), strict=True):
        bias = row.value.value - math.fsum(moved)  # type: ignore[operator]
        assert (abs(bias) < 1e-9) == (model in assumed), row.label
        assert model in assumed or abs(bias) > 1e-3


@cache
def click_rates_of(model: str) -> list[float]:
    return click_rates(users(model), tuple(order().tolist()))


def test_metrics_are_those_of_the_attractiveness() -> None:
    a, new = np.array(reference()["attractiveness"]), new_places()
    wanted = {
        "click_dcg@5": float(np.sum(np.where(new <= 5, a / np.log2(new + 1), 0.0))),
        "click_precision@3": float(np.sum(a[new <= 3])) / 3,
        "click_arp": float(np.sum(a * new)),
        "replay_ips": float(np.sum(a[new == PLACES])),
    }
    rows = ope(log("pbm"), list(wanted), position_bias=curves()).estimates
    for row, value in zip(rows, wanted.values(), strict=True):
        assert row.value.value == pytest.approx(value, rel=0, abs=1e-9)


@pytest.mark.parametrize("label", ["click_dr:max_weight=3", "click_cips:max_weight=3"])
def test_clipping_is_biased_but_for_a_model_that_is_right(label: str) -> None:
    a = np.array(reference()["attractiveness"])
    knowing = log("pbm") | {"q_logged": np.tile(a, len(PATTERNS))}
    truth = float(np.sum(a * curves()["examination"][new_places() - 1]))
    (row,) = ope(knowing, label, position_bias=curves()).estimates
    bias = abs(row.value.value - truth)  # type: ignore[operator]
    assert bias < 1e-9 if label.startswith("click_dr") else bias > 0.01


@pytest.mark.parametrize("model", MODELS)
def test_means_of_drawn_sessions_are_within_four_errors_of_the_expectation(model: str) -> None:
    p, n = chances(model), 20_000
    drawn = np.random.default_rng(5).multinomial(n, p / p.sum())
    counted = log(model) | {"weight": np.repeat(drawn, K)}
    for label, row in zip(LABELS, ope(counted, LABELS, position_bias=curves()).estimates, strict=True):
        expectation, deviation = estimate(terms(label, new_places().tolist()), lambda means: means[0], p)
        assert abs(row.value.value - expectation) < 4 * deviation / math.sqrt(n), label  # type: ignore[operator]
        assert row.value.std_error == pytest.approx(deviation / math.sqrt(n), rel=0.1), label


# A random logger, whose exposure of each item is known: all of five items, or three of them.


def random_logger(size: int, q: Sequence[float]) -> tuple[dict[str, Any], dict[str, float]]:
    """Every list and click pattern with those not shown beside; what a fixed order of all would bring, and
    what the same order of those that are shown, and what was logged."""
    given = json.loads(REFERENCE.read_text())["stochastic_ope"]
    a, theta = given["attractiveness"], [1.0, 0.5, 1 / 3, 0.25, 0.2][:size]
    policy = plackett_luce(np.exp(given["logging_scores"]).tolist(), size)
    clicking, order_ = naive.position_based(a, theta), [1, 3, 2, 0, 4]
    exposure = [0.0] * 5
    rows, session = [], 0
    truth = {
        "full": math.fsum(t * a[i] for t, i in zip(theta, order_, strict=False)),
        "rerank": 0.0,
        "logged": 0.0,
    }
    for items, p in policy.items():
        for k, item in enumerate(items):
            exposure[item] += p * theta[k]
        ranked = [item for item in order_ if item in items]
        truth["rerank"] += p * math.fsum(click_rates(clicking, tuple(ranked)))
        truth["logged"] += p * math.fsum(click_rates(clicking, items))
        for clicks in naive.patterns(size):
            own = {"session_id": session, "weight": p * clicking(items, clicks)}
            shown = zip(items, clicks, theta, strict=True)
            rows += [
                {**own, "item_id": item, "position": k, "click": click, "examination": examined}
                for k, (item, click, examined) in enumerate(shown, 1)
            ]
            rows += [
                {**own, "item_id": item, "position": None, "click": None, "examination": None}
                for item in order_
                if item not in items
            ]
            session += 1
    log = {name: [row[name] for row in rows] for name in rows[0]}
    log["score"] = [-order_.index(item) for item in log["item_id"]]
    log["q_logged"] = [q[item] for item in log["item_id"]]
    log["exposure"] = [exposure[item] for item in log["item_id"]]
    return log, truth


RIGHT = (0.3, 0.7, 0.2, 0.5, 0.1)


@pytest.mark.parametrize("q", [(0.0,) * 5, (0.4,) * 5, (0.9, 0.1, 0.5, 0.2, 0.6), RIGHT], ids=str)
@pytest.mark.parametrize("size", [3, 5])
def test_exposure_makes_up_for_what_is_shown_in_other_sessions(size: int, q: Sequence[float]) -> None:
    log, truth = random_logger(size, q)
    (row,) = ope(log, "click_dr:max_weight=1e9", estimand="full").estimates
    assert row.value.value == pytest.approx(truth["full"], rel=0, abs=1e-9)
    assert row.logged.value == pytest.approx(truth["logged"], rel=0, abs=1e-9)
    assert row.bounds is None
    (row,) = ope(log, "click_dr:max_weight=1e9").estimates
    bias = abs(row.value.value - truth["rerank"])  # type: ignore[operator]
    assert (bias < 1e-9) == (size == 5 or q == RIGHT)
    assert row.logged.value == pytest.approx(truth["logged"], rel=0, abs=1e-9)


@pytest.mark.parametrize("estimand", ["rerank", "full"])
@pytest.mark.parametrize("exposed", [True, False])
def test_relevance_that_is_right_leaves_clipping_without_bias(estimand: str, exposed: bool) -> None:
    log, truth = random_logger(3, RIGHT)
    if not exposed:
        del log["exposure"]
    (row,) = ope(log, "click_dr:max_weight=1.2", estimand=estimand).estimates
    assert row.value.value == pytest.approx(truth[estimand], rel=0, abs=1e-9)
