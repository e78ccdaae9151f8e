"""``evaluate`` against a whole evaluation in plain Python, whatever the files look like."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rankeval import evaluate
from rankeval.metrics.catalogue import METRICS, parse
from tests.log_files import nested, with_type, write_parts
from tests.naive_evaluation import Rows, judgements_table, naive_evaluation, run_table
from tests.readers.helpers import examples

CUT = [
    f"{name}@{k}"
    for name in ("ndcg", "precision", "recall", "map", "mrr", "err", "judged", "rbp")
    for k in (1, 3)
]
ALL = [name for name, one in METRICS.items() if not (one.at_recall or one.subtopics or one.beyond)]
ALL += [*CUT, "map_min@2", "f1@2", "hit@2", "dcg@2", "ndcg_exp@2", "rbp@2:p=0.5", "iprec@0.3", "insq@2:T=2"]
ALL += ["map:rel=2", "arp:rel=2", "auc:rel=4", "ndcg:gains=0/1/1/5/5", "dcg@2:gains=0/0/0.5/1/3"]
TIES = ["trec", "item", "expected", "best", "worst"]


def under(ties: str) -> list[str]:
    """All metrics that take the rule for ties."""
    return [one for one in ALL if parse(one).tie_order or ties in parse(one).definition.ties]


def random_rows(rng: random.Random, queries: int, items: int, values: list[float], text: bool) -> Rows:
    """Some queries, each with some items; ids are strings or negative and positive integers."""

    def name(letter: str, number: int) -> Any:
        return f"{letter}{number}" if text else number - 2

    chosen = rng.sample(range(queries), rng.randint(1, queries))
    return {
        name("q", query): {
            name("d", item): rng.choice(values) for item in rng.sample(range(items), rng.randint(1, items))
        }
        for query in chosen
    }


@st.composite
def inputs(draw, items: int = 6):
    rng = draw(st.randoms(use_true_random=False))
    text = draw(st.booleans())
    run = random_rows(rng, 5, items, [0.0, 0.5, 1.0, 2.0][: rng.randint(1, 4)], text)
    judgements = random_rows(rng, 5, items, [-1, 0, 0, 1, 2, 4], text)
    return run, judgements


def per_query(
    run: Any, judgements: Any, metrics: list[str], folder: Path, **options: Any
) -> dict[tuple[str, Any], float]:
    """(metric, query) -> value, as the file of values holds them."""
    result = evaluate(run, judgements, metrics, per_query=folder / "values.parquet", **options)
    rows = pq.read_table(folder / "values.parquet").to_pylist()
    for row in result.to_dict()["results"]:
        if row["segment"] is None and row["metric"].split(":")[0] != "gauc":
            values = [r["value"] for r in rows if (r["run"], r["metric"]) == (row["run"], row["metric"])]
            of = {"gm_map": lambda v: stats.gmean(np.maximum(v, 1e-5)), "num_rel_ret": np.sum}
            assert row["n"] == len(values)
            wanted = of.get(row["metric"], np.mean)(values) if values else None
            assert row["value"] == (pytest.approx(wanted, abs=1e-12) if values else None)
    return {(row["metric"], row["query_id"]): row["value"] for row in rows}


def assert_same(found: dict, wanted: dict, tolerance: float = 1e-12) -> None:
    wanted = {key: value for key, value in wanted.items() if value is not None}
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, abs=tolerance), key


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("values")


@examples
@given(
    inputs(),
    st.sampled_from(TIES),
    st.sampled_from(["zero", "skip", "one"]),
    st.sampled_from(["zero", "skip"]),
    st.sampled_from([1.0, 2.0, 0.5]),
    st.randoms(use_true_random=False),
)
def test_equals_plain_python(folder, data, ties, empty, missing, threshold, rng):
    run, judgements = data
    tables = [run_table(run), judgements_table(judgements)]
    shuffled = [table.take(rng.sample(range(table.num_rows), table.num_rows)) for table in tables]
    options = {"ties": ties, "empty": empty, "missing": missing}
    metrics = under(ties)
    found = per_query(*shuffled, metrics, folder, relevance_threshold=threshold, **options)
    assert_same(found, naive_evaluation(run, judgements, metrics, threshold=threshold, **options).values)


def in_run(run: Rows, judgements: Rows) -> pa.Table:
    """Runs with the grades of their own items; null where there is none."""
    table = run_table(run)
    grades = [
        judgements.get(q, {}).get(i)
        for q, i in zip(*(table[c].to_pylist() for c in ("query_id", "item_id")), strict=True)
    ]
    return table.append_column("relevance", pa.array(grades, pa.float64()))


def judged_items_of(run: Rows, judgements: Rows) -> Rows:
    """The judgements of retrieved items, of the queries that have any."""
    kept = {q: {i: g for i, g in judgements.get(q, {}).items() if i in items} for q, items in run.items()}
    return {q: items for q, items in kept.items() if any(grade >= 0 for grade in items.values())}


@examples
@given(inputs(), st.sampled_from(TIES), st.sampled_from(["zero", "skip", "one"]))
def test_relevance_in_the_run(folder, data, ties, empty):
    """Null and negative grades are unjudged, and queries with nothing else are left out."""
    run, judgements = data
    judged = judged_items_of(run, judgements)
    found = per_query(in_run(run, judgements), None, under(ties), folder, ties=ties, empty=empty)
    wanted = naive_evaluation({q: run[q] for q in judged}, judged, under(ties), ties, empty)
    assert_same(found, wanted.values)


RNG = random.Random(4)
RUN = {
    f"q{q}": {f"d{d}": float(RNG.randrange(5)) for d in RNG.sample(range(60), RNG.randint(1, 40))}
    for q in range(120)
}
JUDGEMENTS = {
    f"q{q}": {f"d{d}": RNG.choice([0, 0, 0, 1, 2, -1]) for d in RNG.sample(range(60), RNG.randint(1, 30))}
    for q in range(10, 140)
}
SOME = ["ndcg@10", "map", "mrr", "bpref", "auc", "gauc", "judged@5", "gm_map", "num_rel_ret", "inf_ap"]
SOME += ["compat", "insq", "iprec@0.2", "map:rel=2", "ndcg:gains=0/1/3"]


def bits(result: Any) -> dict[str, Any]:
    """All but where the data came from."""
    found = result.to_dict()
    del found["inputs"]
    return found


def assert_same_numbers(found: Any, wanted: Any, tolerance: float = 1e-12) -> None:
    """The same results but for rounding."""
    assert type(found) is type(wanted)
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key in wanted:
            assert_same_numbers(found[key], wanted[key], tolerance)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert_same_numbers(a, b, tolerance)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=tolerance)
    else:
        assert found == wanted


@pytest.fixture(scope="module")
def wanted():
    return bits(
        evaluate(run_table(RUN), judgements_table(JUDGEMENTS), SOME, ci=["normal", "bootstrap"], threads=1)
    )


def assert_wanted(run: Any, judgements: Any, wanted: dict[str, Any], **options: Any) -> None:
    result = evaluate(run, judgements, SOME, ci=["normal", "bootstrap"], **options)
    assert_same_numbers(bits(result), wanted)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_same_bits_for_any_number_of_threads(tmp_path, threads):
    path = write_parts(tmp_path / "run", run_table(RUN), 100, 7)
    judgements = write_parts(tmp_path / "judgements", judgements_table(JUDGEMENTS), 100, 3)
    one = evaluate(path, judgements, SOME, ci=["normal", "bootstrap"], threads=1)
    assert bits(evaluate(path, judgements, SOME, ci=["normal", "bootstrap"], threads=threads)) == bits(one)


@pytest.mark.parametrize("row_group_size", [1, 3, 1000])
@pytest.mark.parametrize("files", [1, 20])
def test_row_groups_and_part_files(tmp_path, wanted, row_group_size, files):
    run = write_parts(tmp_path / "run", run_table(RUN), row_group_size, files, [1, 5] if files > 1 else [])
    judgements = write_parts(tmp_path / "judgements", judgements_table(JUDGEMENTS), row_group_size, files)
    assert_wanted(run, judgements, wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_in_any_order(tmp_path, wanted, seed):
    rng = np.random.default_rng(seed)
    run, judgements = run_table(RUN), judgements_table(JUDGEMENTS)
    run, judgements = (table.take(rng.permutation(table.num_rows)) for table in (run, judgements))
    assert_wanted(run, judgements, wanted)
    assert_wanted(write_parts(tmp_path / "run", run, 50, 3), judgements, wanted)


def test_queries_in_any_order(wanted):
    """Grouped, so that nothing is sorted."""
    names = random.Random(0).sample(list(RUN), len(RUN))
    assert_wanted(run_table({name: RUN[name] for name in names}), judgements_table(JUDGEMENTS), wanted)


def test_nested_layout_of_both(tmp_path, wanted):
    run = nested(run_table(RUN), "query_id")
    judgements = nested(judgements_table(JUDGEMENTS), "query_id")
    assert_wanted(run, judgements, wanted)
    assert_wanted(
        write_parts(tmp_path / "run", run, 7, 2), write_parts(tmp_path / "qrels", judgements, 7, 2), wanted
    )


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
@pytest.mark.parametrize("column", ["query_id", "item_id"])
def test_string_types(wanted, kind, column):
    run, judgements = with_type(run_table(RUN), column, kind), judgements_table(JUDGEMENTS)
    assert_wanted(run, judgements, wanted)
    assert_wanted(run_table(RUN), with_type(judgements, column, kind), wanted)


def numbered(rows: Rows) -> Rows:
    return {int(q[1:]): {int(i[1:]): value for i, value in items.items()} for q, items in rows.items()}


@pytest.mark.parametrize("kind", [pa.int16(), pa.uint8(), pa.uint64()])
def test_integer_ids_of_any_width_meet(kind):
    run, judgements = run_table(numbered(RUN)), judgements_table(numbered(JUDGEMENTS))
    plain = bits(evaluate(run, judgements, SOME))
    for column in ("query_id", "item_id"):
        assert bits(evaluate(with_type(run, column, kind), judgements, SOME)) == plain
        assert bits(evaluate(run, with_type(judgements, column, kind), SOME)) == plain


def frames() -> dict[str, Any]:
    import pandas as pd
    import polars as pl

    def pandas(table: pa.Table) -> Any:
        return pd.DataFrame(table.to_pydict())

    return {
        "dict of lists": lambda table: table.to_pydict(),
        "dict of arrays": lambda table: {
            name: np.array(table[name].to_pylist()) for name in table.schema.names
        },
        "dict of Arrow arrays": lambda table: {name: table[name] for name in table.schema.names},
        "dict of pandas series": lambda table: dict(pandas(table).items()),
        "dict of polars series": lambda table: {s.name: s for s in pl.from_arrow(table)},
        "pandas": pandas,
        "pandas categories": lambda table: pandas(table).astype(
            {"query_id": "category", "item_id": "category"}
        ),
        "polars": pl.from_arrow,
        "polars categories": lambda table: pl.from_arrow(table).with_columns(
            pl.col("query_id").cast(pl.Categorical)
        ),
        "record batch": lambda table: table.combine_chunks().to_batches()[0],
        "reader": lambda table: table.to_reader(max_chunksize=100),
    }


@pytest.mark.parametrize("make", frames().values(), ids=frames())
def test_data_in_memory(wanted, make):
    assert_wanted(make(run_table(RUN)), make(judgements_table(JUDGEMENTS)), wanted)


def test_scores_and_grades_of_every_type(wanted):
    run, judgements = run_table(RUN), judgements_table(JUDGEMENTS)
    for kind in (pa.int8(), pa.float32(), pa.float16(), pa.decimal128(5, 2)):
        assert_wanted(with_type(run, "score", kind), with_type(judgements, "relevance", kind), wanted)


def test_categories_that_no_row_has_are_no_queries(wanted):
    """As pandas leaves them behind when rows are dropped."""
    table = judgements_table(JUDGEMENTS | {"dropped": {"d1": 2}})
    table = table.set_column(0, "query_id", table["query_id"].combine_chunks().dictionary_encode())
    kept = pa.compute.not_equal(table["query_id"].cast(pa.string()), "dropped")
    assert_wanted(run_table(RUN), table.filter(kept), wanted)


def test_a_filter_leaves_no_queries_behind(tmp_path):
    """Row groups hold queries that the filter drops, and their dictionary still names them."""
    split = {name: i % 3 for i, name in enumerate(JUDGEMENTS)}
    tables = [run_table(RUN), judgements_table(JUDGEMENTS)]
    tables = [
        t.append_column("split", pa.array([split.get(q, 0) for q in t["query_id"].to_pylist()]))
        for t in tables
    ]
    paths = [
        write_parts(tmp_path / name, table, 200, 2)
        for name, table in zip(["run", "qrels"], tables, strict=True)
    ]
    kept = [{q: items for q, items in rows.items() if split.get(q, 0) == 1} for rows in (RUN, JUDGEMENTS)]
    found = evaluate(*paths, SOME, where="split == 1")
    assert_same_numbers(bits(found), bits(evaluate(run_table(kept[0]), judgements_table(kept[1]), SOME)))


def test_a_filter_that_the_judgements_cannot_answer_is_for_the_run_alone():
    run = run_table(RUN)
    run = run.append_column("rank", pa.array(np.arange(run.num_rows) % 2))
    half = run.filter(pa.compute.equal(run["rank"], 0))
    judgements = judgements_table(JUDGEMENTS)
    assert bits(evaluate(run, judgements, SOME, where="rank == 0")) == bits(evaluate(half, judgements, SOME))


def test_scores_compared_in_float32():
    close = {"q": {"a": 0.1, "b": 0.1 + 1e-9, "c": 0.0}}
    judgements = judgements_table({"q": {"a": 1, "b": 0}})
    values = [
        evaluate(run_table(close), judgements, "mrr", score_type=t, ties="item").metric_rows[0].estimate.value
        for t in ("float64", "float32")
    ]
    assert values == [0.5, 1.0]
    huge = {"q": {"a": 1e300, "b": 1e200, "c": 1.0}}  # both infinite in float32
    found = evaluate(run_table(huge), judgements, "mrr", score_type="float32", ties="expected")
    assert found.metric_rows[0].estimate.value == 0.75


@pytest.mark.parametrize("ties", TIES)
def test_all_scores_equal(ties):
    run = {q: dict.fromkeys(items, 1.5) for q, items in list(RUN.items())[:30]}
    metrics = ["ndcg@5", "map", "mrr", "recall@3", "rbp"]
    judgements = {q: items for q, items in JUDGEMENTS.items() if q in run}
    if ties != "expected":
        wanted = naive_evaluation(run, judgements, metrics, ties)
        for row in evaluate(run_table(run), judgements_table(judgements), metrics, ties=ties).metric_rows:
            assert row.estimate.value == pytest.approx(wanted.mean(row.metric), abs=1e-12)
    low, middle, high = (
        [
            r.estimate.value
            for r in evaluate(run_table(run), judgements_table(judgements), metrics, ties=t).metric_rows
        ]
        for t in ("worst", "expected", "best")
    )
    assert all(a < b < c for a, b, c in zip(low, middle, high, strict=True))


def test_one_query_with_one_item():
    result = evaluate(run_table({"q": {"d": 0.0}}), judgements_table({"q": {"d": 1}}), "ndcg")
    row = result.to_dict()["results"][0]
    assert (row["value"], row["std_error"], row["n"]) == (1.0, None, 1)
    assert row["ci"] == {
        "method": "augmented",
        "level": 0.95,
        "low": None,
        "high": None,
        "reason": row["ci"]["reason"],
        "side": "two",
        "why": None,
    }
    assert "a single unit has no standard error" in result.warnings[0]


def test_nested_queries_without_items_count_as_retrieved_nothing():
    lists = {"query_id": ["a", "b", "c"], "item_id": [["x", "y"], [], []], "score": [[2.0, 1.0], [], []]}
    schema = pa.schema(
        [("query_id", pa.string()), ("item_id", pa.list_(pa.string())), ("score", pa.list_(pa.float64()))]
    )
    run = pa.table(lists, schema=schema)
    judgements = judgements_table({"a": {"y": 1}, "b": {"x": 1}, "c": {"x": 0}})
    found = evaluate(run, judgements, ["mrr", "precision", "judged@3", "auc", "arp"], missing="error")
    values = {row.metric: row.estimate.value for row in found.metric_rows}
    assert values == pytest.approx(
        {"mrr": 0.5 / 3, "precision": 0.5 / 3, "judged@3": 0.5 / 3, "auc": 0.0, "arp": 2 / 3}
    )
    assert found.counts["queries_without_relevant"] == 1
    assert found.counts["runs"]["run"]["queries"] == 3


def test_runs_of_many_rows_cross_leaves(tmp_path):
    """More rows than a leaf or a batch holds, with a giant query in the middle."""
    lengths = np.array([40] * 7000 + [300_000] + [40] * 1000)
    queries = np.repeat(np.arange(len(lengths)), lengths)
    items = np.concatenate([np.arange(length) for length in lengths])
    rng = np.random.default_rng(0)
    scores = rng.random(len(items)).round(2)
    relevance = (rng.random(len(items)) < 0.05).astype(np.int8)
    table = pa.table({"query_id": queries, "item_id": items, "score": scores, "relevance": relevance})
    path = write_parts(tmp_path / "run", table, 100_000, 3)
    found = evaluate(path, None, ["mrr", "ndcg@10"], threads=2)
    assert bits(found) == bits(evaluate(path, None, ["mrr", "ndcg@10"], threads=8))
    assert found.counts["runs"]["run"]["items"] == len(items)
    order = np.lexsort((-items, -scores, queries))  # ties by id, descending
    rank = np.empty(len(items))
    rank[order] = np.arange(len(items)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    best = np.full(len(lengths), np.inf)
    np.minimum.at(best, queries[relevance > 0], rank[relevance > 0])
    assert found.metric_rows[0].estimate.value == pytest.approx(np.mean(1 / best), abs=1e-12)
