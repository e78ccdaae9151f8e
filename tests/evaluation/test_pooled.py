"""Pooled metrics in ``evaluate``: from files to values, intervals, segments, comparisons and errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats
from sklearn import metrics as sklearn

from rankeval import DataError, UsageError, evaluate
from rankeval.metrics import POOLED, JudgedItems, parse_any
from tests.evaluation.test_errors import changed, places
from tests.log_files import write_parts
from tests.readers.helpers import error_of

QUERIES, ITEMS = 120, 6
ALL = list(POOLED)


def table(seed: int = 0, power: float = 1.0) -> pa.Table:
    """Scores are probabilities; a share of the items is unjudged."""
    rng = np.random.default_rng(0)
    n = QUERIES * ITEMS
    p = np.round(rng.random(n), 2)
    relevance = np.where(rng.random(n) < 0.1, np.nan, rng.random(n) < p)
    noise = np.random.default_rng(seed).random(n) if seed else 0.5
    return pa.table(
        {
            "query_id": np.repeat([f"q{i:03}" for i in range(QUERIES)], ITEMS),
            "item_id": [f"d{i}" for _ in range(QUERIES) for i in range(ITEMS)],
            "score": np.clip(p**power + 0.2 * (noise - 0.5), 0.0, 1.0),
            "relevance": pa.array(relevance, from_pandas=True),
            "device": np.repeat(["phone", "desk"], n // 2),
            "user": np.repeat(np.arange(QUERIES) // 2, ITEMS),
        }
    )


RUN = table()


def judged(run: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = run.to_pandas().dropna(subset="relevance")
    return frame["score"].to_numpy(), frame["relevance"].to_numpy() >= 1, frame["query_id"].to_numpy()


def pool(run: pa.Table) -> JudgedItems:
    score, relevant, query = judged(run)
    return JudgedItems(
        np.cumsum([0, *np.unique(query, return_counts=True)[1]]), score, relevant
    )  # the queries of the table are in ascending order


def values(result) -> dict[str, float]:
    return {row.metric: row.estimate.value for row in result.metric_rows if row.segment is None}


@pytest.fixture(scope="module")
def result():
    return evaluate(RUN, metrics=["ndcg@5", *ALL], ci=["normal", "bootstrap", "bootstrap_t"])


def test_values_are_those_of_the_judged_items(result):
    score, relevant, _ = judged(RUN)
    found = values(result)
    assert list(found) == ["ndcg@5", *ALL]
    assert found["log_loss"] == pytest.approx(sklearn.log_loss(relevant, score), abs=1e-9)
    assert found["brier"] == pytest.approx(sklearn.brier_score_loss(relevant, score), abs=1e-9)
    assert found["roc_auc"] == pytest.approx(sklearn.roc_auc_score(relevant, score), abs=1e-9)
    assert found["pr_auc"] == pytest.approx(sklearn.average_precision_score(relevant, score), abs=1e-9)
    run = result.counts["runs"]["run"]
    assert run["items_unjudged"] == QUERIES * ITEMS - len(score) > 0


def test_errors_and_every_interval(result):
    for row in result.metric_rows[1:]:
        pooled = parse_any(row.metric).of(pool(RUN))
        n = len(pooled.influence)
        wanted = math.sqrt(n / (n - 1) * np.sum(np.square(pooled.influence)))
        assert row.estimate.n == n == QUERIES
        assert row.estimate.std_error == pytest.approx(wanted, rel=1e-9)
        normal, *others = row.estimate.intervals
        assert normal.low == pytest.approx(row.estimate.value - stats.t.ppf(0.975, n - 1) * wanted, abs=1e-7)
        for interval in others:
            assert interval.low == pytest.approx(normal.low, abs=0.5 * wanted)
            assert interval.high == pytest.approx(normal.high, abs=0.5 * wanted)


def test_a_metric_per_query_is_the_same_beside_pooled_ones(result):
    alone = evaluate(RUN, metrics="ndcg@5", ci=["normal", "bootstrap", "bootstrap_t"])
    assert alone.metric_rows[0].to_dict() == result.metric_rows[0].to_dict()


def test_segments_are_pools_of_their_own():
    result = evaluate(RUN, metrics=ALL, by="device")
    for device in ("phone", "desk"):
        alone = evaluate(RUN, metrics=ALL, where=f'device == "{device}"')
        part = {row.metric: row.estimate for row in result.metric_rows if row.segment == device}
        for row in alone.metric_rows:
            assert part[row.metric].value == pytest.approx(row.estimate.value, abs=1e-12)
            assert part[row.metric].std_error == pytest.approx(row.estimate.std_error, rel=1e-9)


def test_clusters():
    """Users of two queries: the sum over users of the squared sums of influences, times G / (G - 1)."""
    result = evaluate(RUN, metrics=ALL, cluster="user")
    for row in result.metric_rows:
        influence = parse_any(row.metric).of(pool(RUN)).influence.reshape(-1, 2).sum(axis=1)
        wanted = math.sqrt(60 / 59 * np.sum(np.square(influence)))
        assert row.estimate.std_error == pytest.approx(wanted, rel=0.02)  # users may share a bucket


def test_comparisons_are_paired():
    runs = {"a": RUN, "b": table(seed=2, power=1.4)}
    result = evaluate(runs, metrics=ALL, permutations=500)
    for metric in ALL:
        left, right = (parse_any(metric).of(pool(run)) for run in runs.values())
        differences = left.terms() - right.terms()
        found = [c for c in result.comparisons if c.metric == metric]
        assert [c.test for c in found] == ["t", "randomisation"]
        for comparison in found:
            error = differences.std(ddof=1) / math.sqrt(QUERIES)
            assert comparison.estimate.value == pytest.approx(left.value - right.value, abs=1e-12)
            assert comparison.estimate.std_error == pytest.approx(error, rel=1e-9)
            assert 0.0 <= comparison.p_value <= 1.0


def test_a_run_equals_itself():
    result = evaluate({"a": RUN, "b": RUN}, metrics=ALL)
    assert {(c.estimate.value, c.p_value) for c in result.comparisons} == {(0.0, 1.0)}


@pytest.mark.parametrize("cluster", [None, "user"])
def test_threads_change_no_bit_and_part_files_only_the_last(tmp_path, cluster):
    options = {"metrics": ALL, "ci": "normal,bootstrap,bootstrap_t", "by": "device", "cluster": cluster}
    parts = write_parts(tmp_path / "parts", RUN, 50, 200)
    texts = {
        json.dumps(
            evaluate(
                str(parts), threads=threads, reliability=tmp_path / f"{threads}.parquet", **options
            ).to_dict()
        )
        for threads in (1, 2, 4)
    }
    assert len(texts) == 1
    assert pq.read_table(tmp_path / "1.parquet") == pq.read_table(tmp_path / "4.parquet")
    whole = values(evaluate(RUN.take(np.random.default_rng(1).permutation(len(RUN))), **options))
    assert whole == pytest.approx(values(evaluate(str(parts), **options)), abs=1e-12)


def test_judgements_in_a_file_of_their_own():
    """Judged items that the run lacks have no score, negative grades are unjudged, queries may be missing."""
    run = pa.table(
        {
            "query_id": ["a", "a", "b", "b", "d"],
            "item_id": ["x", "y", "x", "z", "x"],
            "score": [0.9, 0.4, 0.3, 0.8, 0.5],
        }
    )
    judgements = pa.table(
        {
            "query_id": ["a", "a", "a", "b", "b", "c"],
            "item_id": ["x", "y", "w", "x", "z", "x"],
            "relevance": [2.0, 0.0, 1.0, 1.0, -1.0, 1.0],
        }
    )
    result = evaluate(run, judgements, ["brier", "roc_auc"])
    assert values(result)["brier"] == pytest.approx((0.1**2 + 0.4**2 + 0.7**2) / 3)
    assert values(result)["roc_auc"] == 0.5  # 0.9 and 0.3 against 0.4
    assert [row.estimate.n for row in result.metric_rows] == [2, 2]
    strict = evaluate(run, judgements, "brier", relevance_threshold=2)
    assert values(strict)["brier"] == pytest.approx((0.1**2 + 0.4**2 + 0.3**2) / 3)


def test_empty_and_missing_policies_change_nothing():
    found = [
        values(evaluate(RUN, metrics=ALL, empty=empty, missing=missing))
        for empty in ("zero", "skip", "one")
        for missing in ("zero", "skip")
    ]
    assert all(each == found[0] for each in found)


def test_undefined_values_are_null_with_the_reason():
    run = RUN.filter(pa.compute.equal(RUN["relevance"], 1.0))
    result = evaluate({"a": run, "b": run}, metrics="roc_auc,pr_auc,brier", ci="normal,bootstrap")
    row = result.metric_rows[0].to_dict()
    assert (row["value"], row["std_error"], row["ci"]["low"]) == (None, None, None)
    assert row["ci"]["reason"] == "no other item among the judged ones"
    assert {c.p_value for c in result.comparisons if c.metric == "roc_auc"} == {None}
    text = "value of roc_auc of a, roc_auc of b, roc_auc of a - b: no other item among the judged ones"
    assert text in result.warnings
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_single_query_has_a_value_without_an_error():
    run = RUN.slice(0, ITEMS)
    (row,) = evaluate(run, metrics="brier").metric_rows
    assert row.estimate.value is not None
    assert row.estimate.std_error is None


def test_without_any_judged_item():
    result = evaluate(RUN, RUN.select(["query_id", "item_id", "relevance"]).slice(0, 1), "ndcg,roc_auc")
    assert result.counts["queries"] == 1
    other = pa.table({"query_id": ["q000"], "item_id": ["nothing"], "relevance": [1.0]})
    (row,) = evaluate(RUN, other, "brier").metric_rows
    assert (row.estimate.value, row.estimate.n) == (None, 0)


@pytest.mark.parametrize("value", [1.5, -0.1])
@pytest.mark.parametrize("metric", ["log_loss", "brier", "ece", "ece_mass:bins=5"])
def test_a_score_that_is_no_probability(tmp_path, value, metric):
    small = pa.table(
        {
            "query_id": ["q1", "q1", "q2", "q2", "q3"],
            "item_id": ["a", "b", "a", "b", "a"],
            "score": [0.2, 0.1, 0.2, 0.1, 1.0],
            "relevance": [1.0, 0.0, 0.0, 1.0, 1.0],
        }
    )
    bad = changed(small, "score", 3, value)
    message = f"column 'score' is {value}, wanted a probability, from 0 to 1, for {metric}"
    for run, place in places(tmp_path, bad, 3):
        error_of(lambda run=run: evaluate(run, metrics=metric), f"{place}, query_id 'q2': {message}")
    evaluate(bad, metrics="roc_auc,pr_auc,ndcg")  # these take any score


def test_not_a_number_is_refused_as_ever():
    error_of(
        lambda: evaluate(changed(RUN, "score", 3, math.nan), metrics="roc_auc"),
        "<table>, row 4, query_id 'q000': column 'score' is nan, wanted a finite number",
    )


def test_values_per_query_leave_them_out_and_say_so(tmp_path):
    path = tmp_path / "values.parquet"
    result = evaluate(RUN, metrics="ndcg,brier,ece", per_query=path)
    assert set(pq.read_table(path)["metric"].to_pylist()) == {"ndcg"}
    assert "values per query leave out brier, ece: a pooled metric has none" in result.warnings
    with pytest.raises(UsageError) as caught:
        evaluate(RUN, metrics="brier", per_query=path)
    assert str(caught.value) == "per_query: found only pooled metrics, wanted one with a value per query"


def test_runs_that_score_different_items_get_a_warning():
    less = RUN.slice(0, len(RUN) - 1)
    result = evaluate({"a": RUN, "b": less}, metrics="brier")
    assert (
        "runs a and b score different numbers of judged items for 1 queries; "
        "pooled metrics are of the items that each run scores"
    ) in result.warnings


def test_warnings_name_run_and_metric():
    certain = changed(RUN, "score", 1, 0.0 if RUN["relevance"][1].as_py() else 1.0)
    warnings = evaluate(certain, metrics="log_loss,ece", by="device").warnings
    assert sum(text.startswith("log_loss of run: 1 of ") for text in warnings) == 1
    assert sum(text.startswith("ece of run: sampling noise alone") for text in warnings) == 1


def test_float32_scores_are_compared_as_such():
    run = pa.table(
        {
            "query_id": ["a", "a", "b", "b"],
            "item_id": ["x", "y", "x", "y"],
            "score": [0.5, 0.5 + 1e-12, 0.1, 0.9],
            "relevance": [1.0, 0.0, 0.0, 1.0],
        }
    )
    assert values(evaluate(run, metrics="roc_auc"))["roc_auc"] == 0.75
    assert values(evaluate(run, metrics="roc_auc", score_type="float32"))["roc_auc"] == 0.875


def test_tables_fit_a_terminal_and_say_value():
    text = evaluate(RUN, metrics="brier,ndcg").render("table", 80)
    header = next(line for line in text.splitlines() if line.startswith(" metric"))
    assert " value " in header
    assert max(map(len, text.split("warning:")[0].splitlines())) <= 80
    text = evaluate(RUN, metrics="ndcg").render("table", 80)
    assert " mean " in next(line for line in text.splitlines() if line.startswith(" metric"))


def test_bad_paths_are_refused(tmp_path):
    path = tmp_path / "run.parquet"
    pq.write_table(RUN, path)
    with pytest.raises(UsageError, match="is an input"):
        evaluate(path, metrics="brier", reliability=path)
    with pytest.raises(DataError, match="cannot be written"):
        evaluate(path, metrics="brier", reliability="/no/such/folder/file.parquet")


def test_few_queries_with_a_relevant_item_are_told():
    def run(relevant):
        return {
            "query_id": [i // 2 for i in range(80)],
            "item_id": [i % 2 for i in range(80)],
            "score": [(i % 7) / 7 for i in range(80)],
            "relevance": [int(i % 2 == 0 and i // 2 < relevant) for i in range(80)],
        }

    few = evaluate(run(29), metrics=["roc_auc"]).warnings
    assert any("only 29 queries have a relevant item" in warning for warning in few)
    assert not any("have a relevant item" in each for each in evaluate(run(30), metrics=["roc_auc"]).warnings)
