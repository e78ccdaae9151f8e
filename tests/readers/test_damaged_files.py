"""Damaged files give one line that says so, never the end of the process or, with checksums, wrong rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.table_files import write_table
from tests.paths import REPO
from tests.readers.damage import COUNT, flipped, footer_size
from tests.readers.helpers import error_of, read


def test_flipped_bits_and_absurd_lengths(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.readers.damage", str(tmp_path)]
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    counts = json.loads(ended.stdout)
    flips, lengths = ("x.parquet", "x.arrow", "x.arrows"), ("x.arrow", "x.arrows", "the footer")
    assert counts.keys() == {*flips, "footer", *(f"lengths of {name}" for name in lengths)}
    assert set(counts["x.parquet"]) <= {"right", "error"}
    assert counts["x.parquet"]["error"] > COUNT / 2
    for found in counts.values():  # without a checksum, nothing tells a wrong number from a right one
        assert set(found) <= {"right", "error", "wrong"}
        assert found["error"] > 0


@pytest.mark.parametrize("writer", ["table_files", "simulate"])
def test_what_the_project_writes_has_checksums(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "log.parquet"
    rows = pa.table({"session_id": np.arange(1000), "x": np.random.default_rng(0).random(1000)})
    if writer == "simulate":
        from rankeval.simulators.logs.log_writer import write_log

        write_log(tmp_path, [(None, rows)])
    else:
        write_table(rows, path)
    chunk = pq.read_metadata(path).row_group(0).column(1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    flipped(path, path.read_bytes(), [(start + chunk.total_compressed_size - 100) * 8]).replace(path)
    error_of(lambda: read(path, ["x"]), "log.parquet: cannot be read", "CRC")


def test_a_number_of_rows_that_lies(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"i": range(300)}), path)
    content = path.read_bytes()
    group = content.rindex(bytes([0xD8, 0x04]))  # 300 as the last count of rows, that of the row group
    assert group > len(content) - 8 - footer_size(content)
    path.write_bytes(content[:group] + bytes([0xD8, 0x03]) + content[group + 2 :])
    error_of(lambda: read(path), "x.parquet: cannot be read: its footer says 300 rows, and 236 in its row")


def ipc(path: Path, column: pa.Array, rows: Any) -> Path:
    batch = pa.RecordBatch.from_arrays([column], names=[rows])
    with pa.ipc.new_file(str(path), batch.schema) as writer:
        writer.write_batch(batch)
    return path


def test_offsets_texts_and_dictionaries_of_arrow_are_checked(tmp_path: Path) -> None:
    offsets = pa.py_buffer(np.array([0, 2**30, 3], np.int32))
    beyond = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"abc"))
    binary = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff"))
    index = pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int32()), pa.array(["a"]), safe=False)
    for number, column in enumerate((beyond, binary, index)):
        path = ipc(tmp_path / f"{number}.arrow", column, "a")
        message = error_of(lambda path=path: read(path), f"{number}.arrow: cannot be read")
        assert len(message) < 300


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_column_name_that_is_not_text(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"name": [1]}), path, store_schema=False)
    else:
        ipc(path, pa.array([1]), "name")
    path.write_bytes(path.read_bytes().replace(b"name", b"n\xffme"))
    error_of(lambda: read(path), f"x.{kind}: cannot be read")
