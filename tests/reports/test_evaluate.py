"""What is said of runs: values, differences and the best, no more than tests and intervals do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import rankeval
from rankeval import evaluate
from rankeval.reports.evaluate import charts, conclude, tables
from rankeval.reports.sentences import CAUTION
from tests.reports.results import interval, verdict


def difference(
    low: float | None, high: float | None, p: float | None = 0.001, test: str = "t"
) -> dict[str, Any]:
    ci = interval(low, high)
    return {"a": "old", "b": "new", "metric": "map", "segment": None, "ci": ci, "test": test, "p_adjusted": p}


def document(
    *differences: dict[str, Any], runs: int = 2, level: str = "trust", **best: Any
) -> dict[str, Any]:
    names = ["old", "new", "third"][:runs]
    ci = interval(0.3, 0.4)
    rows = [{"run": n, "metric": "map", "segment": None, "ci": ci, "n": 1200} for n in names]
    return {
        "inputs": {"runs": dict.fromkeys(names, "file"), "metrics": ["map"]},
        "n": 1200,
        "results": rows,
        "comparisons": differences,
        "best": [best] if best else [],
        "verdict": verdict(level),
    }


def test_one_run() -> None:
    assert conclude(document(runs=1)) == "map of old is 0.3 to 0.4 (95 % interval) over 1,200 queries."
    assert conclude(document(runs=1, level="caution")).endswith(CAUTION)


def test_two_runs() -> None:
    assert conclude(document(difference(0.011, 0.02))) == (
        "map of old is 0.011 to 0.02 higher than of new (95 % interval). The judgements can tell."
    )


def test_the_higher_run_comes_first() -> None:
    assert conclude(document(difference(-0.02, -0.011))).startswith(
        "map of new is 0.011 to 0.02 higher than of old"
    )


def test_an_interval_that_holds_0() -> None:
    assert conclude(document(difference(-0.01, 0.02, 0.4))) == (
        "map of old is between 0.01 lower and 0.02 higher than of new (95 % interval). "
        "The judgements cannot tell."
    )


def test_every_test_must_agree_with_the_interval() -> None:
    both = [difference(0.01, 0.02, 0.04), difference(0.01, 0.02, 0.06, "randomisation")]
    assert conclude(document(*both)).endswith("The judgements cannot tell.")


def test_a_verdict_that_is_not_to_trust_leaves_no_number() -> None:
    said = conclude(document(difference(0.01, 0.02), level="do not trust"))
    assert said == (
        "The judgements cannot tell which run is better. Do not trust the numbers, for the reasons below."
    )


def test_no_interval_no_number() -> None:
    assert conclude(document(difference(None, None, None))) == (
        "The judgements cannot tell which of old and new is better by map."
    )


def test_the_best_of_several_is_corrected_for_the_choice() -> None:
    best = {
        "metric": "map",
        "run": "third",
        "value": {"ci": interval(0.3, 0.4)},
        "gain": {"over": "old", "ci": interval(-0.001, 0.02)},
    }
    assert conclude(document(difference(0.1, 0.2), runs=3, **best)) == (
        "third has the best map of 3 runs, 0.3 to 0.4 (95 % interval), corrected for the choice. That is "
        "between 0.001 lower and 0.02 higher than of old. The judgements cannot tell."
    )
    first = {**best, "gain": {"over": "third", "ci": interval(None, None)}}
    assert conclude(document(difference(0.1, 0.2), runs=3, **first)).endswith("corrected for the choice.")
    assert conclude(document(difference(0.1, 0.2), runs=3)) == (
        "The judgements cannot tell which of 3 runs is best by map."
    )


def test_calibration_is_drawn_where_the_curve_was_asked_for(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    score = draw.random(4_000)
    run = {
        "query_id": np.repeat(np.arange(400), 10),
        "item_id": np.tile(np.arange(10), 400),
        "score": score,
        "relevance": (draw.random(4_000) < score * score).astype(int),
    }
    asked = rankeval.evaluate(run, metrics=["brier"], reliability=tmp_path / "curve.csv").plain()
    chart = next(chart for chart in charts(asked) if chart.key == "calibration")
    line, right = chart.series  # type: ignore[attr-defined]
    assert line.x == [one["mean_score"] for one in asked["reliability"]]
    assert line.y == [one["relevant"] for one in asked["reliability"]]
    assert [round(share - x * x, 1) for x, share in zip(line.x, line.y, strict=True)] == [0.0] * len(line.x)
    assert (right.x, right.y) == ([0.0, 1.0], [0.0, 1.0])
    assert all(low <= share <= high for low, share, high in zip(line.low, line.y, line.high, strict=True))
    without = rankeval.evaluate(run, metrics=["brier"]).plain()
    assert without["reliability"] == []
    assert "calibration" not in {chart.key for chart in charts(without)}


def test_the_agreement_of_runs_is_a_table() -> None:
    runs = {"a": {"q": {"x": 2.0, "y": 1.0}}, "b": {"q": {"x": 1.0, "y": 2.0}}}
    found = evaluate(runs, {"q": {"x": 1}}, ["map"], agree=True).to_dict()
    (shown,) = [table for table in tables(found) if table.title == "Agreement of runs"]
    assert shown.header[:3] == ["statistic", "first", "second"]
    assert [row[0] for row in shown.rows] == ["rbo", "tau", "tau_ap"]
    del found["agreement"]
    assert "Agreement of runs" not in [table.title for table in tables(found)]
