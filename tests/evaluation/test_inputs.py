"""Which data is which run, and which of its columns plays which role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import Log, evaluate
from rankeval.evaluation.inputs import named_runs
from tests.log_files import write_parts
from tests.readers.helpers import error_of

RUN = pa.table(
    {
        "query_id": ["q1", "q1", "q2"],
        "item_id": ["a", "b", "a"],
        "score": [1.0, 2.0, 1.0],
        "relevance": [1, 0, 1],
    }
)
OTHER = RUN.set_column(2, "score", pa.array([2.0, 1.0, 1.0]))
JUDGEMENTS = RUN.drop_columns("score")
VALUE, OTHER_VALUE = 0.75, 1.0  # mrr


def means(*args, **options) -> dict[str, float]:
    return {row.run: row.estimate.value for row in evaluate(*args, "mrr", **options).metric_rows}


COLUMNS = {name: RUN[name].to_pylist() for name in RUN.schema.names}


@pytest.mark.parametrize(
    "table",
    [
        COLUMNS,
        {name: np.array(values) for name, values in COLUMNS.items()},
        {name: pd.Series(values) for name, values in COLUMNS.items()},
        {name: pl.Series(values) for name, values in COLUMNS.items()},
        {name: pa.array(values) for name, values in COLUMNS.items()},
        {name: RUN[name] for name in COLUMNS},
        {name: tuple(values) for name, values in COLUMNS.items()},
        {name: values if name == "score" else np.array(values) for name, values in COLUMNS.items()},
    ],
)
def test_a_dict_of_columns_is_one_run(table):
    assert means(table, None) == {"run": VALUE}


def test_a_dict_of_tables_is_several_runs():
    runs = {"old": RUN, "new": OTHER.to_pandas(), "newest": pl.from_arrow(OTHER), "plain": COLUMNS}
    assert means(runs, None) == {"old": VALUE, "new": OTHER_VALUE, "newest": OTHER_VALUE, "plain": VALUE}


def test_a_dict_may_hold_lists_of_files(tmp_path):
    folder = Path(write_parts(tmp_path / "run", RUN, 1, 2))
    files = sorted(folder.iterdir())
    assert means({"old": [str(file) for file in files], "new": files}, None) == {"old": VALUE, "new": VALUE}


def test_a_list_of_files_is_several_runs_named_by_them(tmp_path):
    files = [tmp_path / "bm25.v2.parquet", tmp_path / "dense.parquet"]
    for file, table in zip(files, (RUN, OTHER), strict=True):
        pq.write_table(table, file)
    assert means(files, None) == {"bm25": VALUE, "dense": OTHER_VALUE}
    assert means([str(files[0])], None) == {"bm25": VALUE}
    assert means(str(files[1]), None) == {"dense": OTHER_VALUE}


def test_tables_in_a_list_are_numbered():
    assert means([RUN, OTHER], None) == {"run1": VALUE, "run2": OTHER_VALUE}


@pytest.mark.parametrize(
    ("run", "names"),
    [
        ("x/a.parquet", ["a"]),
        ("x/folder/", ["folder"]),
        (Path("run.tar.gz"), ["run"]),
        (["a.csv", "b.csv"], ["a", "b"]),
        ({1: "a.csv"}, ["1"]),
        ({"query_id": [], "item_id": [], "score": []}, ["run"]),
        ({"query_id": np.zeros((2, 3))[0], "x": None}, ["run"]),
    ],
)
def test_names(run, names):
    assert list(named_runs(run)) == names


def test_columns_of_all_files():
    run, judgements = (t.rename_columns({"query_id": "q", "item_id": "i"}) for t in (RUN, JUDGEMENTS))
    assert means(run, judgements, columns={"query_id": "q", "item_id": "i"}) == {"run": VALUE}


def test_columns_of_the_runs_that_judgements_do_not_share():
    run = RUN.rename_columns({"query_id": "q", "score": "s"})
    assert means(run, JUDGEMENTS, columns={"query_id": "q", "score": "s"}) == {"run": VALUE}


def test_relevance_is_a_column_of_the_judgements_if_there_are_any():
    judgements = JUDGEMENTS.rename_columns({"relevance": "label"})
    assert means(RUN.drop_columns("relevance"), judgements, columns={"relevance": "label"}) == {"run": VALUE}
    run = RUN.rename_columns({"relevance": "label"})
    assert means(run, None, columns={"relevance": "label"}) == {"run": VALUE}
    error_of(lambda: means(run, JUDGEMENTS, columns={"relevance": "label"}), "<table>: no column 'label'")


def test_columns_of_one_file_alone():
    runs = {
        "old": RUN.rename_columns({"score": "s", "query_id": "q"}),
        "new.v2": OTHER.rename_columns({"score": "t"}),
    }
    judgements = JUDGEMENTS.rename_columns({"query_id": "query", "relevance": "label"})
    columns = {"old.score": "s", "old.query_id": "q", "new.v2.score": "t"}
    columns |= {"judgements.query_id": "query", "judgements.relevance": "label"}
    assert means(runs, judgements, columns=columns) == {"old": VALUE, "new.v2": OTHER_VALUE}


def test_a_column_of_its_own_comes_before_that_of_all():
    runs = {"old": RUN.rename_columns({"score": "s"}), "new": OTHER.rename_columns({"score": "t"})}
    assert means(runs, None, columns={"score": "s", "new.score": "t"}) == {"old": VALUE, "new": OTHER_VALUE}


def test_one_file_as_two_runs():
    both = RUN.append_column("rerank", OTHER["score"])
    columns = {"old.score": "score", "new.score": "rerank"}
    assert means({"old": both, "new": both}, None, columns=columns) == {"old": VALUE, "new": OTHER_VALUE}


def test_logs_bring_their_own_columns_and_filter():
    run = Log(RUN.rename_columns({"score": "s"}), "run", {"score": "s"}, "query_id == 'q1'")
    judgements = Log(
        JUDGEMENTS.rename_columns({"query_id": "q"}), "judgements", {"query_id": "q"}, "q == 'q1'"
    )
    assert means(run, judgements) == {"run": 0.5}
    assert means({"a": run, "b": RUN}, Log(JUDGEMENTS, "judgements")) == {"a": 0.25, "b": VALUE}


def test_judgements_that_can_be_read_once_only():
    assert means(RUN.to_reader(), JUDGEMENTS.to_reader(), where="item_id != 'z'") == {"run": VALUE}


def test_a_filter_is_for_judgements_too_where_they_have_its_columns():
    kept = evaluate(RUN, JUDGEMENTS, "mrr", where="query_id == 'q2'")
    assert (kept.counts["queries"], kept.metric_rows[0].estimate.value) == (1, 1.0)
    run_alone = evaluate(RUN.append_column("n", pa.array([1, 2, 3])), JUDGEMENTS, "mrr", where="n == 3")
    assert (run_alone.counts["queries"], run_alone.metric_rows[0].estimate.value) == (2, 0.5)


def test_inputs_are_told():
    inputs = evaluate({"a": RUN}, JUDGEMENTS, ["mrr", "rbp:p=.5"], ties="best", seed=3).to_dict()["inputs"]
    assert inputs == {
        "runs": {"a": "<table>"},
        "judgements": "<table>",
        "metrics": ["mrr", "rbp:p=0.5"],
        "ties": "best",
        "empty": "zero",
        "missing": "zero",
        "relevance_threshold": 1.0,
        "score_type": "float64",
        "judged_only": False,
        "agree": False,
        "exclude": False,
        "where": None,
        "by": None,
        "cluster": None,
        "seed": 3,
        "ci": ["auto"],
        "family": "metric",
    }


def test_scores_of_csv_parts_may_look_like_integers_here_and_not_there(tmp_path):
    (tmp_path / "run").mkdir()
    for part, scores in enumerate(["1,2", "1.5,1"]):
        rows = "".join(f"q{part},d{i},{score},{i}\n" for i, score in enumerate(scores.split(",")))
        (tmp_path / "run" / f"{part}.csv").write_text("query_id,item_id,bm25,relevance\n" + rows)
    found = evaluate(tmp_path / "run", None, "mrr", columns={"score": "bm25"})
    assert found.metric_rows[0].estimate.value == 0.75
