from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from rankeval.logs import Log, peek
from tests.log_files import write_parts

TABLE = pa.table({"reward": [float(i) for i in range(10)], "x": [[i, i] for i in range(10)]})


@pytest.mark.parametrize("row_group_size", [2, 100])
def test_the_first_rows_of_files(tmp_path: Path, row_group_size: int) -> None:
    log = Log(write_parts(tmp_path / "log", TABLE, row_group_size=row_group_size, files=2))
    rows = peek(log, ["reward", "x"], 3)
    assert rows is not None
    assert rows.column("reward").to_pylist() == [0.0, 1.0, 2.0]
    assert rows.place(2).endswith("part-000.parquet, row 3")


def test_more_than_there_are_in_memory() -> None:
    rows = peek(Log(TABLE), ["reward"], 99)
    assert rows is not None
    assert len(rows) == 10


def test_a_filter_that_keeps_none() -> None:
    assert peek(Log(TABLE, where="reward > 99"), ["reward"], 3) is None
