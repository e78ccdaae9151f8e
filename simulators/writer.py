"""Random streams, block bounds and files of simulated tables.

A simulated table is made in blocks. Each block has its own random stream and is written as soon as it is
made. The content of a log therefore depends neither on the size of the row groups nor on whether the log is
written to a file or kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from rankeval.simulators.checks import whole
from rankeval.table_files import require_table_name, table_file


def random_stream(seed: int, *key: int) -> np.random.Generator:
    """A random generator for the child ``key`` of ``seed``.

    Children have the numbers that ``SeedSequence(seed).spawn`` gives them.

    Raises:
        UsageError: ``seed`` is not an integer of at least 0.
    """
    return np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0), spawn_key=key))


def block_bounds(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges of ``size`` integers that cover ``0..total``; the last range may be shorter."""
    for start in range(0, total, size):
        yield start, min(start + size, total)


def regrouped(blocks: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The rows of ``blocks`` in tables of exactly ``rows`` rows; the last table may be shorter."""
    waiting: list[pa.Table] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += block.num_rows
        while count >= rows:
            table = pa.concat_tables(waiting)
            yield table.slice(0, rows)
            waiting, count = [table.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(waiting)


def write_blocks(path: Path, blocks: Iterable[pa.Table], rows_per_group: int) -> None:
    """Write a table in row groups of ``rows_per_group`` rows, one row group at a time.

    The extension decides the format: ``.parquet, .csv, .json, .jsonl`` or ``.arrow``. The file
    gets its name only when it is complete, so an interrupted run leaves no truncated file. Missing parent
    folders are created.

    Args:
        path: the file.
        blocks: the tables to write; together they have at least one row.
        rows_per_group: number of rows of a row group, at least 1.

    Raises:
        DataError: the format cannot hold a column.
        UsageError: the path has another extension, or ``rows_per_group`` is not an integer of at least 1.
    """
    require_table_name("path", path)
    groups = regrouped(blocks, whole("rows_per_group", rows_per_group, 1))
    first = next(groups)
    path.parent.mkdir(parents=True, exist_ok=True)
    with table_file(path, first.schema) as write:
        for group in chain([first], groups):
            write(group)
