"""Tests of the position-based model between rankers and on held-out sessions."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.arrays import hashes_of, mix64
from rankeval.logs import Log, fold
from rankeval.position_bias import (
    ModelTests,
    PositionBias,
    SessionSample,
    model_counts,
    model_notes,
    model_tests,
    sample_roles,
    session_sample,
)
from tests.naive_ranking_models import dependent_click_likelihood, position_based_likelihood

THETA = [1.0, 1 / 2, 1 / 3, 1 / 4]
BIAS = PositionBias.of(THETA)


def two_rankers(seed: int, n: int, users: str, queries: int = 20) -> dict[str, Any]:
    """Sessions of two rankers that show four of six items; ``stop`` users leave after half their clicks."""
    rng = np.random.default_rng(seed)
    relevance = rng.uniform(0.05, 0.7, (queries, 6))
    scores = relevance + rng.normal(0.0, 0.3, (2, queries, 6))
    query, ranker = rng.integers(0, queries, n), rng.integers(0, 2, n)
    shown = np.argsort(-scores[ranker, query], axis=1)[:, :4]
    liked = rng.random((n, 4)) < np.take_along_axis(relevance[query], shown, axis=1)
    if users == "pbm":
        clicks = liked & (rng.random((n, 4)) < THETA)
    else:
        ends = liked & (rng.random((n, 4)) < 0.5)
        clicks = liked & (np.cumsum(ends, axis=1) - ends == 0)
    return {
        "session_id": np.repeat(np.arange(n), 4),
        "query_id": np.repeat(query, 4),
        "item_id": shown.ravel(),
        "position": np.tile(np.arange(1, 5), n),
        "click": clicks.ravel().astype(np.int64),
        "ranker": np.repeat(np.array(["old", "new"])[ranker], 4),
    }


def found_in(log: Log, bias: PositionBias, threads: int) -> ModelTests:
    """The tests of the sampled sessions of a log, in one pass; empty where they cannot be read."""

    def merge(one: SessionSample | None, two: SessionSample | None) -> SessionSample | None:
        return one and two and one.merge(two)

    sample = fold(log, sample_roles(log), lambda part: SessionSample.of(part, 4, 1), merge, threads)
    return ModelTests() if sample is None else ModelTests.of(sample, bias)


def rows_of(log: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Sessions as lists of rows."""
    rows = [dict(zip(log, values, strict=True)) for values in zip(*log.values(), strict=True)]
    return [rows[start : start + 4] for start in range(0, len(rows), 4)]


def test_between_rankers_by_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_tests, "FEWEST_CLICKS", 1.0)
    log = two_rankers(1, 600, "pbm", queries=3)
    shown, mass, clicks = (defaultdict(float) for _ in range(3))
    for session in rows_of(log):
        for row in session:
            cell = row["ranker"], (row["query_id"], row["item_id"])
            shown[cell] += 1
            mass[cell] += THETA[row["position"] - 1]
            clicks[cell] += row["click"]
    pairs = {pair for _, pair in shown}
    total = {pair: mass["old", pair] + mass["new", pair] for pair in pairs}
    rate = {pair: (clicks["old", pair] + clicks["new", pair]) / total[pair] for pair in pairs}
    found = {(test.ranker, test.items): test for test in found_in(Log(log), BIAS, 1).rankers}
    assert len(found) == 4
    for (ranker, items), test in found.items():
        other = "new" if ranker == "old" else "old"
        both = [pair for pair in pairs if shown[ranker, pair] and shown[other, pair]]
        height = {(arm, pair): mass[arm, pair] / shown[arm, pair] for arm in (ranker, other) for pair in both}
        sign = 1 if items == "higher" else -1
        chosen = {pair for pair in both if sign * (height[ranker, pair] - height[other, pair]) > 1e-9}
        assert test.predicted == pytest.approx(
            sum(mass[ranker, pair] * clicks[other, pair] / total[pair] for pair in chosen)
        )
        assert test.observed == pytest.approx(
            sum(mass[other, pair] * clicks[ranker, pair] / total[pair] for pair in chosen)
        )
        variance = 0.0
        for session in rows_of(log):
            score = 0.0
            for row in session:
                pair, examined = (row["query_id"], row["item_id"]), THETA[row["position"] - 1]
                if pair in chosen:
                    residual = (row["click"] - examined * rate[pair]) / math.sqrt(1 - examined / total[pair])
                    weight = mass[ranker, pair] / total[pair]
                    score += residual * (1 - weight if row["ranker"] == ranker else -weight)
            variance += score**2
        assert test.z == pytest.approx((test.predicted - test.observed) / math.sqrt(variance))


def test_held_out_likelihoods_by_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_tests, "FEWEST_CLICKS", 1.0)
    log = two_rankers(2, 100, "stop", queries=3)
    sessions = rows_of(log)
    held = mix64(hashes_of(pa.array(range(100))), 1) & np.uint64(1)
    taught = [session for session, out in zip(sessions, held, strict=True) if not out]
    rest = [session for session, out in zip(sessions, held, strict=True) if out]
    one = [position_based_likelihood(session, taught, THETA) for session in rest]
    two = [dependent_click_likelihood(session, taught, 4) for session in rest]
    test = found_in(Log(log), BIAS, 1).cascade
    assert test is not None
    assert (test.sessions, test.position_based) == (len(rest), pytest.approx(np.mean(one)))
    assert test.dependent == pytest.approx(np.mean(two))
    apart = np.subtract(two, one)
    assert test.z == pytest.approx(apart.mean() / (apart.std(ddof=1) / math.sqrt(len(rest))))


@pytest.mark.parametrize("seed", range(3))
def test_users_as_assumed_are_left_alone_and_others_are_not(seed: int) -> None:
    assert not list(model_notes(found_in(Log(two_rankers(seed, 4_000, "pbm")), BIAS, 1)))
    notes = {
        note.code: note for note in model_notes(found_in(Log(two_rankers(seed, 4_000, "stop")), BIAS, 1))
    }
    assert {note.level for note in notes.values()} <= {"caution", "do not trust"}
    assert {"rankers_disagree", "cascade_fits_better"} == notes.keys()
    assert notes["rankers_disagree"].level == "do not trust"


def test_an_uncertain_curve_is_doubted_less() -> None:
    log = Log(two_rankers(3, 4_000, "stop"))
    exact = max(abs(test.z) for test in found_in(log, BIAS, 1).rankers)
    error = {"examination": THETA, "covariance": np.diag([0.0, 0.01, 0.01, 0.01]).tolist()}
    rough = max(abs(test.z) for test in found_in(log, PositionBias.of(error), 1).rankers)
    assert rough < 0.8 * exact


def test_swapped_sessions_are_an_arm_and_shuffled_ones_are_left_out() -> None:
    log = two_rankers(4, 3_000, "pbm")
    del log["ranker"]
    arm = np.repeat(np.arange(3_000) % 4, 4)
    swapped = np.where(arm == 1, 1.0, np.nan)
    log |= {"swap_low": swapped, "swap_high": swapped + 1, "shuffled": arm == 2}
    found = found_in(Log(log), BIAS, 1)
    assert {test.ranker for test in found.rankers} <= {"the ranker", "swapped sessions"}
    kept = {name: np.asarray(values)[arm != 2] for name, values in log.items()}
    assert found == found_in(Log(kept), BIAS, 1)


def test_files_and_threads_change_nothing(tmp_path: Any) -> None:
    table = pa.table(two_rankers(5, 3_000, "stop"))
    for part in range(6):
        pq.write_table(table.slice(part * 2_000, 2_000), tmp_path / f"{part}.parquet")
    one, two = (found_in(Log(tmp_path), BIAS, threads) for threads in (1, 3))
    assert one == two
    whole = found_in(Log(table), BIAS, 1)
    for mine, other in zip(one.rankers, whole.rankers, strict=True):
        assert mine.ranker == other.ranker
        assert mine.z == pytest.approx(other.z, rel=1e-9)


def test_too_many_rankers_are_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(two_rankers(6, 500, "pbm"))
    assert found_in(log, BIAS, 1).cascade is not None
    monkeypatch.setattr(model_counts, "MOST_ARMS", 1)
    assert found_in(log, BIAS, 1) == ModelTests()


def test_a_large_log_is_sampled(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """About a quarter of the sessions, with all of their items, is tested as if there were no others."""
    monkeypatch.setattr(session_sample, "MOST_ITEMS", 5_000)
    log = two_rankers(8, 3_000, "stop")
    table = pa.table(log)
    for part in range(6):
        pq.write_table(table.slice(part * 2_000, 2_000), tmp_path / f"{part}.parquet")
    files = Log(tmp_path)
    batches = len(files.leaves())
    found = fold(
        files, sample_roles(files), lambda part: SessionSample.of(part, 4, batches), SessionSample.merge, 2
    )
    assert 0.2 * 3_000 < len(found) < 0.3 * 3_000  # 750 +- 24
    assert (found.lengths == 4).all()
    kept = np.isin(hashes_of(pa.array(range(3_000))), found.ids)
    assert kept.sum() == len(found)
    alone = found_in(Log({name: values[np.repeat(kept, 4)] for name, values in log.items()}), BIAS, 1)
    sampled = ModelTests.of(found, BIAS)
    assert alone.cascade is not None
    assert sampled.cascade is not None
    assert alone.cascade.z == pytest.approx(sampled.cascade.z, rel=1e-9)
    assert [test.z for test in alone.rankers] == pytest.approx([test.z for test in sampled.rankers], rel=1e-9)


def test_what_cannot_be_read_is_not_tested() -> None:
    log = two_rankers(7, 300, "pbm")
    broken = {**log, "item_id": [None, *log["item_id"][1:].tolist()]}
    assert found_in(Log(broken), BIAS, 1) == ModelTests()
