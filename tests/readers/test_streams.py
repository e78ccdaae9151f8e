from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from rankeval.readers import streams
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.paths import REPO
from tests.readers.helpers import drain, error_of, read

COLUMNS = {"query_id": ["a", "a", "b"], "score": [0.5, 1.5, 2.5], "rank": [2, 1, 1]}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


class Capsule:
    """No more than the Arrow C stream interface."""

    def __init__(self, table: pa.Table) -> None:
        self._reader = table.to_reader()

    def __arrow_c_stream__(self, schema: Any = None) -> Any:
        return self._reader.__arrow_c_stream__(schema)


TABLE = pa.table(COLUMNS)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(lambda: TABLE.to_reader(1), id="reader"),
        pytest.param(lambda: Capsule(TABLE), id="capsule"),
        pytest.param(lambda: ds.dataset(TABLE).scanner(), id="scanner"),
        pytest.param(lambda: ds.dataset(TABLE), id="dataset of a table"),
        pytest.param(lambda: pl.LazyFrame(COLUMNS), id="polars"),
        pytest.param(lambda: pl.LazyFrame(COLUMNS).with_columns(pl.col("query_id").cast(pl.Categorical))),
        pytest.param(lambda: duckdb.from_arrow(TABLE), id="duckdb"),
        pytest.param(
            lambda: TABLE.set_column(0, "query_id", TABLE["query_id"].dictionary_encode()).to_reader()
        ),
        pytest.param(lambda: TABLE.cast(views()).to_reader(), id="string views"),
    ],
)
def test_a_stream_is_read_once_and_every_pass_has_its_rows(stream: Any, temporary: Path) -> None:
    sources = open_sources(stream(), role="run")
    assert [source.name for source in sources] == ["<table>"]
    assert drain(sources).to_pydict() == drain(sources).to_pydict() == COLUMNS
    assert drain(sources, ["rank"], parse_where("score > 1")).to_pydict() == {"rank": [1, 1]}
    assert len(list(temporary.iterdir())) == 1
    del sources
    gc.collect()
    assert list(temporary.iterdir()) == []


def encoded() -> pa.Table:
    return TABLE.set_column(0, "query_id", TABLE["query_id"].dictionary_encode())


def views() -> pa.Schema:
    return pa.schema([("query_id", pa.string_view()), ("score", pa.float64()), ("rank", pa.int64())])


@pytest.mark.parametrize("frame", [TABLE, TABLE.to_pandas(), pl.DataFrame(COLUMNS)])
def test_what_holds_its_rows_is_not_copied_to_disk(frame: Any, temporary: Path) -> None:
    sources = open_sources(frame, role="run")
    assert list(temporary.iterdir()) == []
    assert drain(sources).to_pydict() == COLUMNS


def test_small_batches_make_large_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "GROUP_ROWS", 50)
    (source,) = open_sources(pa.table({"i": range(120)}).to_reader(7), role="log")
    assert source.group_rows == [50, 6, 50, 6, 8]  # type: ignore[attr-defined]
    assert drain([source])["i"].to_pylist() == list(range(120))


def test_wide_rows_make_small_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_GROUP_BYTES", 800)
    (source,) = open_sources(pa.table({"i": np.arange(250)}).to_reader(50), role="log")
    assert source.group_rows == [100, 100, 50]  # type: ignore[attr-defined]


def test_types_that_only_a_stream_has() -> None:
    table = pa.table(
        {
            "r": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", None])),
            "l": pa.array([[1], None, []], pa.list_view(pa.int32())),
            "b": pa.array([b"\xff", b"a", None]),
            "n": pa.nulls(3),
            "t": pa.array([1, 2, None], pa.timestamp("ns", "UTC")),
            "u": pa.array([0, 2**64 - 1, 3], pa.uint64()),
        }
    )
    (source,) = open_sources(table.to_reader(), role="log")
    names = ["r", "l", "n", "t", "u"]
    assert drain([source], names).to_pydict() == table.select(names).to_pydict()
    assert source.schema.types == [
        pa.string(), pa.list_(pa.int32()), pa.string(), pa.null(), pa.timestamp("ns", "UTC"), pa.uint64(),
    ]  # fmt: skip


def test_a_stream_that_ends_in_an_error_leaves_nothing(temporary: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from TABLE.to_batches()
        raise OSError("the connection is gone\nand more")

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    error_of(lambda: open_sources(reader, role="log"), "<table>: cannot be read: the connection is gone")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        lambda: pl.scan_parquet("nope.parquet"),
        lambda: pl.LazyFrame(COLUMNS).select(pl.col("query_id").cast(pl.Int64)),
        lambda: duckdb.sql("select error('bad') a"),
        lambda: duckdb.sql("select cast(x as int) x from (values ('1'), ('b')) t(x)"),
    ],
)
def test_a_query_that_fails_is_one_line(query: Any, temporary: Path) -> None:
    error_of(lambda: read(query()), "cannot be read: ")
    assert list(temporary.iterdir()) == []


def test_a_stream_that_has_been_read() -> None:
    reader = TABLE.to_reader()
    reader.read_all()
    error_of(lambda: read(reader), "<table>: found no rows")


def test_files_go_when_the_program_ends(temporary: Path) -> None:
    program = (
        "import pyarrow as pa, os, sys, tempfile; from rankeval.readers import open_sources; "
        "kept = open_sources(pa.table({'a': [1]}).to_reader(), role='log'); "
        "assert os.listdir(tempfile.gettempdir()); sys.exit(3)"
    )
    environment = {"TMPDIR": str(temporary), "PYTHONPATH": str(REPO), "PATH": ""}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 3
    assert list(temporary.iterdir()) == []
