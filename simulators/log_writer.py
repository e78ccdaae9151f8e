"""Simulated logs as Parquet: one file, or part files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Columns of whole numbers that rise slowly: what is kept is by how much.
_RISING = ("session_id", "timestamp")
#: Distinct values of a column that a row group keeps once, in bytes; beyond that each is written out.
_DICTIONARY_BYTES = 1 << 23
_LOG = re.compile(r"log(-\d{5,})?\.parquet")


def is_log(name: str) -> bool:
    """Whether a file of this name is a log or a part of one."""
    return _LOG.fullmatch(name) is not None


def write_log(folder: Path, tables: Iterable[tuple[int | None, pa.Table]]) -> int:
    """Write ``log.parquet``, or with numbers of parts ``log-00000.parquet`` and so on; returns the rows.

    Every table is a row group, those of one part follow one another.
    """
    rows = 0
    for part, of_part in groupby(tables, key=itemgetter(0)):
        name = "log.parquet" if part is None else f"log-{part:05d}.parquet"
        rows += _write_part(folder / name, (table for _, table in of_part))
    return rows


def _write_part(path: Path, tables: Iterable[pa.Table]) -> int:
    writer, rows = None, 0
    try:
        for table in tables:
            writer = writer or _writer(path, table.schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Every column by its distinct values, but for those that rise.

    Without Arrow's own schema strings are read as strings, which lists of dictionaries cannot be.
    """
    rising = {name: "DELTA_BINARY_PACKED" for name in _RISING if name in schema.names}
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[_leaf(field) for field in schema if field.name not in rising],
        column_encoding=rising,
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        store_schema=False,
    )


def _leaf(field: pa.Field) -> str:
    """The path of a column, as Parquet names it."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)
