"""Rows with further columns in a temporary file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError
from rankeval.readers import extended_on_disk, open_sources, parse_where
from tests.log_files import write_parts


def doubled(leaf, index, rows):
    return [pa.array(rows.column("x").to_numpy() * 2)]


def extended(path: str, threads: int = 2, compute=doubled, piece: int = 7):
    added = pa.schema([("twice", pa.int64())])
    sources = open_sources(path, role="log")
    return extended_on_disk(
        sources, ["name", "x"], parse_where("x != 3"), added, compute, ["x"], piece, threads
    )


@pytest.fixture
def parts(tmp_path: Path) -> str:
    table = pa.table({"x": np.arange(100), "name": [f"n{i}" for i in range(100)], "other": np.zeros(100)})
    return write_parts(tmp_path / "parts", table, row_group_size=30, files=3)


def test_rows_keep_their_order_and_places(parts):
    with extended(parts) as source:
        assert source.schema.names == ["name", "x", "twice"]
        batches = [b for leaf in source.leaves(0) for b in source.batches(leaf, ["twice", "name", "x"])]
        rows = pa.Table.from_batches(batches)
        kept = [i for i in range(100) if i != 3]
        assert rows["twice"].to_pylist() == [2 * i for i in kept]
        assert rows["name"].to_pylist() == [f"n{i}" for i in kept]
        (leaf,) = source.leaves(0)
        # The first file holds rows 0 to 32, the second those from 33; row 3 was left out.
        assert source.place(leaf, 2).endswith("part-000.parquet, row 3")
        assert source.place(leaf, 3).endswith("part-000.parquet, row 5")
        assert source.place(leaf, 32).endswith("part-001.parquet, row 1")
        assert source.place(leaf, 0, parse_where("x >= 33")).endswith("part-001.parquet, row 1")


def test_threads_and_pieces_change_nothing(parts):
    tables = []
    for threads, piece in ((1, 1000), (3, 1)):
        with extended(parts, threads, piece=piece) as source:
            batches = [b for leaf in source.leaves(0) for b in source.batches(leaf, ["x", "twice"])]
            tables.append(pa.Table.from_batches(batches))
    assert tables[0].equals(tables[1])


def test_no_file_is_left(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def failing(leaf, index, rows):
        raise DataError("no")

    with pytest.raises(DataError, match="no"), extended(parts, compute=failing):
        pass
    assert list(tmp_path.glob(".rankeval*")) == []
    with extended(parts):
        assert len(list(tmp_path.glob(".rankeval*"))) == 1
    assert list(tmp_path.glob(".rankeval*")) == []
