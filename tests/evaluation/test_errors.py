"""Every bad run or judgements file gets one line: where it is wrong, what is there, what is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import Log, evaluate
from rankeval.errors import DataError, UsageError
from tests.log_files import nested, write_parts
from tests.readers.helpers import error_of

RUN = pa.table(
    {
        "query_id": ["q1", "q1", "q2", "q2", "q3"],
        "item_id": ["a", "b", "a", "b", "a"],
        "score": [2.0, 1.0, 2.0, 1.0, 1.0],
        "relevance": pa.array([1, 0, 0, 2, 1], pa.float64()),
    }
)
JUDGEMENTS = RUN.drop_columns("score")


def changed(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    """The table with another value in one row."""
    values = table[column].to_pylist()
    values[row] = value
    index = table.schema.get_field_index(column)
    return table.set_column(
        index, column, pa.array(values, table.schema.field(column).type, from_pandas=False)
    )


def places(tmp_path: Path, table: pa.Table, bad: int) -> list[tuple[Any, str]]:
    """The same rows in memory, in part files and row groups of one, in lists: where row ``bad`` stands."""
    parts = write_parts(tmp_path / "parts", table, 1, 2)  # files of 2 and 3 rows
    part, row = (0, bad) if bad < 2 else (1, bad - 2)
    list_row = [0, 0, 1, 1, 2][bad]
    return [
        (table, f"<table>, row {bad + 1}"),
        (parts, f"{parts}/part-{part:03d}.parquet, row {row + 1}"),
        (nested(table, "query_id"), f"<table>, row {list_row + 1}"),
    ]


BAD_RUN = [
    ("score", None, "column 'score' is null, wanted a finite number"),
    ("score", np.nan, "column 'score' is nan, wanted a finite number"),
    ("score", np.inf, "column 'score' is inf, wanted a finite number"),
    ("score", -np.inf, "column 'score' is -inf, wanted a finite number"),
    ("item_id", None, "column 'item_id' is null, wanted an id"),
    ("item_id", "a", "column 'item_id' is 'a' again, wanted each item once for a query"),
]


@pytest.mark.parametrize(("column", "value", "message"), BAD_RUN)
def test_a_bad_value_in_a_run(tmp_path, column, value, message):
    table = changed(RUN, column, 3, value)
    for run, place in places(tmp_path, table, 3):
        error_of(lambda run=run: evaluate(run, JUDGEMENTS), f"{place}, query_id 'q2': {message}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "is nan, wanted a finite grade, or null where unjudged"),
        (np.inf, "is inf, wanted a finite grade, or null where unjudged"),
        (5.0, "is 5.0, wanted at most 4, the max_rel of err@5"),
    ],
)
def test_a_bad_grade_in_a_run(tmp_path, value, message):
    for run, place in places(tmp_path, changed(RUN, "relevance", 3, value), 3):
        error_of(
            lambda run=run: evaluate(run, None, ["ndcg", "err@5"]),
            f"{place}, query_id 'q2': column 'relevance' {message}",
        )


BAD_JUDGEMENTS = [
    ("item_id", None, "column 'item_id' is null, wanted an id"),
    ("relevance", None, "column 'relevance' is null, wanted a finite grade"),
    ("relevance", np.nan, "column 'relevance' is nan, wanted a finite grade"),
    ("relevance", -np.inf, "column 'relevance' is -inf, wanted a finite grade"),
]


@pytest.mark.parametrize(("column", "value", "message"), BAD_JUDGEMENTS)
def test_a_bad_value_in_the_judgements(tmp_path, column, value, message):
    for judgements, place in places(tmp_path, changed(JUDGEMENTS, column, 3, value), 3):
        error_of(lambda judgements=judgements: evaluate(RUN, judgements), f"{place}: {message}")


LIMITS = ["ndcg", "err@3:max_rel=5", "err:max_rel=9"]


def test_a_grade_above_the_maximum_in_the_judgements(tmp_path):
    for judgements, place in places(tmp_path, changed(JUDGEMENTS, "relevance", 3, 6.0), 3):
        message = f"{place}, query_id 'q2': column 'relevance' is 6, wanted at most"
        error_of(lambda j=judgements: evaluate(RUN, j, "err"), f"{message} 4, the max_rel of err")
        error_of(
            lambda j=judgements: evaluate(RUN, j, LIMITS), f"{message} 5, the max_rel of err@3:max_rel=5"
        )
        evaluate(RUN, judgements, ["ndcg_exp", "err:max_rel=6"])


def test_a_grade_that_no_power_of_two_can_hold():
    judgements = changed(JUDGEMENTS, "relevance", 0, 1001.0)
    wanted = "is 1001, wanted at most 1000, the largest possible grade of ndcg_exp@5"
    error_of(lambda: evaluate(RUN, judgements, "ndcg_exp@5"), "<table>, row 1, query_id 'q1'", wanted)


def test_a_grade_whose_sums_are_no_numbers(tmp_path):
    wanted = "is 1e+101, wanted at most 1e+100, the largest grade of any metric"
    judgements = changed(JUDGEMENTS, "relevance", 0, 1e101)
    error_of(lambda: evaluate(RUN, judgements, "ndcg"), "<table>, row 1, query_id 'q1'", wanted)
    run = pa.table(
        {"query_id": ["q", "q"], "item_id": ["a", "b"], "score": [1.0, 0.5], "relevance": [1e101, 0.0]}
    )
    for metric in ("ndcg", "roc_auc"):
        error_of(lambda metric=metric: evaluate(run, metrics=metric), "<table>, row 1, query_id 'q'", wanted)


def test_an_item_judged_twice(tmp_path):
    for judgements, place in places(tmp_path, changed(JUDGEMENTS, "item_id", 3, "a"), 3):
        message = f"{place}, query_id 'q2': item_id 'a' is judged twice, wanted once for each query"
        error_of(lambda j=judgements: evaluate(RUN, j), message)


def test_an_item_judged_twice_in_two_files(tmp_path):
    again = JUDGEMENTS.slice(1, 1)
    path = write_parts(tmp_path / "judgements", pa.concat_tables([JUDGEMENTS, again]), 1, 2)
    error_of(
        lambda: evaluate(RUN, path),
        f"{path}/part-001.parquet, row 3, query_id 'q1': item_id 'b' is judged twice",
    )


def test_an_item_retrieved_twice_by_rows_far_apart(tmp_path):
    """The rows are sorted first; the message names the row of the original."""
    table = pa.concat_tables([RUN, RUN.slice(1, 1)])
    path = write_parts(tmp_path / "run", table, 2, 3)
    error_of(
        lambda: evaluate(path, JUDGEMENTS),
        f"{path}/part-002.parquet, row 2, query_id 'q1': column 'item_id' is 'b' again",
    )


def test_a_null_query(tmp_path):
    for run, place in places(tmp_path, changed(RUN, "query_id", 4, None), 4):
        error_of(
            lambda run=run: evaluate(run, JUDGEMENTS), f"{place}: column 'query_id' is null, wanted an id"
        )
    for judgements, place in places(tmp_path / "judgements", changed(JUDGEMENTS, "query_id", 4, None), 4):
        error_of(lambda j=judgements: evaluate(RUN, j), f"{place}: column 'query_id' is null, wanted an id")


@pytest.mark.parametrize("column", ["query_id", "item_id", "score"])
def test_a_missing_column_of_a_run(tmp_path, column):
    table = RUN.drop_columns(column)
    path = tmp_path / "run.parquet"
    pq.write_table(table, path)
    for run, name in ((table, "<table>"), (str(path), str(path))):
        error_of(
            lambda run=run: evaluate(run, JUDGEMENTS), f"{name}: no column '{column}'", *table.schema.names
        )


@pytest.mark.parametrize("column", ["query_id", "item_id", "relevance"])
def test_a_missing_column_of_the_judgements(column):
    error_of(lambda: evaluate(RUN, JUDGEMENTS.drop_columns(column)), f"<table>: no column '{column}'")


def test_no_relevance_anywhere():
    error_of(lambda: evaluate(RUN.drop_columns("relevance")), "<table>: no column 'relevance'")


def test_a_column_missing_from_one_part(tmp_path):
    path = write_parts(tmp_path / "run", RUN, 10, 2)
    pq.write_table(RUN.slice(2).drop_columns("score"), f"{path}/part-001.parquet")
    error_of(lambda: evaluate(path, JUDGEMENTS), f"{path}/part-001.parquet: no column 'score'")


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("score", ["high"] * 5, "holds string, wanted numbers"),
        ("score", [[1.0]] * 5, "holds list<item: double>, wanted numbers"),
        ("query_id", [1.5] * 5, "holds double, wanted integers or strings"),
        ("item_id", [True] * 5, "holds bool, wanted integers or strings"),
        ("item_id", [{"a": 1}] * 5, "holds struct<a: int64>, wanted integers or strings"),
    ],
)
def test_a_column_of_the_wrong_type(column, values, wanted):
    run = RUN.set_column(RUN.schema.get_field_index(column), column, pa.array(values))
    error_of(lambda: evaluate(run, JUDGEMENTS), f"<table>: column '{column}' {wanted}")


def test_relevance_of_the_wrong_type():
    judgements = JUDGEMENTS.set_column(2, "relevance", pa.array(["high"] * 5))
    error_of(lambda: evaluate(RUN, judgements), "<table>: column 'relevance' holds string, wanted numbers")
    run = RUN.set_column(3, "relevance", pa.array(["high"] * 5))
    error_of(lambda: evaluate(run), "<table>: column 'relevance' holds string, wanted numbers")


def numbered(table: pa.Table, column: str) -> pa.Table:
    return table.set_column(table.schema.get_field_index(column), column, pa.array(range(table.num_rows)))


@pytest.mark.parametrize("column", ["query_id", "item_id"])
def test_whole_floats_are_no_ids(column):
    floats = numbered(RUN, column)
    floats = floats.set_column(
        floats.schema.get_field_index(column), column, floats[column].cast(pa.float64())
    )
    message = (
        f"<table>: column '{column}' holds double, wanted integers or strings "
        "(a missing id turns integers into floats: drop such rows, and cast the column)"
    )
    error_of(lambda: evaluate(floats, JUDGEMENTS), message)
    error_of(lambda: evaluate(RUN, floats), message)


def test_query_ids_of_two_widths_in_two_runs_are_fine():
    one = numbered(RUN, "query_id")
    for kind in (pa.int8(), pa.uint64()):
        two = one.set_column(0, "query_id", one["query_id"].cast(kind))
        assert evaluate({"one": one, "two": two}).counts["queries"] == 5


def test_integers_that_have_no_type_in_common():
    one = RUN.set_column(0, "query_id", pa.array([-1, 0, 1, 2, 3]))
    two = RUN.set_column(0, "query_id", pa.array([2**64 - 1, 0, 1, 2, 3], pa.uint64()))
    error_of(lambda: evaluate({"one": one, "two": two}), "run two: query ids do not fit int64")


def test_parts_of_a_run_with_ids_of_two_kinds(tmp_path):
    path = write_parts(tmp_path / "run", RUN, 10, 2)
    pq.write_table(numbered(RUN, "query_id"), f"{path}/part-001.parquet")
    error_of(
        lambda: evaluate(path), f"{path}/part-001.parquet: column 'query_id' holds integers, but strings in"
    )


def test_lists_of_unequal_length(tmp_path):
    lists = nested(RUN, "query_id").to_pylist()
    lists[1]["score"] = [1.0]
    error_of(
        lambda: evaluate(pa.Table.from_pylist(lists)),
        "<table>, row 2: the list in column 'score' has 1 values, wanted 2 as in the other lists of the row",
    )


def test_a_query_in_two_rows_of_lists():
    lists = nested(RUN, "query_id")
    twice = pa.concat_tables([lists, lists.slice(0, 1)])
    error_of(lambda: evaluate(twice), "<table>, row 4: query_id 'q1' again, wanted one row for each")


@pytest.mark.parametrize("name", ["run.parquet", "run.csv"])
def test_an_empty_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    error_of(lambda: evaluate(str(path)), f"{path}: empty file (0 bytes)")
    error_of(lambda: evaluate(RUN, str(path)), f"{path}: empty file (0 bytes)")


def test_a_file_without_rows(tmp_path):
    path = tmp_path / "run.parquet"
    pq.write_table(RUN.slice(0, 0), path)
    error_of(lambda: evaluate(str(path)), f"{path}: found no rows, wanted at least one for the run")
    error_of(
        lambda: evaluate(RUN, str(path)), f"{path}: found no rows, wanted at least one for the judgements"
    )
    error_of(lambda: evaluate(RUN.slice(0, 0)), "<table>: found no rows")


def test_a_filter_that_keeps_nothing():
    error_of(
        lambda: evaluate(RUN, where="score > 9"), "<table>: no rows match 'score > 9', wanted at least one"
    )
    judgements = JUDGEMENTS.append_column("split", pa.array(["x"] * 5))
    run = RUN.append_column("split", pa.array(["y"] * 5))
    error_of(lambda: evaluate(run, judgements, where="split == 'y'"), "no rows match", "split == 'y'")


def test_a_truncated_file(tmp_path):
    path = tmp_path / "run.parquet"
    pq.write_table(RUN, path)
    path.write_bytes(path.read_bytes()[:-20])
    error_of(lambda: evaluate(str(path)), f"{path}: truncated Parquet file")


def test_a_file_that_is_not_there():
    error_of(lambda: evaluate("/no/such/run.parquet", JUDGEMENTS), "/no/such/run.parquet: no such file")


def test_lines_of_text_are_named(tmp_path):
    run = tmp_path / "run.csv"
    run.write_text("query_id,item_id,score\nq1,a,1.0\nq1,b,nan\n")
    error_of(lambda: evaluate(str(run), JUDGEMENTS), f"{run}, line 3, query_id 'q1': column 'score' is nan")
    qrels = tmp_path / "qrels.txt"
    qrels.write_text("q1 0 a 1\nq1 0 b 0\nq1 0 a 0\n")
    error_of(
        lambda: evaluate(RUN, str(qrels)), f"{qrels}, line 3, query_id 'q1': item_id 'a' is judged twice"
    )


@pytest.mark.parametrize("column", ["country", "user"])
def test_a_segment_or_cluster_that_changes_within_a_query(tmp_path, column):
    option = {"by" if column == "country" else "cluster": column}
    run = RUN.append_column(column, pa.array(["x", "x", "y", "z", "x"]))
    wanted = f"query_id 'q2': column '{column}' is z, wanted one value throughout a session"
    for data, place in (
        (run, "<table>, row 4"),
        (write_parts(tmp_path / "r", run, 1, 2), "part-001.parquet, row 2"),
    ):
        error_of(lambda data=data: evaluate(data, **option), f"{place}, {wanted}")
    judgements = JUDGEMENTS.append_column(column, pa.array(["x", "x", "y", "z", "x"]))
    wanted = f"query_id 'q2': column '{column}' is z, wanted one value for each query"
    for data, place in (
        (judgements, "<table>, row 4"),
        (write_parts(tmp_path / "j", judgements, 1, 2), "part-001.parquet, row 2"),
    ):
        error_of(lambda data=data: evaluate(RUN, data, **option), f"{place}, {wanted}")


def test_a_segment_that_runs_disagree_on():
    one = RUN.append_column("country", pa.array(["x", "x", "y", "y", "z"]))
    two = RUN.append_column("country", pa.array(["x", "x", "q", "q", "z"]))
    message = "run two, query 'q2': column 'country' is 'q', wanted 'y' as in one"
    error_of(lambda: evaluate({"one": one, "two": two}, by="country"), message)


def test_a_segment_of_two_types():
    one = RUN.append_column("part", pa.array([1, 1, 2, 2, 3]))
    two = RUN.append_column("part", pa.array(["1", "1", "2", "2", "3"]))
    error_of(
        lambda: evaluate({"one": one, "two": two}, by="part"),
        "run two: part are strings and in run one integers",
    )


def test_a_segment_that_is_nowhere():
    error_of(lambda: evaluate(RUN, by="country"), "<table>: no column 'country'")
    error_of(lambda: evaluate(RUN, JUDGEMENTS, cluster="user"), "<table>: no column 'user'")


def test_a_segment_of_lists():
    run = RUN.append_column("tags", pa.array([["x"]] * 5))
    error_of(
        lambda: evaluate(run, by="tags"),
        "<table>: column 'tags' holds list<item: string>, wanted one value a row",
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, "is -1.0, wanted a number of at least 0"),
        (None, "is null, wanted a finite number"),
        (np.nan, "is nan, wanted a finite number"),
        (np.inf, "is inf, wanted a finite number"),
    ],
)
def test_bad_weights(value, message):
    run = RUN.append_column("weight", pa.array([1.0, 1.0, value, value, 1.0], from_pandas=False))
    error_of(lambda: evaluate(run, None, "gauc"), f"<table>, row 3, query_id 'q2': column 'weight' {message}")
    evaluate(run, None, "auc")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": []}, "metrics: found none, wanted at least one"),
        ({"metrics": ["ndgc"]}, "unknown metric 'ndgc'"),
        ({"ties": "random"}, "ties: 'random' is none of trec, item, expected, best, worst"),
        ({"empty": "two"}, "empty: 'two' is none of zero, skip, one"),
        ({"missing": "one"}, "missing: 'one' is none of zero, skip, error"),
        ({"score_type": "float16"}, "score_type: 'float16' is none of float64, float32"),
        ({"relevance_threshold": 0}, "relevance_threshold: 0 is not a positive number"),
        ({"relevance_threshold": np.nan}, "relevance_threshold: nan is not a positive number"),
        ({"relevance_threshold": np.inf}, "relevance_threshold: inf is not a positive number"),
        ({"ci": "exact"}, "ci: found 'exact'"),
        ({"ci": []}, "ci: found no method"),
        ({"level": 1.0}, "level: found 1.0"),
        ({"replicates": 1}, "replicates: found 1"),
        ({"permutations": 0}, "permutations: found 0"),
        ({"threads": 0}, "threads: found 0"),
        ({"columns": {"scores": "x"}}, "scores=...: no such role; there are query_id"),
        ({"columns": {"new.score": "x"}}, "new.score=x: no run 'new'; there are run"),
        ({"where": "score >"}, "where 'score >'"),
    ],
)
def test_wrong_calls(options, message):
    error_of(lambda: evaluate(RUN, JUDGEMENTS, **options), message, kind=UsageError)


@pytest.mark.parametrize("options", [{"permutations": 0}, {"level": 0.0}, {"replicates": 0}, {"ci": "x"}])
def test_wrong_calls_are_found_before_anything_is_read(options):
    with pytest.raises(UsageError):
        evaluate("/no/such/file.parquet", **options)


def test_a_column_to_filter_by_that_is_not_there():
    error_of(lambda: evaluate(RUN, JUDGEMENTS, where="country == 'de'"), "<table>: no column 'country'")


@pytest.mark.parametrize("runs", [[], {}])
def test_no_run(runs):
    error_of(lambda: evaluate(runs, JUDGEMENTS), "run: found none, wanted at least one", kind=UsageError)


def test_two_files_of_one_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        pq.write_table(RUN, tmp_path / folder / "run.parquet")
    files = [tmp_path / folder / "run.parquet" for folder in ("a", "b")]
    error_of(lambda: evaluate(files), "two files have the same name", kind=UsageError)


@pytest.mark.parametrize("run", [3, None, object(), ["q1"]])
def test_what_is_no_data(run):
    with pytest.raises((DataError, UsageError)):
        evaluate(run, JUDGEMENTS)


def test_a_log_of_another_role():
    error_of(
        lambda: evaluate(Log(RUN), JUDGEMENTS),
        "run: found a Log of role 'log', wanted 'run'",
        kind=UsageError,
    )
    error_of(
        lambda: evaluate(RUN, Log(JUDGEMENTS, "run")),
        "judgements: found a Log of role 'run'",
        kind=UsageError,
    )


@pytest.mark.parametrize("options", [{"where": "score > 0"}, {"columns": {"score": "score"}}])
def test_a_log_has_columns_and_a_filter_of_its_own(options):
    message = "is a Log, which has its own; wanted them in Log(...)"
    error_of(lambda: evaluate(Log(RUN, "run"), JUDGEMENTS, **options), f"'run' {message}", kind=UsageError)
    error_of(lambda: evaluate(RUN, Log(JUDGEMENTS, "judgements"), **options), message, kind=UsageError)


@pytest.mark.parametrize("path", ["/no/such/folder/values.parquet", ".", "/"])
def test_values_that_cannot_be_written(path):
    error_of(lambda: evaluate(RUN, per_query=path), "cannot be written")
