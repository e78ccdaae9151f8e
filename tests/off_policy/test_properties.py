"""Properties over the catalogue that no other file holds each estimator to: shifts, ranges, several targets
and several loggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import Log, ope
from rankeval.estimators.catalogue import ESTIMATORS, parse
from rankeval.logs.units import Grouping
from rankeval.off_policy.accumulate import Sums, accumulate
from rankeval.off_policy.nuisances.logging_policies import count_logging_policies
from rankeval.off_policy.nuisances.nuisances import Nuisances
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.samples.column_sources import ColumnSources
from rankeval.off_policy.samples.setting import Setting
from rankeval.off_policy.samples.targets import with_targets
from tests import naive_clicks, naive_kernels, naive_off_policy, naive_rankings

examples = settings(max_examples=12, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)
Log_ = dict[str, Any]

BANDIT = [naive_off_policy.spelled(name, naive_off_policy.TIGHT[name]) for name in naive_off_policy.NAMES]
IPS_FAMILY = ("ips", "cips", "snips", "csnips", "sg_ips")
FORMS = ("balanced", "weighted")


def of(log: Any, labels: Sequence[str], **options: Any) -> dict[str, EstimateRow]:
    options = {"ci": "normal"} | options
    return dict(zip(labels, ope(log, list(labels), **options).estimates, strict=True))


def values(log: Any, labels: Sequence[str], **options: Any) -> dict[str, float]:
    found = {label: row.value.value for label, row in of(log, labels, **options).items()}
    assert None not in found.values()
    return found  # type: ignore[return-value]


def same(found: EstimateRow, wanted: EstimateRow, rel: float = 1e-9) -> None:
    """In value, gain, and the error of both."""
    for a, b in ((found.value, wanted.value), (found.gain, wanted.gain)):
        assert a.value == pytest.approx(b.value, rel=rel, abs=1e-12), found.label
        assert a.std_error == pytest.approx(b.std_error, rel=1e-6, abs=1e-12), found.label


def test_the_catalogue_is_what_the_slow_versions_have() -> None:
    """All loops over names run over every estimator."""
    from_clicks = {label.partition(":")[0].partition("@")[0] for label in naive_clicks.NAMES}
    slow = {*naive_off_policy.NAMES, *naive_kernels.NAMES, *naive_rankings.NAMES, *from_clicks}
    assert slow == {*ESTIMATORS}


# Rankings.


@examples
@given(seeds, st.floats(-5, 5), st.floats(-5, 5))
def test_a_shift_of_every_reward_shifts_what_is_normalised_and_what_is_doubly_robust(
    seed: int, factor: float, shift: float
) -> None:
    """By as much as it shifts the sessions: ``cascade_dr`` where the reward to go is shifted alike."""
    log = naive_rankings.random_log(60, seed)
    lengths = np.bincount(log["session_id"])
    left = lengths[log["session_id"]] - log["position"] + 1
    moved = log | {
        "reward": factor * log["reward"] + shift,
        "q_logged": factor * log["q_logged"] + shift * left,
        "q_target": factor * log["q_target"] + shift * left,
    }
    names = ("cascade_dr", "sniips", "snrips")
    before, after = values(log, names), values(moved, names)
    for name in names:
        wanted = factor * before[name] + shift * lengths.mean()
        assert after[name] == pytest.approx(wanted, rel=1e-10, abs=1e-10), name


@examples
@given(seeds, st.floats(0.1, 2.0), st.sampled_from(["", ":max_weight=0.7"]))
def test_self_normalised_rankings_stay_within_the_rewards(seed: int, spread: float, clipped: str) -> None:
    log = naive_rankings.random_log(40, seed, spread=spread)
    log["reward"] = np.random.default_rng(seed).normal(1.0, 2.0, len(log["reward"]))
    totals = np.bincount(log["session_id"], log["reward"])
    value = values(log, [f"snsips{clipped}"])[f"snsips{clipped}"]
    assert totals.min() - 1e-12 <= value <= totals.max() + 1e-12
    at = [log["reward"][log["position"] == k] for k in range(1, log["position"].max() + 1)]
    share = [len(rewards) / 40 for rewards in at]
    low, high = (
        sum(s * bound(rewards) for s, rewards in zip(share, at, strict=True)) for bound in (np.min, np.max)
    )
    for name in ("sniips", "snrips"):
        assert low - 1e-12 <= values(log, [name + clipped])[name + clipped] <= high + 1e-12


# Clicks.


@examples
@given(seeds, st.floats(-5, 5), st.floats(-5, 5))
def test_click_affine_takes_every_shift_of_the_clicks(seed: int, factor: float, shift: float) -> None:
    log = naive_clicks.random_log(40, seed)
    low = min(0.0, *(factor * beta + shift for beta in log["beta"]))
    moved = log | {
        "click": [factor * c + shift - low for c in log["click"]],
        "beta": [factor * b + shift - low for b in log["beta"]],
    }
    before, after = (values(each, ["click_affine"])["click_affine"] for each in (log, moved))
    wanted = factor * before + (shift - low) * len(log["click"]) / 40
    assert after == pytest.approx(wanted, rel=1e-10, abs=1e-10)


@examples
@given(seeds, st.sampled_from(["rerank", "full"]))
def test_click_dr_without_predictions_is_click_cips(seed: int, estimand: str) -> None:
    log = naive_clicks.random_log(40, seed, unshown=2)
    log["q_logged"] = [0.0] * len(log["click"])
    labels = ["click_dr:max_weight=2", "click_cips:max_weight=2"]
    dr, cips = of(log, labels, estimand=estimand).values()
    same(dr, cips)


@examples
@given(seeds)
def test_less_clipping_takes_what_clips_up_to_what_does_not(seed: int) -> None:
    log = naive_clicks.random_log(40, seed)
    for name in ("click_dcg", "click_dcg@2", "click_precision@3", "click_arp", "replay_ips"):
        labels = [f"{name}:max_weight={bound}" for bound in (0.5, 1, 2, 4, 1000)]
        found = list(values(log, [*labels, name]).values())
        assert all(a <= b * (1 + 1e-14) for a, b in pairwise(found))
        assert found[-2] == found[-1]


# Several targets: each gets what it gets alone.


def check_targets(
    log: Mapping[str, Any], labels: Sequence[str], columns: Mapping[str, str], role: str
) -> None:
    found = {(row.asked.label, row.target): row for row in ope(log, list(labels), target=columns).estimates}
    for name, column in columns.items():
        for row in of({**log, role: log[column]}, labels).values():
            same(found[row.asked.label, name], row)


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("target_propensity_list", ("sips", "snsips")),
        ("target_propensity", ("iips", "sniips", "pi", "aips")),
        ("target_propensity_prefix", ("rips", "snrips")),
        ("target_exposure", ("policy_aware",)),
    ],
)
def test_targets_of_rankings(role: str, names: tuple[str, ...]) -> None:
    log = naive_rankings.random_log(200, seed=3)
    log["other"] = log[role] * (0.9 if role.endswith("list") else np.linspace(0.5, 1.0, len(log[role])))
    labels = [f"{name}{bound}" for name in names for bound in ("", ":max_weight=0.8")]
    check_targets(log, labels, {"a": role, "b": "other"}, role)


def test_a_single_target_of_cascade_dr() -> None:
    log = naive_rankings.random_log(200, seed=3)
    (row,) = ope(log, "cascade_dr", target={"a": "target_propensity_prefix"}).estimates
    same(row, of(log, ["cascade_dr"])["cascade_dr"])


def test_targets_of_clicks() -> None:
    log = naive_clicks.random_log(200, seed=3)
    check_targets(log, naive_clicks.NAMES, {"a": "score", "b": "other"}, "score")


def test_targets_of_actions() -> None:
    log = naive_off_policy.random_log(300, seed=3)
    rng = np.random.default_rng(0)
    log["other"] = np.minimum(log["target_propensity"] * rng.lognormal(0.0, 0.3, 300), 1.0)
    labels = [label for label in BANDIT if label.partition(":")[0] in IPS_FAMILY]
    check_targets(log, labels, {"a": "target_propensity", "b": "other"}, "target_propensity")


# Several loggers.


def logged_by_several(n: int, seed: int, policies: int = 3) -> Log_:
    """Rounds whose propensity depends on who logged them."""
    log: Log_ = naive_off_policy.random_log(n, seed)
    rng = np.random.default_rng(seed)
    logger = np.concatenate([np.arange(policies), rng.integers(0, policies, n - policies)])
    each = np.clip(log["propensity"][:, np.newaxis] * rng.uniform(0.5, 1.5, (n, policies)), 0.01, 1.0)
    propensity = each[np.arange(n), logger]
    return log | {"logger": logger, "propensity": propensity, "logger_propensities": list(each)}


WITH_LOGGERS = [
    f"{label}:loggers={form}" for label in BANDIT for form in FORMS if not label.startswith(("dm", "mips"))
]
AS_IPS = [label for label in WITH_LOGGERS if label.partition(":")[0] in IPS_FAMILY]


def rows_of(log: Log_, rows: Any) -> Log_:
    """Some of the rounds."""
    return {name: [column[i] for i in rows] for name, column in log.items()}


@examples
@given(seeds)
def test_forms_of_loggers_do_not_see_the_order(seed: int) -> None:
    log = logged_by_several(80, seed)
    order = np.random.default_rng(seed).permutation(80)
    after = of(rows_of(log, order), WITH_LOGGERS)
    for label, row in of(log, WITH_LOGGERS).items():
        same(after[label], row)


@examples
@given(seeds, st.floats(0.1, 5), st.floats(-5, 5))
def test_forms_of_loggers_are_linear_or_affine(seed: int, factor: float, shift: float) -> None:
    log = logged_by_several(80, seed)
    before = values(log, WITH_LOGGERS)
    scaled = values(log | {"reward": factor * log["reward"]}, AS_IPS)
    for label in AS_IPS:
        assert scaled[label] == pytest.approx(factor * before[label], rel=1e-9, abs=1e-11), label
    moved = log | {name: factor * log[name] + shift for name in ("reward", "q_logged", "q_target")}
    shifting = [label for label in WITH_LOGGERS if label not in AS_IPS or label.startswith(("sn", "csn"))]
    after = values(moved, shifting)
    for label in shifting:
        assert after[label] == pytest.approx(factor * before[label] + shift, rel=1e-9, abs=1e-9), label


@examples
@given(seeds, st.floats(0.1, 2.0))
def test_self_normalised_forms_of_loggers_stay_within_the_rewards(seed: int, spread: float) -> None:
    log = logged_by_several(60, seed)
    log["target_propensity"] = np.minimum(
        log["target_propensity"] * np.random.default_rng(seed).lognormal(0.0, spread, 60), 1.0
    )
    log["reward"] = np.random.default_rng(seed + 1).normal(5.0, 2.0, 60)
    labels = [label for label in WITH_LOGGERS if label.startswith(("snips", "csnips"))]
    for value in values(log, labels).values():
        assert log["reward"].min() <= value <= log["reward"].max()


@examples
@given(seeds)
def test_forms_of_loggers_lead_from_clipped_to_plain_and_from_dr_to_ips(seed: int) -> None:
    log = logged_by_several(60, seed)
    zeros = log | {"q_logged": np.zeros(60), "q_target": np.zeros(60)}
    for form in FORMS:
        tail = f":loggers={form}"
        plain = values(log, [name + tail for name in ("ips", "snips", "dr")])
        for clipped, name in (
            ("cips:max_weight", "ips"),
            ("csnips:max_weight", "snips"),
            ("cdr:max_weight", "dr"),
            ("switch_dr:tau", "dr"),
            ("dros:lambda", "dr"),
        ):
            label = f"{clipped}=1e14{tail}"
            assert values(log, [label])[label] == pytest.approx(plain[name + tail], rel=1e-8), label
        found = values(zeros, [name + tail for name in ("ips", "dr", "snips", "sndr")])
        assert found["dr" + tail] == pytest.approx(found["ips" + tail], rel=1e-12)
        assert found["sndr" + tail] == pytest.approx(found["snips" + tail], rel=1e-12)


@examples
@given(seeds)
def test_a_target_that_is_the_mixture_has_the_logged_mean_where_weights_are_balanced(seed: int) -> None:
    log = logged_by_several(60, seed)
    shares = np.bincount(log["logger"]) / 60
    mixture = np.array(log["logger_propensities"]) @ shares
    labels = [f"{name}:loggers=balanced" for name in ("ips", "snips", "sg_ips", "cips")]
    for row in of(log | {"target_propensity": mixture}, labels).values():
        assert row.value.value == pytest.approx(np.mean(log["reward"]), rel=1e-12)
        assert row.diagnostics["mean_weight"] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("targets", [None, {"a": "target_propensity", "b": "other"}], ids=["one", "two"])
def test_merged_parts_of_several_loggers_and_targets_equal_the_whole(form: str, targets: Any) -> None:
    log = logged_by_several(120, seed=4)
    log["other"] = np.minimum(1.2 * log["target_propensity"], 1.0)
    table = pa.table(log)
    chosen = [parse(f"{name}:loggers={form}") for name in ("ips", "snips", "cips:max_weight=2")]
    loggers = count_logging_policies(Log(table), 1, indexed=form == "balanced")
    setting = Setting(tuple(targets or ("",)))
    plan = Plan.of(chosen, setting, loggers)

    def passed(part: pa.Table) -> Sums:
        source = with_targets(Log(part), targets or {}, chosen)
        sources = ColumnSources.of(source, setting)
        return accumulate(sources, plan, Nuisances(loggers), Grouping(bucketed=True), threads=1)

    whole = passed(table)
    merged = passed(table.slice(0, 7))
    for start, stop in ((7, 8), (8, 90), (90, 120)):
        merged = merged.merge(passed(table.slice(start, stop - start)))
    for name in ("total", "comoment", "low", "high", "buckets"):
        np.testing.assert_allclose(
            getattr(merged.moments.whole, name), getattr(whole.moments.whole, name), rtol=1e-10, atol=1e-10
        )
