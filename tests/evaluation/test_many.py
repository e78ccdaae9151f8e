"""Many comparisons of ``evaluate``: ranges of metrics, families, simultaneous intervals, and the best run."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from rankeval import UsageError, evaluate
from rankeval.inference.comparisons import benjamini_hochberg, holm
from rankeval.metrics import METRICS, POOLED
from tests.naive_metrics import NAIVE

QUERIES, ITEMS = 60, 8
NAMES = ("old", "new", "other", "last")
SEGMENTS = ("de", "fr", "it")


def table(seed: int, queries: int = QUERIES, signal: float = 0.5) -> pa.Table:
    """A run with its relevance, and a segment of each query."""
    truth, rng = np.random.default_rng(0), np.random.default_rng(seed + 1)
    query = np.repeat(np.arange(queries), ITEMS)
    relevance = (truth.random(queries * ITEMS) < 0.3).astype(int)
    return pa.table(
        {
            "query_id": query,
            "item_id": np.tile(np.arange(ITEMS), queries),
            "relevance": relevance,
            "score": signal * relevance + rng.normal(size=len(query)),
            "country": np.array(SEGMENTS)[query % 3],
        }
    )


RUNS = {name: table(seed) for seed, name in enumerate(NAMES)}


def values_of(run: pa.Table, metric: str, tmp_path) -> np.ndarray:
    file = tmp_path / "values.jsonl"
    evaluate(run, metrics=metric, per_query=file)
    import pyarrow.json as pj

    return pj.read_json(file)["value"].to_numpy()


def test_augmented_is_the_t_interval_of_the_queries_with_a_0_and_a_1(tmp_path):
    for queries in (2, 6, 60):
        run = table(5, queries)
        values = np.append(values_of(run, "mrr", tmp_path), [0.0, 1.0])
        wanted = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        found = evaluate(run, metrics="mrr").metric_rows[0].estimate.intervals[0]
        assert found.method == "augmented"
        assert (found.low, found.high) == pytest.approx(np.clip(wanted, 0.0, 1.0), abs=1e-9)


@pytest.mark.parametrize("ci", ["auto", "normal", "augmented", "bootstrap", "bootstrap_t"])
def test_no_interval_leaves_the_range_of_its_metric(ci):
    metrics = [name + {"dcg": "@5", "iprec": "@0.5"}.get(name, "") for name in NAIVE]
    run = table(3, queries=4, signal=3.0)
    run = run.set_column(3, "score", pa.array(1 / (1 + np.exp(-run["score"].to_numpy()))))
    result = evaluate({"a": run, "b": run}, metrics=[*metrics, *POOLED], ci=ci, level=0.99)
    for row in result.metric_rows:
        base = re.split("[@:]", row.metric)[0]
        low, high = (METRICS.get(base) or POOLED[base]).range
        interval = row.estimate.intervals[0]
        if interval.low is None:
            assert interval.reason
        else:
            assert low <= interval.low <= row.estimate.value <= interval.high <= high


def test_auto_takes_what_suits_the_metric():
    found = evaluate({"a": RUNS["old"], "b": RUNS["new"]}, metrics="ndcg@5,dcg@5,arp,roc_auc", ci="auto")
    methods = {row.metric: row.estimate.intervals[0].method for row in found.metric_rows}
    assert methods == {"ndcg@5": "augmented", "dcg@5": "normal", "arp": "normal", "roc_auc": "augmented"}
    assert {c.estimate.intervals[0].method for c in found.comparisons} == {"normal"}
    assert found.to_dict()["inputs"]["ci"] == ["auto"]


@pytest.mark.parametrize("metric", ["ndcg@5", "mrr", "recall@3", "hit@1", "precision@5"])
@pytest.mark.parametrize("queries", [6, 20])
def test_intervals_of_few_queries_hold(metric, queries, tmp_path):
    """300 samples of queries from 3,000, whose mean is the truth; 95 % less three standard errors."""
    pool = values_of(table(8, 3000), metric, tmp_path)
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        sample = np.append(rng.choice(pool, queries), [0.0, 1.0])
        low, high = stats.t.interval(0.95, queries + 1, sample.mean(), stats.sem(sample))
        held += low <= pool.mean() <= high
    assert held >= 300 * (0.95 - 3 * np.sqrt(0.95 * 0.05 / 300))


@pytest.mark.parametrize(
    ("family", "sizes"), [("all", {6 * 2 * 4}), ("metric", {6 * 4}), ("segment", {6 * 2})]
)
def test_p_values_are_adjusted_over_the_family(family, sizes):
    result = evaluate(RUNS, metrics="map,mrr", by="country", family=family, permutations=200)
    assert {c.adjusted.tests for c in result.comparisons} == sizes
    keys = {"all": lambda c: c.test, "metric": lambda c: (c.test, c.metric)}
    key = keys.get(family, lambda c: (c.test, c.segment))
    for wanted in {key(c) for c in result.comparisons}:
        members = [c for c in result.comparisons if key(c) == wanted]
        assert [c.p_holm for c in members] == holm([c.p_value for c in members])
        assert [c.p_bh for c in members] == benjamini_hochberg([c.p_value for c in members])
    assert f"Holm and BH over {sizes.pop()} tests" in result.render("table", 120)


def test_the_family_is_all_where_there_are_segments():
    two = {name: RUNS[name] for name in NAMES[:2]}
    plain, split = (evaluate(two, metrics="map,mrr", by=by, permutations=50) for by in (None, "country"))
    assert (plain.inputs["family"], split.inputs["family"]) == ("metric", "all")
    assert {c["tests"] for c in plain.to_dict()["comparisons"]} == {1}
    assert "Paired differences (a family is one test: Holm and BH are p)" in plain.render("table", 120)
    assert {c["tests"] for c in split.to_dict()["comparisons"]} == {8}
    assert any("50 permutations: no p-value" in w and "wanted at least 160" in w for w in split.warnings)
    assert not any("permutations" in w for w in evaluate(two, metrics="map", permutations=50).warnings)


def test_wrong_options_are_named():
    with pytest.raises(UsageError, match="family: found 'runs', wanted one of all, metric, segment"):
        evaluate(RUNS, metrics="map", family="runs")
    with pytest.raises(UsageError, match="simultaneous: found 1, wanted True or False"):
        evaluate(RUNS, metrics="map", simultaneous=1)  # type: ignore[arg-type]


def test_simultaneous_intervals_come_first_and_are_wider():
    plain = evaluate(RUNS, metrics="map", permutations=50)
    found = evaluate(RUNS, metrics="map", permutations=50, simultaneous=True)
    assert len(found.comparisons) == 2 * len(list(combinations(NAMES, 2)))
    for one, before in zip(found.comparisons, plain.comparisons, strict=True):
        first, second = one.estimate.intervals
        assert (first.method, second) == ("max_t", before.estimate.intervals[0])
        assert first.low < second.low < second.high < first.high
        ratio = (first.high - first.low) / (second.high - second.low)
        # four runs of equal variances: Tukey's quantile, about 2.65, over that of t, 2.00
        assert ratio == pytest.approx(
            stats.studentized_range.ppf(0.95, 4, QUERIES - 1) / np.sqrt(2) / stats.t.ppf(0.975, QUERIES - 1),
            rel=0.01,
        )
    split = evaluate(RUNS, metrics="map", permutations=50, simultaneous=True, by="country", family="all")
    whole = split.comparisons[0].estimate.intervals[0]
    assert whole.high > found.comparisons[0].estimate.intervals[0].high


@pytest.mark.parametrize("missing", ["zero", "skip"])
@pytest.mark.parametrize("cluster", [None, "country"])
def test_the_best_run(missing, cluster):
    metrics = "map,arp,brier,gauc"
    runs = {
        name: run.set_column(3, "score", pa.array(1 / (1 + np.exp(-run["score"].to_numpy()))))
        for name, run in RUNS.items()
    }
    result = evaluate(runs, metrics=metrics, permutations=50, missing=missing, empty="skip", cluster=cluster)
    found = {best["metric"]: best for best in result.to_dict()["best"]}
    assert list(found) == metrics.split(",")
    for metric, best in found.items():
        values = {row.run: row.estimate.value for row in result.metric_rows if row.metric == metric}
        lower = metric in ("arp", "brier")
        assert best["run"] == (min if lower else max)(values, key=values.get)
        assert (best["candidates"], best["value"]["naive"]) == (4, pytest.approx(values[best["run"]]))
        interval = best["value"]["ci"]
        assert interval["low"] < best["value"]["corrected"] < interval["high"]
        worse = best["value"]["corrected"] - best["value"]["naive"]
        assert worse > 0 if lower else worse < 0
        gain = best["gain"]
        assert gain["over"] == "old"
        if best["run"] == "old":
            assert (gain["naive"], gain["corrected"], gain["ci"]["low"]) == (None, None, None)
            assert gain["ci"]["reason"] == "old is the run that gains are counted from"
        else:
            assert gain["naive"] == pytest.approx(values[best["run"]] - values["old"], abs=1e-12)
            assert gain["ci"]["low"] < gain["corrected"] < gain["ci"]["high"]
    assert any("the best of 4 runs by map, arp, brier, gauc was chosen" in w for w in result.warnings)


def test_one_run_has_no_best_and_two_have_no_warning():
    assert evaluate(RUNS["old"], metrics="map").to_dict()["best"] == []
    two = evaluate({name: RUNS[name] for name in NAMES[:2]}, metrics="map", permutations=50)
    assert [best["candidates"] for best in two.to_dict()["best"]] == [2]
    assert not any("chosen" in warning for warning in two.warnings)
    assert "Best of 2 runs, corrected for the choice" in two.render("table", 120)
