"""The reliability curve: bins, shares, and intervals by hand and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import evaluate
from tests.readers.helpers import error_of

COLUMNS = ["run", "bin", "low", "high", "n", "mean_score", "relevant", "ci_low", "ci_high"]


def run_of(query, score, relevance, **columns) -> pa.Table:
    item = np.arange(len(query))
    return pa.table({"query_id": query, "item_id": item, "score": score, "relevance": relevance, **columns})


def curve(tmp_path, run, metrics="ece", **options) -> list[dict]:
    path = tmp_path / "curve.parquet"
    evaluate(run, metrics=metrics, reliability=path, **options)
    table = pq.read_table(path)
    assert table.schema.names == COLUMNS
    return table.to_pylist()


def wilson(share: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """The two shares q with (share - q)^2 = z^2 q (1 - q) / n."""
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def test_by_hand(tmp_path):
    """Queries of one item: items are independent, up to the factor G / (G - 1) = 4 / 3 of four units."""
    run = run_of([1, 2, 3, 4, 5], [0.11, 0.12, 0.15, 0.18, 1.0], [0.0, 0.0, 1.0, 0.0, 1.0])
    first, last = curve(tmp_path, run)
    assert [first[name] for name in COLUMNS[:5]] == ["run", 2, 0.11, 0.18, 4]
    assert first["mean_score"] == pytest.approx(0.14)
    assert first["relevant"] == 0.25
    assert (first["ci_low"], first["ci_high"]) == pytest.approx(wilson(0.25, 4 / (4 / 3)), abs=1e-6)
    assert [last[name] for name in COLUMNS[:7]] == ["run", 10, 1.0, 1.0, 1, 1.0, 1.0]
    assert (last["ci_low"], last["ci_high"]) == pytest.approx(wilson(1.0, 1), abs=1e-6)


def test_dependent_items_count_less(tmp_path):
    """All items of a query are alike: 20 queries of 5 have the interval of 20 items, but for 20 / 19."""
    relevance = np.repeat(np.arange(20) % 2, 5).astype(float)
    run = run_of(np.repeat(np.arange(20), 5), np.full(100, 0.42), relevance)
    (row,) = curve(tmp_path, run)
    assert (row["n"], row["relevant"]) == (100, 0.5)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(wilson(0.5, 20 / (20 / 19)), abs=1e-6)
    user = pa.array(np.repeat(np.arange(20) // 4, 5))  # each user has both kinds equally often
    (clustered,) = curve(tmp_path, run.append_column("user", user), cluster="user")
    assert (clustered["ci_low"], clustered["ci_high"]) == pytest.approx(wilson(0.5, 100), abs=1e-6)


def test_bins_are_those_of_the_first_calibration_error(tmp_path):
    rng = np.random.default_rng(0)
    score = rng.random(300) ** 3
    run = run_of(np.arange(300), score, (rng.random(300) < score).astype(float))
    assert len(curve(tmp_path, run, "ndcg")) == 10
    assert [row["n"] for row in curve(tmp_path, run, "brier,ece_mass:bins=6,ece")] == [50] * 6
    rows = curve(tmp_path, {"a": run, "b": run}, "ece:bins=4")
    assert [(row["run"], row["bin"]) for row in rows] == [(name, b) for name in "ab" for b in (1, 2, 3, 4)]
    for row in rows:
        assert (row["bin"] - 1) / 4 <= row["low"] <= row["mean_score"] <= row["high"] <= row["bin"] / 4


def test_the_calibration_error_is_the_weighted_gap_of_the_curve(tmp_path):
    rng = np.random.default_rng(1)
    score = rng.random(500)
    run = run_of(np.arange(500) // 4, score, (rng.random(500) < score**2).astype(float))
    rows = curve(tmp_path, run, "ece:bins=7")
    gap = sum(row["n"] * abs(row["relevant"] - row["mean_score"]) for row in rows) / 500
    assert evaluate(run, metrics="ece:bins=7").metric_rows[0].estimate.value == pytest.approx(gap, abs=1e-12)


def test_scores_must_be_probabilities(tmp_path):
    run = run_of([1, 2], [0.5, 1.5], [1.0, 0.0])
    error_of(
        lambda: evaluate(run, metrics="ndcg", reliability=tmp_path / "curve.parquet"),
        "<table>, row 2, query_id 2: column 'score' is 1.5, "
        "wanted a probability, from 0 to 1, for the reliability curve",
    )


def test_coverage_with_dependent_items(tmp_path):
    """200 samples of 80 queries of 5 items; 95 % within 3.3 standard errors (0.051), share 0.3 on average."""
    rng, held = np.random.default_rng(6), []
    for _ in range(200):
        effect = np.repeat(rng.choice([0.1, 0.5], 80), 5)
        run = run_of(np.repeat(np.arange(80), 5), np.full(400, 0.3), (rng.random(400) < effect).astype(float))
        (row,) = curve(tmp_path, run, "brier")
        held.append(row["ci_low"] <= 0.3 <= row["ci_high"])
    assert abs(np.mean(held) - 0.95) <= 3.3 * math.sqrt(0.95 * 0.05 / 200)
