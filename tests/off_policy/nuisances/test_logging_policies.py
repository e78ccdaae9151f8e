"""Logs of several logging policies: estimates against naive ones, and against exact expectations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.off_policy.nuisances.logging_policies import count_logging_policies, precision_shares
from rankeval.off_policy.rows import EstimateRow
from tests import naive_off_policy as naive

ACTIONS = 4
POLICIES = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
TARGET = np.array([0.1, 0.2, 0.2, 0.5])
MEAN_REWARD = np.array([0.2, 0.5, 0.4, 0.8])
PREDICTED = np.array([0.3, 0.4, 0.5, 0.6])
SHARES = np.array([0.5, 0.2, 0.3])
TRUTH = float(TARGET @ MEAN_REWARD)


def columns(logger: Any, action: Any, reward: Any) -> dict[str, Any]:
    return {
        "logger": logger,
        "reward": reward,
        "propensity": POLICIES[logger, action],
        "logger_propensities": pa.array(list(POLICIES[:, action].T)),
        "target_propensity": TARGET[action],
        "q_logged": PREDICTED[action],
        "q_target": np.full(len(action), TARGET @ PREDICTED),
    }


def random_log(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    logger = rng.choice(3, n, p=SHARES)
    action = np.array([rng.choice(ACTIONS, p=POLICIES[j]) for j in logger])
    return columns(logger, action, (rng.random(n) < MEAN_REWARD[action]).astype(float))


def enumeration() -> dict[str, Any]:
    """Every logger, action and reward with its probability."""
    grid = np.meshgrid(range(3), range(ACTIONS), (0.0, 1.0), indexing="ij")
    logger, action, reward = (axis.ravel() for axis in grid)
    chance = np.where(reward == 1.0, MEAN_REWARD[action], 1.0 - MEAN_REWARD[action])
    return columns(logger, action, reward) | {"weight": SHARES[logger] * POLICIES[logger, action] * chance}


LOG = random_log(800, seed=1)
EXACT = enumeration()


def estimate(log: dict[str, Any], name: str, **options: Any) -> EstimateRow:
    return ope(log, [name], **options).estimates[0]


def round_terms(name: str, log: dict[str, Any]) -> np.ndarray:
    """What each round adds to the balanced mean."""
    counts = np.bincount(log["logger"], log.get("weight"))
    shares = counts / counts.sum()
    mixture = np.array(log["logger_propensities"].to_pylist()) @ shares
    w = log["target_propensity"] / mixture
    if name == "ips":
        return np.asarray(w * log["reward"])
    return np.asarray(log["q_target"] + w * (log["reward"] - log["q_logged"]))


@pytest.mark.parametrize("name", ["ips", "dr"])
def test_balanced_is_the_mean_with_weights_of_the_mixture(name: str) -> None:
    found, terms = estimate(LOG, f"{name}:loggers=balanced"), round_terms(name, LOG)
    assert found.value.value == pytest.approx(terms.mean(), rel=1e-12)
    residual = terms - np.array([terms[LOG["logger"] == j].mean() for j in range(3)])[LOG["logger"]]
    assert found.value.std_error == pytest.approx(naive.std_error(residual), rel=1e-9)


@pytest.mark.parametrize("name", ["ips", "dr", "cips", "sndr", "snips"])
def test_weighted_weighs_loggers_by_precision(name: str) -> None:
    parts, variances = [], []
    for j in range(3):
        part = {k: np.array(v)[LOG["logger"] == j] for k, v in LOG.items() if k != "logger_propensities"}
        parts.append(naive.value(name, part))
        variances.append(naive.std_error(naive.residuals(name, part)) ** 2)
    precision = 1.0 / np.array(variances)
    found = estimate(LOG, f"{name}:loggers=weighted")
    # Variances there have the freedom of the whole log, here that of each part: a relative 1 / n apart.
    assert found.value.value == pytest.approx(precision @ parts / precision.sum(), rel=1e-3)
    assert found.value.std_error == pytest.approx(precision.sum() ** -0.5, rel=5e-3)


@pytest.mark.parametrize("form", ["naive", "balanced", "weighted"])
@pytest.mark.parametrize("name", ["ips", "dr", "snips", "sndr"])
def test_every_form_is_consistent(name: str, form: str) -> None:
    found = estimate(EXACT, f"{name}:loggers={form}")
    assert found.value.value == pytest.approx(TRUTH, rel=1e-12)


@pytest.mark.parametrize("name", ["ips", "dr"])
def test_balanced_spreads_as_within_loggers(name: str) -> None:
    terms, weight, logger = round_terms(name, EXACT), EXACT["weight"], EXACT["logger"]
    mean = np.array([np.average(terms[logger == j], weights=weight[logger == j]) for j in range(3)])
    wanted = float(np.sqrt(weight @ (terms - mean[logger]) ** 2))
    assert estimate(EXACT, f"{name}:loggers=balanced").value.std_error == pytest.approx(wanted, rel=1e-9)


def test_naive_spreads_most() -> None:
    forms = ("balanced", "weighted", "naive")
    spread = [estimate(EXACT, f"ips:loggers={form}").value.std_error or 0.0 for form in forms]
    assert 0.0 < max(spread[:2]) < spread[2]


@pytest.mark.parametrize("form", ["balanced", "weighted"])
@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_one_logger_is_no_news(name: str, form: str) -> None:
    chosen = LOG["logger"] == 1
    log = {k: (v.filter(pa.array(chosen)) if isinstance(v, pa.Array) else v[chosen]) for k, v in LOG.items()}
    plain, found = estimate(log, name), estimate(log, f"{name}:loggers={form}")
    assert found.value.value == pytest.approx(plain.value.value, rel=1e-12)
    assert found.value.std_error == pytest.approx(plain.value.std_error, rel=1e-9)


def test_intervals_of_balanced_hold_and_naive_ones_are_wider() -> None:
    forms = ("naive", "balanced", "weighted")
    hits, width = dict.fromkeys(forms, 0), dict.fromkeys(forms, 0.0)
    worlds = 200
    for seed in range(worlds):
        log = random_log(600, 100 + seed)
        for form in hits:
            interval = estimate(log, f"ips:loggers={form}").value.intervals[0]
            assert interval.low is not None
            assert interval.high is not None
            hits[form] += interval.low <= TRUTH <= interval.high
            width[form] += interval.high - interval.low
    # 4 standard errors below 95 %.
    assert min(hits.values()) >= worlds * (0.95 - 4 * (0.95 * 0.05 / worlds) ** 0.5)
    assert max(width["balanced"], width["weighted"]) < width["naive"]


def test_bootstrap_keeps_the_shares_of_the_loggers() -> None:
    found = estimate(LOG, "ips:loggers=balanced", ci=["normal", "bootstrap"], replicates=2000)
    normal, bootstrap = found.value.intervals
    assert bootstrap.high - bootstrap.low == pytest.approx(normal.high - normal.low, rel=0.1)  # type: ignore[operator]


def test_a_column_may_hold_the_mixture_and_ids_may_be_names() -> None:
    names = np.array(["a", "b", "c"])[LOG["logger"]]
    shares = np.bincount(LOG["logger"]) / 800
    mixture = np.array(LOG["logger_propensities"].to_pylist()) @ shares
    log = {k: v for k, v in LOG.items() if k != "logger_propensities"} | {"logger": names}
    found = estimate(log | {"mixture_propensity": mixture}, "ips:loggers=balanced")
    assert found.value.value == pytest.approx(estimate(LOG, "ips:loggers=balanced").value.value, rel=1e-12)
    weighted = estimate(log, "ips:loggers=weighted").value
    assert weighted.value == pytest.approx(estimate(LOG, "ips:loggers=weighted").value.value, rel=1e-12)


def test_threads_and_row_groups_change_nothing() -> None:
    tables = [pa.table(LOG).slice(start, 200) for start in range(0, 800, 200)]
    wanted = estimate(LOG, "dr:loggers=weighted").value
    found = estimate(tables, "dr:loggers=weighted").value  # type: ignore[arg-type]
    assert found.value == pytest.approx(wanted.value, rel=1e-12)
    assert found.std_error == pytest.approx(wanted.std_error, rel=1e-9)


BY_COUNTRY = LOG | {"country": np.where(LOG["logger"] == 2, "de", np.where(np.arange(800) % 2, "fr", "jp"))}


def kept(log: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    return {k: v.filter(pa.array(rows)) if isinstance(v, pa.Array) else v[rows] for k, v in log.items()}


@pytest.mark.parametrize("name", ["ips", "snips", "dr", "cips:max_weight=auto"])
def test_a_segment_without_rounds_of_a_policy_is_weighed_by_the_others(name: str) -> None:
    rows = ope(BY_COUNTRY, f"{name}:loggers=weighted", by="country").estimates[1:]
    for row in rows:
        wanted = estimate(kept(LOG, BY_COUNTRY["country"] == row.segment), f"{name}:loggers=weighted").value
        assert row.value.value == pytest.approx(wanted.value, rel=1e-9)
        assert row.value.std_error == pytest.approx(wanted.std_error, rel=1e-9)


def test_but_has_no_balanced_value_and_no_mean_weight_to_expect() -> None:
    whole, *parts = ope(BY_COUNTRY, "ips:loggers=balanced", by="country").estimates
    assert abs(whole.diagnostics["mean_weight_z"] or 9.0) < 4.0
    for row in parts:
        assert row.value.value is None
        assert row.diagnostics["mean_weight_z"] is None


@pytest.mark.parametrize("form", ["balanced", "weighted"])
def test_policies_whose_rounds_do_not_count_are_as_if_they_were_not_there(form: str) -> None:
    others = LOG["logger"] != 1
    found = estimate(LOG | {"weight": others.astype(float)}, f"dr:loggers={form}").value
    wanted = estimate(kept(LOG, others), f"dr:loggers={form}").value
    assert found.value == pytest.approx(wanted.value, rel=1e-12)
    assert found.std_error == pytest.approx(wanted.std_error, rel=1e-9)
    with pytest.raises(DataError, match="column 'weight' is 0 in all rows, wanted some above 0"):
        estimate(LOG | {"weight": np.zeros(800)}, f"dr:loggers={form}")


def test_counts() -> None:
    found = count_logging_policies(Log(EXACT), None, indexed=True)
    assert found.ids == (0, 1, 2)
    assert found.counts == pytest.approx(SHARES)
    assert count_logging_policies(Log(LOG), None, indexed=False).counts == tuple(np.bincount(LOG["logger"]))


def test_a_logger_without_variance_does_not_get_all_the_weight() -> None:
    assert precision_shares([1.0, 2.0], [10, 10]) == pytest.approx((2 / 3, 1 / 3))
    assert precision_shares([0.1, 0.0], [10, 10]) == pytest.approx((0.5, 0.5))
    assert precision_shares([0.0, 0.0], [30, 10]) == pytest.approx((0.75, 0.25))


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        (
            {"logger": [None, *LOG["logger"][1:].tolist()]},
            "ips:loggers=weighted",
            "row 1: column 'logger' is null",
        ),
        ({"logger": np.arange(800)}, "ips:loggers=weighted", "'logger' has 800 values, wanted at most 100"),
        (
            {"logger": LOG["logger"] + 1},
            "ips:loggers=balanced",
            "a list of 3, wanted one for each logger",
        ),
        (
            {"logger": LOG["logger"].astype(str), "propensity": np.full(800, 0.35)},
            "ips:loggers=balanced",
            "found no other element of 'logger_propensities' equal to 'propensity' in all rows of logger '",
        ),
        (
            {
                "logger": LOG["logger"].astype(str),
                "logger_propensities": pa.array([[p, p, p] for p in LOG["propensity"]]),
            },
            "ips:loggers=balanced",
            "found elements 0, 1, 2 of 'logger_propensities' equal to 'propensity' in all rows of logger '0'",
        ),
        ({"logger": LOG["logger"] - 1}, "ips:loggers=balanced", "holds -1 to 1, wanted indices from 0"),
        (
            {"logger_propensities": pa.array([[0.5, 2.0, 0.1]] * 800)},
            "ips:loggers=balanced",
            "row 1: column 'logger_propensities' is 2.0 at index 1, wanted probabilities in [0, 1]",
        ),
        (
            {"logger_propensities": pa.array([[0.0, 0.0, 0.0]] * 800)},
            "ips:loggers=balanced",
            "row 1: column 'logger_propensities' is 0.0, wanted a probability in (0, 1]",
        ),
        (
            {"logger_propensities": LOG["propensity"]},
            "ips:loggers=balanced",
            "wanted a list of numbers",
        ),
    ],
)
def test_wrong_loggers_get_one_line(change: dict[str, Any], name: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(LOG | change, [name])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_forms_get_one_line() -> None:
    with pytest.raises(UsageError, match="loggers is 'best', wanted naive, balanced, weighted"):
        ope(LOG, ["ips:loggers=best"])
    with pytest.raises(UsageError, match="unknown parameter 'loggers', known: none"):
        ope(LOG, ["dm:loggers=naive"])
    without = {k: v for k, v in LOG.items() if k != "logger"}
    with pytest.raises(DataError, match="no column 'logger', which ips:loggers=weighted needs"):
        ope(without, ["ips:loggers=weighted"])


@pytest.mark.parametrize("form", ["balanced", "weighted"])
@pytest.mark.parametrize("name", ["ips", "dr", "snips"])
def test_a_policy_whose_rounds_count_0_times_is_none(name: str, form: str) -> None:
    log = random_log(300, seed=8)
    counts = (log["logger"] != 1).astype(float)
    kept = {column: pa.array(values).filter(pa.array(counts > 0)) for column, values in log.items()}
    label = f"{name}:loggers={form}"
    (found,), (wanted,) = ope(log | {"weight": counts}, label).estimates, ope(kept, label).estimates
    assert found.value.value == pytest.approx(wanted.value.value, rel=1e-12)
    assert found.value.std_error == pytest.approx(wanted.value.std_error, rel=1e-10)


@pytest.mark.parametrize("names", [["a", "b", "c"], ["c", "a", "b"]], ids=str)
@pytest.mark.parametrize("name", ["ips", "dr", "snips"])
def test_named_loggers_are_found_in_the_lists_in_any_order(name: str, names: list[str]) -> None:
    wanted = estimate(LOG, f"{name}:loggers=balanced").value
    order = [2, 0, 1]
    lists = np.array(LOG["logger_propensities"].to_pylist())[:, order].astype(np.float32)
    log = LOG | {"logger": [names[j] for j in LOG["logger"]], "logger_propensities": pa.array(list(lists))}
    found = estimate(log, f"{name}:loggers=balanced").value
    assert found.value == pytest.approx(wanted.value, rel=1e-6)
    assert found.std_error == pytest.approx(wanted.std_error, rel=1e-6)


def test_names_without_propensities_are_no_places() -> None:
    log = {k: v for k, v in LOG.items() if k != "propensity"} | {"logger": LOG["logger"].astype(str)}
    with pytest.raises(DataError, match="wanted indices from 0 into the list logger_propensities, or"):
        ope(log, ["ips:loggers=balanced"])
