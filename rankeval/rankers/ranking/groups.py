"""Whole groups (queries or sessions) out of rows that come in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import hashes_of, take
from rankeval.logs import run_starts

BLOCK_ROWS = 1 << 16


class Distinct:
    """The distinct ids of a stream, as hashes: 8 bytes for each id, whatever the number of rows."""

    def __init__(self) -> None:
        self._hashes: Hashes = np.zeros(0, np.uint64)
        self._waiting: list[Hashes] = []
        self._size = 0
        self.repeated = False

    def add(self, ids: pa.Array) -> None:
        """Add the ids of consecutive runs: ``repeated`` turns true once an id has come in two of them."""
        self._waiting.append(hashes_of(ids))
        self._size += len(ids)
        if self._size > len(self._hashes) + BLOCK_ROWS:
            self._merge()

    def __len__(self) -> int:
        self._merge()
        return len(self._hashes)

    def _merge(self) -> None:
        every = np.concatenate([self._hashes, *self._waiting])
        self._hashes = np.unique(every)
        self.repeated |= len(self._hashes) < len(every)
        self._waiting, self._size = [], 0


def whole_groups(pieces: Iterable[pa.RecordBatch], group: str) -> Iterator[pa.RecordBatch]:
    """The rows again, in blocks that hold whole runs of equal ``group``; about 2^16 rows a block."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for piece in pieces:
        waiting.append(piece)
        rows += piece.num_rows
        if rows >= BLOCK_ROWS:
            block = _joined(waiting)
            last = int(run_starts(block.column(group))[-1])
            if last:
                yield block.slice(0, last)
            waiting = [block.slice(last)]
            rows = block.num_rows - last
    if rows:
        yield _joined(waiting)


def group_ids(ids: pa.Array) -> pa.Array:
    """The id of each run of equal ids."""
    return take(ids, run_starts(ids))


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    names = batches[0].schema.names
    arrays = [pa.concat_arrays([batch.column(name) for batch in batches]) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=names)
