from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.errors import DataError
from rankeval.readers import parquet as reader
from rankeval.readers.open_sources import open_sources
from rankeval.readers.parquet import MOST_VALUES_OF_A_ROW
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, examples, read


def rows(count: int) -> pa.Table:
    numbers = np.arange(count)
    return pa.table(
        {
            "i": numbers,
            "x": np.sqrt(numbers),
            "s": pa.array([f"q{k // 3}" for k in range(count)]),
            "l": pa.array([list(range(k % 4)) for k in range(count)], pa.list_(pa.int64())),
        }
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pq.write_table(rows(1000), tmp_path / "x.parquet", row_group_size=90)
    return tmp_path / "x.parquet"


@examples
@given(st.integers(1, 300), st.integers(1, 80), st.integers(1, 100))
def test_any_row_groups_and_leaves_give_the_rows_in_order(count: int, group: int, leaf_rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("rankeval.readers.source.LEAF_ROWS", leaf_rows)
        pq.write_table(rows(count), f"{folder}/x.parquet", row_group_size=group)
        sources = open_sources(f"{folder}/x.parquet", role="log")
        leaves = sources[0].leaves(0)
        assert [leaf.first_row for leaf in leaves] == np.cumsum([0, *(leaf.rows for leaf in leaves)])[
            :-1
        ].tolist()
        assert all(leaf.rows <= max(leaf_rows, group) for leaf in leaves)
        assert drain(sources).equals(rows(count).replace_schema_metadata())


@pytest.mark.parametrize("limit", ["WHOLE_ROWS", "WHOLE_VALUES"])
def test_a_large_row_group_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(reader, limit, 4000)
    monkeypatch.setattr(reader, "BATCH_ROWS", 1500)
    pq.write_table(rows(5000), tmp_path / "x.parquet")
    source = open_sources(tmp_path / "x.parquet", role="log")[0]
    batches = list(source.batches(source.leaves(0)[0], ["i", "s", "l"], dictionary=["s"]))
    assert [batch.num_rows for batch in batches] == [1500, 1500, 1500, 500]
    assert pa.Table.from_batches(batches).to_pylist() == rows(5000).select(["i", "s", "l"]).to_pylist()


def test_wide_rows_make_small_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WHOLE_VALUES", 0)
    monkeypatch.setattr(reader, "_BATCH_VALUES", 2**20)
    wide = pa.table({f"f{k}": np.arange(5000.0) for k in range(600)})
    pq.write_table(wide, tmp_path / "x.parquet")
    source = open_sources(tmp_path / "x.parquet", role="log")[0]
    sizes = [batch.num_rows for batch in source.batches(source.leaves(0)[0], wide.schema.names)]
    assert max(sizes) == 2**20 // 600
    assert sum(sizes) == 5000


def test_small_row_groups_of_a_leaf_come_as_one_batch(path: Path) -> None:
    source = open_sources(path, role="log")[0]
    (leaf,) = source.leaves(0)
    assert leaf.row_groups == tuple(range(12))
    (batch,) = source.batches(leaf, ["i", "s"], dictionary=["s"])
    assert batch.column("s").to_pylist() == rows(1000)["s"].to_pylist()


def test_threads_read_their_own_leaves(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.readers.source.LEAF_ROWS", 90)
    source = open_sources(path, role="log")[0]
    with ThreadPoolExecutor(4) as pool:
        parts = list(
            pool.map(lambda leaf: pa.Table.from_batches(source.batches(leaf, ["i"])), source.leaves(0))
        )
    assert pa.concat_tables(parts)["i"].to_pylist() == list(range(1000))


def test_row_groups_that_cannot_match_are_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    plain_read = pq.ParquetFile.read_row_groups

    def spy(self: pq.ParquetFile, groups: list[int], **options: Any) -> pa.Table:
        asked.append((groups, sorted(options["columns"])))
        return plain_read(self, groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", spy)
    assert (
        read(path, ["x"], parse_where("i >= 950"))["x"].to_pylist() == np.sqrt(np.arange(950, 1000)).tolist()
    )
    assert asked == [([10, 11], ["i", "x"])]
    assert read(path, ["x"], parse_where("i > 5000")).num_rows == 0
    assert len(asked) == 1


@pytest.mark.parametrize("text", ["s == 'q7'", "s in ['q7', 'q300'] and i > 21", "not s == 'q7' and i < 30"])
def test_filters_on_encoded_strings(path: Path, text: str) -> None:
    found = read(path, ["i", "s"], parse_where(text), dictionary=["s"])
    python = text.replace("s ==", "r['s'] ==").replace("s in", "r['s'] in").replace("i ", "r['i'] ")
    assert found["i"].to_pylist() == [r["i"] for r in rows(1000).to_pylist() if eval(python, {"r": r})]


def test_a_column_name_with_a_dot(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a.b": [1], "a": [2]}), tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet", ["a"]).to_pydict() == {"a": [2]}
    assert read(tmp_path / "x.parquet", ["a.b"]).to_pydict() == {"a.b": [1]}


@pytest.mark.parametrize("size", [4, 5, 11, 12, 100, 4000])
def test_truncated(path: Path, size: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:size])
    error_of(lambda: read(path), str(path), "truncated Parquet file", f"{size} bytes")


def test_a_footer_that_lies(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-8] + b"\xff\xff\xff\x7fPAR1")
    error_of(lambda: read(path), str(path), "cannot be read")


@examples
@given(st.integers(4, 3999), st.binary(min_size=20, max_size=20))
def test_bytes_gone_wrong_are_one_line_or_harmless(at: int, garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        pq.write_table(rows(1000), path, row_group_size=90)
        content = bytearray(path.read_bytes())
        content[at : at + 20] = garbage
        path.write_bytes(content)
        # Some garbage decodes; anything but a DataError fails the test by itself.
        error = outcome(path)
        assert error is None or (str(error).startswith(str(path)) and "\n" not in str(error))


def outcome(path: Path) -> DataError | None:
    try:
        read(path)
    except DataError as error:
        return error
    return None


def test_a_corrupt_page_in_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = pq.read_metadata(path).row_group(5).column(0).data_page_offset
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    error_of(lambda: read(path, ["i"]), str(path), "cannot be read")
    assert read(path, ["x"]).num_rows == 1000


def test_no_rows(tmp_path: Path) -> None:
    pq.write_table(rows(0), tmp_path / "x.parquet")
    error_of(lambda: read(tmp_path / "x.parquet"), "x.parquet", "no rows")


def test_a_list_that_memory_cannot_hold(tmp_path):
    n = MOST_VALUES_OF_A_ROW + 1
    long = pa.ListArray.from_arrays(pa.array([0, 1, n + 1], pa.int32()), pa.array(np.zeros(n + 1, np.int8)))
    for rows, count in ((long, n + 1), (long.slice(1), n)):
        path = tmp_path / f"{len(rows)}.parquet"
        pq.write_table(pa.table({"a": rows}), path)
        (source,) = open_sources(path, role="log")
        if len(rows) == 1:
            found = (
                rf"1\.parquet, row 1: found {count:,} values in lists of 1 rows, wanted at most 10,000,000"
            )
            with pytest.raises(DataError, match=found):
                list(source.batches(source.leaves(0)[0], ["a"]))
        else:
            batches = list(source.batches(source.leaves(0)[0], ["a"]))
            assert [batch.num_rows for batch in batches] == [1, 1]
