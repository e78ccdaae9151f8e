from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.simulators.log_tables import Column, Layout, strings, to_table
from rankeval.simulators.log_writer import is_log, write_log


def table(start: int, layout: Layout = "long") -> pa.Table:
    numbers = np.arange(start, start + 4)
    columns = {
        "session_id": Column(numbers, pa.int64(), once=True),
        "timestamp": Column(numbers * 1000, pa.timestamp("ms"), once=True),
        "item_id": Column(np.tile([0, 1], (4, 1)), pa.string(), strings(["a", "b"])),
        "propensity": Column(np.full((4, 2), 0.25), pa.float64()),
    }
    return to_table(columns, np.ones((4, 2), bool), layout)


@pytest.mark.parametrize("layout", ["long", "nested"])
def test_tables_are_row_groups_of_one_file(tmp_path: Path, layout: Layout):
    rows = write_log(tmp_path, ((None, table(start, layout)) for start in (0, 4, 8)))
    file = pq.ParquetFile(tmp_path / "log.parquet")
    assert rows == file.metadata.num_rows == (24 if layout == "long" else 12)
    assert file.num_row_groups == 3
    read = file.read()
    assert read.schema.field("item_id").type == (pa.string() if layout == "long" else pa.list_(pa.string()))
    assert read.schema.field("timestamp").type == pa.timestamp("ms")
    written = pa.concat_tables([table(start, layout) for start in (0, 4, 8)])
    assert read.to_pydict() == written.to_pydict()


def test_parts_are_files_of_their_own(tmp_path: Path):
    write_log(tmp_path, [(0, table(0)), (0, table(4)), (1, table(8))])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log-00000.parquet", "log-00001.parquet"]
    assert pq.read_table(tmp_path / "log-00001.parquet")["session_id"][0].as_py() == 8
    assert pq.ParquetFile(tmp_path / "log-00000.parquet").num_row_groups == 2


def test_columns_are_kept_small(tmp_path: Path):
    """Numbers that rise by their differences, others by their distinct values."""
    write_log(tmp_path, [(None, table(0))])
    group = pq.ParquetFile(tmp_path / "log.parquet").metadata.row_group(0)
    encodings = {group.column(i).path_in_schema: set(group.column(i).encodings) for i in range(4)}
    assert "DELTA_BINARY_PACKED" in encodings["session_id"] & encodings["timestamp"]
    assert "RLE_DICTIONARY" in encodings["item_id"] & encodings["propensity"]


def test_names_of_logs():
    assert is_log("log.parquet")
    assert is_log("log-00012.parquet")
    assert not is_log("truth.json")
    assert not is_log("catalogue.parquet")
    assert not is_log("login.parquet")
