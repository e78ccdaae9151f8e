"""Simulated tables are made in blocks, each with a random stream of its own, and written as they come.

What a log holds depends on its seed alone: not on the size of the row groups, nor on whether it is
written to a file or kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankeval.atomic_files import replacing
from rankeval.simulators.checks import whole


def random_stream(seed: int, *key: int) -> np.random.Generator:
    """The generator of the child ``key`` of ``seed``, as ``SeedSequence(seed).spawn`` numbers children."""
    return np.random.default_rng(np.random.SeedSequence(whole("seed", seed, 0), spawn_key=key))


def block_bounds(total: int, size: int) -> Iterator[tuple[int, int]]:
    """The half-open ranges of ``size`` (the last may be smaller) that cover ``0..total``."""
    for start in range(0, total, size):
        yield start, min(start + size, total)


def regrouped(blocks: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly ``rows`` (the last may be smaller)."""
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


def write_parquet(path: Path, blocks: Iterable[pa.Table], rows_per_group: int) -> None:
    """Write the rows of ``blocks`` (at least one) in row groups of ``rows_per_group``, one at a time.

    The file appears under its name only once it is complete: an interrupted run leaves no truncated file.
    """
    groups = regrouped(blocks, whole("rows_per_group", rows_per_group, 1))
    first = next(groups)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside, pq.ParquetWriter(beside, first.schema) as writer:
        for group in chain([first], groups):
            writer.write_table(group, row_group_size=rows_per_group)
