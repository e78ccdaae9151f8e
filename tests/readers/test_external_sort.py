from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.readers import external_sort as module
from rankeval.readers.external_sort import sorted_on_disk
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of

RNG = np.random.default_rng(7)
ROWS = pa.table(
    {
        "query_id": pa.array([f"q{k}" for k in RNG.integers(0, 50, 2000)]).dictionary_encode(),
        "n": np.arange(2000, dtype=np.int16),
        "x": RNG.normal(size=2000),
        "click": RNG.random(2000) < 0.1,
        "l": [list(range(k % 4)) for k in range(2000)],
        "s": [None if k % 7 == 0 else f"é{k}" for k in range(2000)],
    }
)
COLUMNS = ["query_id", "n", "x", "click", "l", "s"]


def python_sorted(table: pa.Table, by: str) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: row[by])  # stable, as asked for


@pytest.fixture
def sources(tmp_path: Path) -> Any:
    for part in range(4):
        pq.write_table(ROWS.slice(500 * part, 500), tmp_path / f"{part}.parquet", row_group_size=70)
    return open_sources(tmp_path, role="log")


def test_rows_are_sorted_and_keep_their_order_within(sources: Any) -> None:
    with sorted_on_disk(sources, COLUMNS, "query_id", threads=2) as source:
        assert source.name == f"{sources[0].name} and 3 more"
        assert source.schema == pa.schema([sources[0].schema.field(name) for name in COLUMNS])
        assert drain([source]).to_pylist() == python_sorted(ROWS, "query_id")
        found = drain([source], ["n", "query_id"], dictionary=["query_id"])
        assert found["query_id"].type == pa.dictionary(pa.int32(), pa.string())


def test_columns_of_any_name() -> None:
    names = ["A", "a", "c0", "x.y", 'q"', "<rows>"]
    table = pa.table({name: np.random.default_rng(i).permutation(9) for i, name in enumerate(names)})
    with sorted_on_disk(open_sources(table, role="log"), names[::-1], "a") as source:
        assert source.schema.names == ["a", *[name for name in names[::-1] if name != "a"]]
        assert drain([source], names).to_pylist() == python_sorted(table, "a")


def test_one_file_keeps_its_name_and_a_notice_says_so(
    sources: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with sorted_on_disk(sources[:1], ["x"], "query_id") as source:
        assert source.name == sources[0].name
        assert source.schema.names == ["query_id", "x"]
    assert capsys.readouterr().err == (
        f"rankeval: {sources[0].name}: rows are not grouped by query_id; sorting on disk first\n"
    )


def test_the_filter_is_applied_on_the_way(sources: Any) -> None:
    with sorted_on_disk(sources, ["n"], "query_id", parse_where("x > 1 and not click")) as source:
        kept = [row for row in python_sorted(ROWS, "query_id") if row["x"] > 1 and not row["click"]]
        assert drain([source], ["n"])["n"].to_pylist() == [row["n"] for row in kept]


def test_place_is_that_of_the_original_file(sources: Any) -> None:
    where = parse_where("x > 1")
    with sorted_on_disk(sources, ["n"], "query_id", where) as source:
        numbers = drain([source], ["n"])["n"].to_pylist()
        (leaf,) = source.leaves(0)
        for index in (0, 57, len(numbers) - 1):
            part, row = divmod(numbers[index], 500)
            assert source.place(leaf, index) == f"{sources[part].name}, row {row + 1}"
        later = [n for n in numbers if n >= 1500]
        assert source.place(leaf, 1, parse_where("n >= 1500")).endswith(
            f"3.parquet, row {later[1] - 1500 + 1}"
        )


def test_integers_of_several_widths_and_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,score\n5,1\n1,2\n")
    tables = [pa.table({"a": pa.array([3, 1], pa.int8()), "score": pa.array([3, 4], pa.float32())})]
    with sorted_on_disk(open_sources([tmp_path / "x.csv", *tables], role="log"), ["score"], "a") as source:
        assert drain([source]).to_pydict() == {"a": [1, 1, 3, 5], "score": [2.0, 4.0, 3.0, 1.0]}
        (leaf,) = source.leaves(0)
        assert source.place(leaf, 0) == f"{tmp_path}/x.csv, line 3"


@pytest.mark.parametrize("name", ['odd "name"', "it's", "select"])
def test_odd_column_names(name: str) -> None:
    with sorted_on_disk(open_sources({name: [2, 1]}, role="log"), [name], name) as source:
        assert drain([source])[name].to_pylist() == [1, 2]


def test_the_folder_is_gone_afterwards_whatever_happens(
    sources: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "it's scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with sorted_on_disk(sources, ["n"], "query_id"):
        assert len(list(scratch.iterdir())) == 1
    with pytest.raises(KeyError), sorted_on_disk(sources, ["n"], "query_id"):
        raise KeyError
    assert list(scratch.iterdir()) == []


def test_a_fault_in_the_input_is_reported_as_such(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text("b Q0 d 1 2.5 t\n" * 3 + "a Q0 d 1 x t\n")
    sources = open_sources(tmp_path / "x.run", role="run")

    def sort() -> None:
        with sorted_on_disk(sources, ["score"], "query_id"):
            pass

    error_of(sort, f"{tmp_path}/x.run, line 4", "'a Q0 d 1 x t'")


def test_files_that_differ(tmp_path: Path) -> None:
    def sort() -> None:
        with sorted_on_disk(open_sources([{"a": [1]}, {"a": ["x"]}], role="log"), [], "a"):
            pass

    error_of(sort, "'a'", "strings", "integers")


def test_what_duckdb_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_target", lambda folder: "/nowhere/at/all.parquet")

    def sort() -> None:
        with sorted_on_disk(open_sources({"a": [1]}, role="log"), [], "a"):
            pass

    error_of(sort, "<dict>: cannot be sorted by 'a'")


def test_half_floats_are_sorted_too(tmp_path: Path) -> None:
    half = pa.array(np.array([3.0, 1.0, 2.0], np.float16))
    table = pa.table({"k": [2, 1, 2], "h": half, "l": pa.ListArray.from_arrays([0, 1, 2, 3], half)})
    pq.write_table(table, tmp_path / "half.parquet")
    with sorted_on_disk(open_sources(tmp_path, role="log"), ["k", "h", "l"], "k") as source:
        assert drain([source]).to_pylist() == [
            {"k": 1, "h": 1.0, "l": [1.0]},
            {"k": 2, "h": 3.0, "l": [3.0]},
            {"k": 2, "h": 2.0, "l": [2.0]},
        ]
