"""Intervals, segments, clusters, weights and paired tests of ``evaluate``, computed again by hand."""

from __future__ import annotations

import datetime as dt
import math
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from rankeval import evaluate
from rankeval.arrays.hashes import mix64
from rankeval.arrays.ids import hashes_of
from rankeval.inference.comparisons import benjamini_hochberg, holm
from rankeval.inference.inference import NO_SPREAD
from tests.naive_evaluation import judgements_table, naive_evaluation, run_table

QUERIES = [f"q{i:03d}" for i in range(150)]
RNG = random.Random(11)
JUDGEMENTS = {q: {f"d{i}": RNG.choice([0, 0, 0, 1, 2]) for i in range(12)} for q in QUERIES}
COUNTRY = {q: RNG.choice(["de", "fr", "it"]) for q in QUERIES}
USER = {q: RNG.randrange(70) for q in QUERIES}


def noisy(noise: float, seed: int) -> dict[str, dict[str, float]]:
    rng = random.Random(seed)
    return {
        q: {item: grade + rng.gauss(0, noise) for item, grade in items.items() if rng.random() < 0.8}
        for q, items in JUDGEMENTS.items()
        if rng.random() < 0.95
    }


RUNS = {"good": noisy(1.0, 1), "fair": noisy(2.0, 2), "poor": noisy(9.0, 3)}
TABLES = {name: run_table(run) for name, run in RUNS.items()}
METRICS = ["ndcg@5", "map"]


def with_column(table: pa.Table, name: str, values: dict) -> pa.Table:
    return table.append_column(name, pa.array([values[q] for q in table["query_id"].to_pylist()]))


def with_queries(name: str, values: dict) -> pa.Table:
    return with_column(judgements_table(JUDGEMENTS), name, values)


def values_of(name: str, metric: str, **options) -> dict[str, float]:
    return naive_evaluation(RUNS[name], JUDGEMENTS, [metric], **options).counted(metric)


@pytest.fixture(scope="module")
def result():
    return evaluate(
        TABLES, judgements_table(JUDGEMENTS), METRICS, ci=["normal", "bootstrap"], permutations=2000
    )


def test_means_errors_and_intervals(result):
    for row in result.metric_rows:
        values = np.array(list(values_of(row.run, row.metric).values()))
        error = values.std(ddof=1) / math.sqrt(len(values))
        normal, bootstrap = row.estimate.intervals
        assert row.estimate.n == len(values) == 150
        assert row.estimate.value == pytest.approx(values.mean(), abs=1e-12)
        assert row.estimate.std_error == pytest.approx(error, rel=1e-9)
        wanted = stats.t.interval(0.95, 149, values.mean(), error)
        assert (normal.low, normal.high) == pytest.approx(wanted, abs=1e-12)
        assert bootstrap.low == pytest.approx(wanted[0], abs=0.4 * error)
        assert bootstrap.high == pytest.approx(wanted[1], abs=0.4 * error)


def test_results_come_in_the_order_asked(result):
    assert [(row.run, row.metric) for row in result.metric_rows] == [(r, m) for r in TABLES for m in METRICS]
    pairs = list(combinations(TABLES, 2))
    asked = [(a, b, m, t) for a, b in pairs for m in METRICS for t in ("t", "randomisation")]
    assert [(c.a, c.b, c.metric, c.test) for c in result.comparisons] == asked


def test_differences_and_p_values(result):
    for c in result.comparisons:
        a, b = values_of(c.a, c.metric), values_of(c.b, c.metric)
        paired = stats.ttest_rel([a[q] for q in QUERIES], [b[q] for q in QUERIES])
        difference = np.array([a[q] - b[q] for q in QUERIES])
        assert c.estimate.value == pytest.approx(difference.mean(), abs=1e-12)
        assert c.estimate.std_error == pytest.approx(difference.std(ddof=1) / math.sqrt(150), rel=1e-9)
        if c.test == "t":
            assert c.p_value == pytest.approx(paired.pvalue, rel=1e-9)
        else:
            assert c.p_value == pytest.approx(
                paired.pvalue, abs=4 * math.sqrt(paired.pvalue / 2000) + 2 / 2001
            )


def test_p_values_are_adjusted_over_the_pairs_of_runs(result):
    for metric in METRICS:
        for test in ("t", "randomisation"):
            family = [c for c in result.comparisons if (c.metric, c.test) == (metric, test)]
            assert len(family) == 3
            assert [c.p_holm for c in family] == holm([c.p_value for c in family])
            assert [c.p_bh for c in family] == benjamini_hochberg([c.p_value for c in family])


def test_a_metric_asked_twice_is_one(result):
    twice = evaluate(TABLES, judgements_table(JUDGEMENTS), ["map", "map"], permutations=100)
    once = evaluate(TABLES, judgements_table(JUDGEMENTS), ["map"], permutations=100)
    assert twice.to_dict() == once.to_dict()


def test_a_run_compared_with_itself_differs_by_nothing():
    result = evaluate({"a": TABLES["fair"], "b": TABLES["fair"]}, judgements_table(JUDGEMENTS), METRICS)
    for c in result.comparisons:
        assert (c.estimate.value, c.estimate.std_error, c.p_value) == (0.0, 0.0, 1.0)


def test_only_queries_that_count_for_both_are_compared():
    table = judgements_table(JUDGEMENTS)
    result = evaluate(TABLES, table, "map", missing="skip", empty="skip", permutations=50)
    for c in result.comparisons:
        a, b = (values_of(name, "map", missing="skip", empty="skip") for name in (c.a, c.b))
        both = sorted(a.keys() & b.keys())
        assert c.estimate.n == len(both) < len(a)
        assert c.estimate.value == pytest.approx(np.mean([a[q] - b[q] for q in both]), abs=1e-12)


@pytest.mark.parametrize("in_judgements", [True, False])
def test_segments(in_judgements):
    if in_judgements:
        runs, judgements = TABLES, with_queries("country", COUNTRY)
    else:
        runs = {name: with_column(table, "country", COUNTRY) for name, table in TABLES.items()}
        judgements = judgements_table(JUDGEMENTS)
    result = evaluate(runs, judgements, "map", by="country", permutations=50)
    assert [row.segment for row in result.metric_rows[:4]] == [None, "de", "fr", "it"]
    for row in result.metric_rows:
        values = values_of(row.run, "map")
        known = {q for q in QUERIES if in_judgements or any(q in run for run in RUNS.values())}
        values = [
            v for q, v in values.items() if row.segment is None or (q in known and COUNTRY[q] == row.segment)
        ]
        assert row.estimate.n == len(values)
        assert row.estimate.value == pytest.approx(np.mean(values), abs=1e-12)
    for c in result.comparisons:
        a, b = values_of(c.a, "map"), values_of(c.b, "map")
        both = [q for q in QUERIES if c.segment is None or COUNTRY[q] == c.segment]
        assert c.estimate.value == pytest.approx(np.mean([a[q] - b[q] for q in both]), abs=1e-12)
    assert [w for w in result.warnings if w.startswith("segment de: only")]


def test_queries_without_a_segment_are_in_none():
    known = {q: None if i < 10 else "x" for i, q in enumerate(QUERIES)}
    result = evaluate(TABLES["good"], with_queries("part", known), "map", by="part")
    assert [(row.segment, row.estimate.n) for row in result.metric_rows] == [(None, 150), ("x", 140)]
    assert "10 queries have no value in column 'part' and are in no segment" in result.warnings


def test_segments_need_not_be_text():
    result = evaluate(TABLES["good"], with_queries("user", USER), "map", by="user")
    assert [row.segment for row in result.metric_rows] == [None, *sorted(set(USER.values()))]
    flags = {q: i % 2 == 0 for i, q in enumerate(QUERIES)}
    result = evaluate(TABLES["good"], with_queries("flag", flags), "map", by="flag")
    assert [(row.segment, row.estimate.n) for row in result.metric_rows] == [
        (None, 150),
        (False, 75),
        (True, 75),
    ]


def test_each_query_may_be_a_segment():
    result = evaluate(TABLES["good"], judgements_table(JUDGEMENTS), "map", by="query_id")
    values = values_of("good", "map")
    assert {r.segment: r.estimate.value for r in result.metric_rows[1:]} == pytest.approx(values, abs=1e-12)


def cluster_error(values: np.ndarray, users: list[str]) -> float:
    """``sum of squared totals of residuals / (1 - share of the units), over n^2`` (CR2, for few clusters).

    Users in one of 4,096 buckets are one."""
    residuals = values - values.mean()
    buckets = mix64(hashes_of(pa.array(users))) % np.uint64(4096)
    groups = [residuals[buckets == bucket] for bucket in np.unique(buckets)]
    squares = [group.sum() ** 2 / (1 - len(group) / len(values)) for group in groups]
    return math.sqrt(sum(squares)) / len(values)


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("in_judgements", [True, False])
def test_clusters(text, in_judgements):
    user = {q: f"u{u}" if text else u for q, u in USER.items()}
    complete = RUNS["fair"] | {q: {"d0": 0.0} for q in QUERIES if q not in RUNS["fair"]}
    run = run_table(complete)
    judgements = with_queries("user", user) if in_judgements else judgements_table(JUDGEMENTS)
    run = run if in_judgements else with_column(run, "user", user)
    row = evaluate(run, judgements, "map", cluster="user").metric_rows[0]
    values = naive_evaluation(complete, JUDGEMENTS, ["map"]).counted("map")
    wanted = cluster_error(np.array([values[q] for q in QUERIES]), [str(user[q]) for q in QUERIES])
    assert row.estimate.std_error == pytest.approx(wanted, rel=1e-9)


def test_each_query_as_its_own_cluster_changes_nothing_but_the_degrees_of_freedom():
    judgements = judgements_table(JUDGEMENTS)
    plain = evaluate(TABLES["good"], judgements, "map").metric_rows[0].estimate
    own = evaluate(TABLES["good"], judgements, "map", cluster="query_id").metric_rows[0].estimate
    assert own.std_error == pytest.approx(plain.std_error, rel=0.02)  # two queries may share a bucket


def test_queries_without_a_cluster_are_units_of_their_own():
    """Were they one unit, it would hold half of the data."""
    judgements = with_queries("user", {q: None if i % 2 else f"u{i}" for i, q in enumerate(QUERIES)})
    result = evaluate(TABLES["good"], judgements, "map", cluster="user")
    plain = evaluate(TABLES["good"], judgements, "map").metric_rows[0].estimate
    assert result.metric_rows[0].estimate.std_error == pytest.approx(plain.std_error, rel=0.02)
    assert "75 queries have no value in column 'user' and are units of their own" in result.warnings


def test_clustered_comparisons():
    judgements = with_queries("user", USER)
    result = evaluate(
        {n: TABLES[n] for n in ("good", "fair")}, judgements, "map", cluster="user", permutations=3000
    )
    a, b = values_of("good", "map"), values_of("fair", "map")
    difference = np.array([a[q] - b[q] for q in QUERIES])
    error = cluster_error(difference, [str(USER[q]) for q in QUERIES])
    t, randomisation = result.comparisons
    assert 1.0 < t.estimate.degrees < len(set(USER.values())) - 1
    wanted = 2 * stats.t.sf(abs(difference.mean() / error), t.estimate.degrees)
    assert t.estimate.std_error == pytest.approx(error, rel=1e-9)
    assert t.p_value == pytest.approx(wanted, rel=1e-9)
    assert randomisation.p_value == pytest.approx(wanted, abs=4 * math.sqrt(wanted / 3000) + 1e-3)


def test_hits_of_all_queries_have_no_interval():
    """20 of 20 hits do not show that there are no misses, nor that no run is better than this one.

    But a query more at each end of the range gives the rule of three: misses may be about 3 of 20."""
    found = {f"q{i}": {"d1": 1.0, "d2": 0.5} for i in range(20)}
    runs = {name: run_table(found) for name in ("a", "b")}
    result = evaluate(runs, judgements_table({q: {"d1": 1} for q in found}), "hit@1", ci="normal,auto")
    for row in result.metric_rows:
        low, high = row.estimate.intervals[1].low, row.estimate.intervals[1].high
        assert (low, high) == (pytest.approx(1 - 3 / 20, abs=0.02), 1.0)
    assert [(row.estimate.value, row.estimate.std_error) for row in result.metric_rows] == [(1.0, 0.0)] * 2
    for estimate in (result.metric_rows[0].estimate, result.comparisons[0].estimate):
        assert (estimate.intervals[0].low, estimate.intervals[0].reason) == (None, NO_SPREAD)
    assert f"normal interval of hit@1 of a, hit@1 of b, hit@1 of a - b: {NO_SPREAD}" in result.warnings


FEW = [f"q{i}" for i in range(6)]


def few_queries(seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Two runs of one list for each of six queries, in random orders."""
    rng = np.random.default_rng(seed)
    return {run: {q: {f"d{j}": float(rng.random()) for j in range(8)} for q in FEW} for run in ("a", "b")}


def test_intervals_and_the_t_test_of_few_queries_agree_and_keep_their_level():
    """Both runs are equally good. At most 5 % plus three standard errors of 400 differences are found."""
    judgements = judgements_table({q: {f"d{j}": j % 3 for j in range(8)} for q in FEW})
    found = 0
    for seed in range(400):
        runs = {name: run_table(run) for name, run in few_queries(seed).items()}
        t = evaluate(runs, judgements, "ndcg", permutations=1, threads=1).comparisons[0]
        assert t.p_value is not None
        found += t.p_value < 0.05
        assert t.estimate.intervals[0].holds(0.0) == (t.p_value > 0.05)
    assert found <= 400 * 0.05 + 3 * math.sqrt(400 * 0.05 * 0.95)


@pytest.mark.parametrize(("queries", "told"), [(29, True), (30, False)])
def test_few_queries_are_told(queries, told):
    some = {q: JUDGEMENTS[q] for q in QUERIES[:queries]}
    warning = "only 29 queries: intervals and tests are rough under 30"
    assert (warning in evaluate(TABLES["good"], judgements_table(some), "map").warnings) == told


def test_few_clusters_are_warned_of():
    few = {q: i % 7 for i, q in enumerate(QUERIES)}
    result = evaluate(TABLES["good"], with_queries("user", few), METRICS, cluster="user")
    assert [w for w in result.warnings if "clusters" in w] == [
        "only 7 clusters: with fewer than 50, errors are rough"
    ]


def ratio_error(values: np.ndarray, weights: np.ndarray) -> float:
    mean = np.sum(values * weights) / np.sum(weights)
    residuals = weights * (values - mean)
    return math.sqrt(np.sum(residuals**2) / (len(values) - 1) / len(values)) / weights.mean()


def test_gauc_weighs_by_length_of_list():
    row = evaluate(TABLES["fair"], judgements_table(JUDGEMENTS), "gauc").metric_rows[0]
    values = values_of("fair", "gauc")
    auc = np.array([values[q] for q in QUERIES])
    lengths = np.array([len(RUNS["fair"].get(q, {})) for q in QUERIES], float)
    assert row.estimate.value == pytest.approx(np.average(auc, weights=lengths), abs=1e-12)
    assert row.estimate.std_error == pytest.approx(ratio_error(auc, lengths), rel=1e-9)


def test_gauc_weighs_by_a_column_of_weights():
    weight = {q: float(i % 4) for i, q in enumerate(QUERIES)}
    values = values_of("fair", "gauc", missing="skip")
    wanted = np.average(list(values.values()), weights=[weight[q] for q in values])
    run, judgements = with_column(TABLES["fair"], "weight", weight), judgements_table(JUDGEMENTS)
    assert evaluate(run, judgements, "gauc").metric_rows[0].estimate.value == pytest.approx(wanted, abs=1e-12)
    renamed = run.rename_columns([*run.schema.names[:-1], "impressions"])
    found = evaluate(renamed, judgements, "gauc", columns={"weight": "impressions"})
    assert found.metric_rows[0].estimate.value == pytest.approx(wanted, abs=1e-12)


def test_gauc_compared():
    result = evaluate(
        {n: TABLES[n] for n in ("good", "poor")}, judgements_table(JUDGEMENTS), "gauc", permutations=50
    )
    values = {row.run: row.estimate.value for row in result.metric_rows}
    t, _ = result.comparisons
    assert t.estimate.value == pytest.approx(values["good"] - values["poor"], abs=1e-12)
    assert t.p_value == pytest.approx(
        2 * stats.t.sf(abs(t.estimate.value / t.estimate.std_error), 149), rel=1e-9
    )


def test_gauc_of_weights_that_are_all_0_is_null():
    run = with_column(TABLES["fair"], "weight", dict.fromkeys(QUERIES, 0.0))
    result = evaluate({"a": run, "b": run}, judgements_table(JUDGEMENTS), "gauc")
    assert result.metric_rows[0].estimate.value is None
    assert {c.p_value for c in result.comparisons} == {None}
    assert any(
        w.startswith("mean of gauc of a, gauc of b, gauc of a - b: its denominator is 0")
        for w in result.warnings
    )


def test_arp_is_lower_where_runs_are_better():
    result = evaluate(
        TABLES, judgements_table(JUDGEMENTS), "arp", empty="skip", missing="skip", permutations=50
    )
    good, fair, poor = (row.estimate.value for row in result.metric_rows)
    assert good < fair < poor
    assert good == pytest.approx(
        np.mean(list(values_of("good", "arp", empty="skip", missing="skip").values()))
    )


def test_the_seed_moves_bootstrap_and_randomisation_alone():
    judgements = judgements_table(JUDGEMENTS)
    options = {"ci": ["bootstrap", "normal"], "permutations": 500}
    one, two, again = (evaluate(TABLES, judgements, "map", seed=s, **options) for s in (1, 2, 1))
    assert one.to_dict() == again.to_dict()
    a, b = one.metric_rows[0].estimate, two.metric_rows[0].estimate
    assert a.intervals[0] != b.intervals[0]
    assert (a.value, a.std_error, a.intervals[1]) == (b.value, b.std_error, b.intervals[1])
    assert one.comparisons[0].p_value == two.comparisons[0].p_value
    assert [c.p_value for c in one.comparisons[1::2]] != [c.p_value for c in two.comparisons[1::2]]


def test_a_file_of_values_by_query(tmp_path: Path):
    file = tmp_path / "values.parquet"
    evaluate(
        TABLES, judgements_table(JUDGEMENTS), METRICS, per_query=str(file), permutations=10, empty="skip"
    )
    table = pq.read_table(file)
    assert table.schema.names == ["run", "metric", "query_id", "value"]
    assert table.schema.field("query_id").type == pa.string()
    found = {(r["run"], r["metric"], r["query_id"]): r["value"] for r in table.to_pylist()}
    assert len(found) == table.num_rows
    wanted = {(n, m, q): v for n in RUNS for m in METRICS for q, v in values_of(n, m, empty="skip").items()}
    assert found == pytest.approx(wanted, abs=1e-12)
    assert [path.name for path in tmp_path.iterdir()] == ["values.parquet"]


def test_confidence_levels_widen():
    judgements = judgements_table(JUDGEMENTS)
    narrow, wide = (
        evaluate(TABLES["good"], judgements, "map", level=x).metric_rows[0].estimate for x in (0.5, 0.99)
    )
    assert wide.intervals[0].low < narrow.intervals[0].low < narrow.intervals[0].high < wide.intervals[0].high


def test_columns_of_every_type_split_and_cluster():
    days = {q: dt.date(2024, 1, 1 + i % 3) for i, q in enumerate(QUERIES)}
    flags = {q: i % 2 == 0 for i, q in enumerate(QUERIES)}
    parts = {q: float(i % 3) for i, q in enumerate(QUERIES)}
    for values, kind in [
        (days, pa.date32()),
        (flags, pa.bool_()),
        (parts, pa.float64()),
        (parts, pa.decimal128(20, 1)),
    ]:
        judgements = judgements_table(JUDGEMENTS)
        column = pa.array([values[q] for q in judgements["query_id"].to_pylist()]).cast(kind)
        for array in (column, column.dictionary_encode()):
            table = judgements.append_column("part", array)
            result = evaluate(TABLES["good"], table, "map", by="part", cluster="part")
            assert [row.estimate.n for row in result.metric_rows[1:]] == [
                150 // len(set(values.values()))
            ] * len(set(values.values()))
            assert result.render("json")


def test_a_column_of_nulls_makes_no_segment_and_no_cluster():
    table = judgements_table(JUDGEMENTS)
    table = table.append_column("part", pa.nulls(table.num_rows))
    result = evaluate(TABLES["good"], table, "map", by="part", cluster="part")
    assert [row.segment for row in result.metric_rows] == [None]
    assert "150 queries have no value in column 'part' and are in no segment" in result.warnings


def test_settings_may_be_numpy_numbers():
    options = {
        "ci": "bootstrap",
        "permutations": np.int64(20),
        "replicates": np.int64(50),
        "level": np.float64(0.9),
    }
    two = {name: TABLES[name] for name in ("good", "fair")}
    judgements = judgements_table(JUDGEMENTS)
    found = evaluate(two, judgements, "map", seed=np.int64(-3), relevance_threshold=np.float32(1), **options)
    assert found.to_dict() == evaluate(two, judgements, "map", seed=-3, **options).to_dict()
    assert found.render("json")
