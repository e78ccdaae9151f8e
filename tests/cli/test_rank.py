from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import rank
from tests.cli.helpers import call, imported_by

DATA = {"qid": ["q1", "q1", "q2"], "item_id": [1, 2, 1], "price": [3.0, 1.0, 2.0], "split": ["a", "a", "b"]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table(DATA), path)
    return path


def test_all_options_reach_the_python_call(data: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "run.parquet", tmp_path / "other.parquet"
    options = (
        "--policy epsilon:epsilon=0.5 --top 2 --seed 3 --threads 2 --column query_id=qid --trust a.B,c.D"
    )
    called = call(
        "rank",
        "column:price",
        data,
        "--out",
        out,
        *options.split(),
        "--where",
        "split == 'a'",
        "--format",
        "json",
    )
    assert (called.status, called.err) == (0, "")
    wanted = rank(
        "column:price", str(data), other, policy="epsilon:epsilon=0.5", top=2, seed=3, trust=["a.B", "c.D"],
        columns={"query_id": "qid"}, where="split == 'a'",
    )  # fmt: skip
    assert json.loads(called.out)["inputs"] == dict(wanted.inputs)
    assert json.loads(called.out)["results"] == [
        {"candidate": "column:price", "rows": 2, "queries": 1, "out": str(out)}
    ]
    assert out.read_bytes() == other.read_bytes()


def test_tables_for_people(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.csv"
    arguments = ("rank", "column:price", data, "--out", out, "--column", "query_id=qid")
    table = call(*arguments).out
    words = [line.split() for line in table.splitlines() if line]
    assert words[0] == ["candidate", "rows", "queries", "run"]
    assert words[-1] == ["column:price", "3", "2", str(out)]
    assert call(*arguments, "--format", "csv").out == f"candidate,rows,queries,out\ncolumn:price,3,2,{out}\n"
    assert out.read_text().startswith('"query_id","item_id","score"\n"q1",1,3\n')


def test_calls_that_fail_leave_no_file(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.parquet"
    called = call("rank", "column:cost", data, "--out", out, "--column", "query_id=qid")
    assert called.status == 1
    assert called.error.startswith(f"{data}: lacks 1 of the 1 columns that column:cost reads, cost; wanted")
    called = call("rank", "column:price", data)
    assert called.status == 2
    assert "Missing option '--out'" in called.error
    assert not out.exists()


def test_scores_of_a_column_load_no_model_library(data: Path, tmp_path: Path) -> None:
    status, loaded = imported_by(
        "rank", "column:price", data, "--out", tmp_path / "run.parquet", "--column", "query_id=qid"
    )
    assert status == 0
    assert not loaded & {
        "lightgbm",
        "xgboost",
        "onnxruntime",
        "skops",
        "sklearn",
        "pandas",
        "duckdb",
        "scipy",
    }
