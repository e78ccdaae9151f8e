from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rankeval.readers import ipc as reader
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, read

ROWS = pa.table(
    {
        "i": range(1000),
        "s": pa.array([f"q{k // 3}" for k in range(1000)]),
        "c": pa.array(["a", "b"] * 500).dictionary_encode(),
        "l": [[k] for k in range(1000)],
    }
)


def write(path: Path, rows: pa.Table = ROWS, compression: str | None = None) -> Path:
    make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with make(str(path), rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(rows, max_chunksize=90)
    return path


@pytest.mark.parametrize("name", ["x.arrow", "x.arrows", "x.feather", "x"])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_round_trip(tmp_path: Path, name: str, compression: str | None) -> None:
    path = write(tmp_path / name, compression=compression)
    found = read(path, ["l", "c", "i"], dictionary=["c"])
    assert found.to_pylist() == ROWS.select(["l", "c", "i"]).to_pylist()
    assert found["c"].type == pa.dictionary(pa.int32(), pa.string())
    assert read(path, ["c"])["c"].type == pa.string()
    assert read(path, ["s"], parse_where("i == 500 and c == 'a'"))["s"].to_pylist() == ["q166"]


def test_leaves_of_a_file_are_record_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.readers.source.LEAF_ROWS", 200)
    sources = open_sources(write(tmp_path / "x.arrow"), role="log")
    leaves = sources[0].leaves(0)
    assert [leaf.row_groups for leaf in leaves] == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]
    assert [leaf.first_row for leaf in leaves] == [0, 180, 360, 540, 720, 900]
    assert drain(sources, ["i"])["i"].to_pylist() == list(range(1000))


@pytest.mark.parametrize("name", ["x.arrow", "x.arrows"])
def test_large_batches_are_sliced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(reader, "_BATCH_ROWS", 40)
    source = open_sources(write(tmp_path / name), role="log")[0]
    sizes = [batch.num_rows for leaf in source.leaves(0) for batch in source.batches(leaf, ["i"])]
    assert (max(sizes), sum(sizes)) == (40, 1000)


@pytest.mark.parametrize("name", ["x.arrow", "x.arrows"])
def test_no_rows(tmp_path: Path, name: str) -> None:
    error_of(lambda: read(write(tmp_path / name, ROWS.slice(0, 0))), name, "no rows")


@pytest.mark.parametrize("name", ["x.arrow", "x.arrows"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_truncated(tmp_path: Path, name: str, share: Any) -> None:
    path = write(tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    error_of(lambda: read(path), str(path), "cannot be read")
