"""Runs and judgements whose ids are integers in one file and texts in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval import DataError, calibrate, evaluate, train
from tests.naive_evaluation import judgements_table, run_table
from tests.rankers.judged_data import judged
from tests.readers.helpers import examples

IDS = ("query_id", "item_id")
SMALL = st.integers(-2, 12)
RUNS = st.dictionaries(
    SMALL, st.dictionaries(SMALL, st.sampled_from([0.0, 1.0, 2.0]), min_size=1), min_size=1
)
GRADES = st.dictionaries(SMALL, st.dictionaries(SMALL, st.integers(-1, 3), min_size=1), min_size=1)
METRICS = ["ndcg@3", "mrr", "bpref", "log_loss"]


def as_texts(table: pa.Table, *columns: str) -> pa.Table:
    for name in columns:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.string()))
    return table


def values(*args: Any, **options: Any) -> list[float]:
    return [row.estimate.value for row in evaluate(*args, **options).metric_rows]


@examples
@given(RUNS, GRADES, st.lists(st.sampled_from(IDS), unique=True))
def test_texts_of_integers_change_nothing(run: Any, grades: Any, columns: list[str]) -> None:
    rows, judgements = run_table(run), judgements_table(grades)
    options: Any = {"metrics": METRICS[:3], "ci": "bootstrap", "replicates": 20}
    wanted = evaluate(rows, judgements, **options).to_dict()
    assert without_ids(evaluate(rows, as_texts(judgements, *columns), **options)) == without_ids(wanted)
    # The other way around, ties are of texts.
    options |= {"ties": "expected", "ci": "normal"}
    exact = evaluate(rows, judgements, **options).metric_rows
    found = evaluate(as_texts(rows, *columns), judgements, **options).metric_rows
    for one, other in zip(exact, found, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value)


def without_ids(result: Any) -> dict[str, Any]:
    found = result if isinstance(result, dict) else result.to_dict()
    return {**found, "warnings": [text.partition(" The run has ")[0] for text in found["warnings"]]}


def test_ties_keep_the_order_of_the_runs_own_ids() -> None:
    """As numbers 10 comes before 9, as texts '9' before '10'; the relevant item is 9."""
    run, grades = run_table({1: {9: 1.0, 10: 1.0}}), judgements_table({1: {9: 1}})
    assert values(run, grades, "mrr") == values(run, as_texts(grades, *IDS), "mrr") == [0.5]
    texts = as_texts(run, *IDS)
    assert values(texts, grades, "mrr") == values(texts, as_texts(grades, *IDS), "mrr") == [1.0]


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.uint64()])
def test_a_parquet_run_joins_trec_judgements(tmp_path: Path, kind: pa.DataType) -> None:
    (tmp_path / "qrels.txt").write_text("7 0 70 1\n8 0 80 1\n")
    table = run_table({7: {70: 1.0, 71: 2.0}, 8: {80: 1.0}})
    for name in IDS:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    pq.write_table(table, tmp_path / "run.parquet")
    out = tmp_path / "out.parquet"
    found = values(str(tmp_path / "run.parquet"), str(tmp_path / "qrels.txt"), metrics="mrr", per_query=out)
    assert found == [0.75]
    assert pa.types.is_integer(pq.read_table(out).schema.field("query_id").type)


def test_a_text_with_a_zero_in_front_is_another_id(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("query_id,item_id,score\n7,07,2\n7,7,1\n07,7,1\n")
    grades = {7: {7: 1}}
    found = evaluate(str(tmp_path / "run.csv"), judgements_table(grades), "mrr")
    assert found.metric_rows[0].estimate.value == 0.5
    assert found.counts["runs"]["run"]["queries_unjudged"] == 1
    (tmp_path / "judged.csv").write_text("query_id,item_id,relevance\n7,07,1\n07,7,1\n")
    found = evaluate(run_table({7: {7: 1.0}}), str(tmp_path / "judged.csv"), "mrr")
    assert [row.estimate.value for row in found.metric_rows] == [0.0]
    assert found.counts["queries"] == 2


@pytest.mark.parametrize(
    ("runs", "grades", "kind"),
    [
        ({"a": False}, False, pa.int64()),
        ({"a": False}, True, pa.int64()),
        ({"a": True}, False, pa.string()),
        ({"a": True}, True, pa.string()),
        ({"a": False, "b": True}, False, pa.string()),
        ({"a": False, "b": True}, True, pa.string()),
        ({"a": False, "b": False}, True, pa.int64()),
    ],
)
def test_the_type_of_the_ids_in_a_result(
    tmp_path: Path, runs: dict[str, bool], grades: bool, kind: pa.DataType
) -> None:
    run, judgements = run_table({1: {5: 1.0}, 2: {5: 1.0, 6: 2.0}}), judgements_table({1: {5: 1}, 2: {5: 1}})
    named = {name: as_texts(run, *IDS) if text else run for name, text in runs.items()}
    out = tmp_path / "out.parquet"
    found = values(named, as_texts(judgements, *IDS) if grades else judgements, "mrr", per_query=out)
    assert found == [0.75] * len(runs)
    table = pq.read_table(out)
    assert table.schema.field("query_id").type == kind
    assert list(map(str, table["query_id"].to_pylist())) == ["1", "2"] * len(runs)


def test_judged_texts_that_are_no_integers_are_kept_as_texts(tmp_path: Path) -> None:
    judgements = judgements_table({"1": {"5": 1}, "q": {"x": 1}})
    out = tmp_path / "out.parquet"
    assert values(run_table({1: {5: 1.0}}), judgements, "mrr", per_query=out) == [0.5]
    assert pq.read_table(out)["query_id"].to_pylist() == ["1", "q"]


def test_runs_with_their_own_grades_join() -> None:
    table = run_table({1: {5: 1.0}, 2: {5: 1.0}}).append_column("relevance", pa.array([1, 1]))
    result = evaluate({"a": table, "b": as_texts(table, *IDS)}, None, "mrr")
    assert [(row.estimate.value, row.estimate.n) for row in result.metric_rows] == [(1.0, 2), (1.0, 2)]


def test_calibration_joins_integers_and_texts() -> None:
    rng = np.random.default_rng(0)
    scores = {q: {i: float(rng.uniform(0.1, 0.9)) for i in range(5)} for q in range(30)}
    grades = {q: {i: int(rng.random() < scores[q][i]) for i in range(5)} for q in range(30)}
    run, judgements = run_table(scores), judgements_table(grades)
    wanted = calibrate(run, judgements).to_dict()
    assert calibrate(run, as_texts(judgements, *IDS)).to_dict()["results"] == wanted["results"]
    assert calibrate(as_texts(run, *IDS), judgements).to_dict()["n"] == wanted["n"]


def test_a_calibration_without_a_common_id_shows_the_ids() -> None:
    run = run_table({"q7": {"d1": 0.5}})
    for grades, seen in (
        ({7: {1: 1}}, "The run has 'q7', the judgements 7"),
        ({"q7": {"1": 1}}, "The run has 'd1', the judgements '1'"),
    ):
        with pytest.raises(DataError) as caught:
            calibrate(run, judgements_table(grades))
        assert str(caught.value) == (
            f"<table>: no item is judged, wanted some; do the ids match the judgements? {seen}"
        )


def test_queries_of_both_data_are_found_whatever_their_type(tmp_path: Path) -> None:
    data = judged()
    numbers = [int(query[1:]) for query in data["query_id"]]
    train_on = {**data, "query_id": numbers}
    for queries in (numbers, [str(each) for each in numbers]):
        with pytest.raises(DataError, match="found query '0' and 39 more that are in <dict> too"):
            train(train_on, tmp_path / "model.txt", valid={**data, "query_id": queries}, threads=1)
