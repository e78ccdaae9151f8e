from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankeval import Log
from rankeval.logs import read_from
from rankeval.readers import ROW_NUMBER, NumberedSource, open_sources, parse_where


def test_rows_are_numbered_in_their_file_before_the_filter(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": np.arange(10), "y": np.arange(10) % 3}), path, row_group_size=4)
    (source,) = open_sources(str(path), role="log")
    numbered = NumberedSource(source)
    (leaf,) = numbered.leaves(0)
    found = [
        batch.to_pydict() for batch in numbered.batches(leaf, ["x", ROW_NUMBER], where=parse_where("y == 1"))
    ]
    assert [n for batch in found for n in batch[ROW_NUMBER]] == [2, 5, 8]
    assert [n for batch in found for n in batch["x"]] == [1, 4, 7]
    assert numbered.place(leaf, 1, parse_where("y == 1")) == source.place(leaf, 1, parse_where("y == 1"))
    alone = [n for batch in numbered.batches(leaf, [ROW_NUMBER]) for n in batch.column(0).to_pylist()]
    assert alone == list(range(1, 11))


def test_rows_can_be_left_out() -> None:
    (source,) = open_sources({"x": [1, None, 3]}, role="log")
    numbered = NumberedSource(source, lambda rows: np.asarray(rows.column("x").is_valid()))
    (leaf,) = numbered.leaves(0)
    (batch,) = numbered.batches(leaf, ["x", ROW_NUMBER])
    assert batch.to_pydict() == {"x": [1, 3], ROW_NUMBER: [1, 3]}
    assert (numbered.name, numbered.has_rows, list(numbered.notes), dict(numbered.made_up)) == (
        source.name, True, [], {},
    )  # fmt: skip


def test_a_log_reads_other_sources() -> None:
    log = Log({"x": [5, 6]}, where="x > 5")
    numbered = read_from(log, [NumberedSource(source) for source in log.sources])
    (stretch,) = numbered.batches(numbered.leaves()[0], ["x", ROW_NUMBER])
    assert stretch.rows.to_pydict() == {"x": [6], ROW_NUMBER: [2]}
    assert not log.has(ROW_NUMBER)
