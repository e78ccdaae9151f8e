from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.writer import block_bounds, random_stream, regrouped, write_blocks


def blocks(*sizes: int) -> list[pa.Table]:
    starts = np.cumsum([0, *sizes])
    return [pa.table({"x": np.arange(a, b)}) for a, b in pairwise(starts)]


@pytest.mark.parametrize("rows", [1, 3, 5, 7, 100])
def test_regrouped_keeps_rows_and_fixes_sizes(rows: int) -> None:
    tables = list(regrouped(blocks(4, 4, 9, 1), rows))
    assert pa.concat_tables(tables)["x"].to_pylist() == list(range(18))
    assert {table.num_rows for table in tables[:-1]} <= {rows}
    assert 0 < tables[-1].num_rows <= rows


def test_block_bounds_cover_everything_once() -> None:
    assert list(block_bounds(7, 3)) == [(0, 3), (3, 6), (6, 7)]
    assert list(block_bounds(6, 3)) == [(0, 3), (3, 6)]


def test_streams_are_the_spawned_children() -> None:
    children = np.random.SeedSequence(5).spawn(3)
    assert [random_stream(5, k).random() for k in range(3)] == [
        np.random.default_rng(c).random() for c in children
    ]


def test_row_groups_have_the_size_asked_for(tmp_path: Path) -> None:
    write_blocks(tmp_path / "new" / "x.parquet", blocks(4, 4, 2), 3)
    file = pq.ParquetFile(tmp_path / "new" / "x.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [3, 3, 3, 1]


def test_an_interrupted_run_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[pa.Table]:
        yield from blocks(4)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(tmp_path / "x.parquet", failing(), 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rows", [0, -1, 2.5, True])
def test_bad_row_group_size(tmp_path: Path, rows: int) -> None:
    with pytest.raises(UsageError, match=r"^rows_per_group: found .*, wanted a whole number of at least 1$"):
        write_blocks(tmp_path / "x.parquet", blocks(4), rows)


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_bad_seed(seed: int) -> None:
    with pytest.raises(UsageError, match=r"^seed: found .*, wanted a whole number of at least 0$"):
        random_stream(seed)
