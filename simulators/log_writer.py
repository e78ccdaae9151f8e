"""Simulated logs as Parquet: one file, or part files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Columns of whole numbers that rise slowly: what is kept is by how much.
_RISING = ("session_id", "timestamp")
#: Distinct values of a column that a row group keeps once, in bytes; beyond that each is written out.
_DICTIONARY_BYTES = 1 << 23


def is_log(name: str) -> bool:
    """Whether a file of this name is a log or a part of one."""
    return name.startswith("log") and name.endswith(".parquet")


def write_log(folder: Path, blocks: Iterable[pa.Table], blocks_per_part: int | None) -> None:
    """Write ``log.parquet``, or ``log-00000.parquet`` and so on; a block (at least one) is a row group."""
    waiting = iter(blocks)
    for part, first in enumerate(waiting):
        name = "log.parquet" if blocks_per_part is None else f"log-{part:05d}.parquet"
        _write_part(folder / name, chain([first], _next(waiting, blocks_per_part)))


def _next(blocks: Iterable[pa.Table], size: int | None) -> Iterable[pa.Table]:
    """The rest of a part whose first block is taken."""
    if size is None:
        yield from blocks
        return
    for _, block in zip(range(size - 1), blocks, strict=False):
        yield block


def _write_part(path: Path, blocks: Iterable[pa.Table]) -> None:
    writer = None
    try:
        for block in blocks:
            writer = writer or _writer(path, block.schema)
            writer.write_table(block, row_group_size=max(1, block.num_rows))
    finally:
        if writer is not None:
            writer.close()


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Every column by its distinct values, but for those that rise."""
    rising = {name: "DELTA_BINARY_PACKED" for name in _RISING if name in schema.names}
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[_leaf(field) for field in schema if field.name not in rising],
        column_encoding=rising,
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
    )


def _leaf(field: pa.Field) -> str:
    """The path of a column, as Parquet names it."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)
