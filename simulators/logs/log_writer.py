"""Writes simulated logs as Parquet: one file, or part files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Columns of integers that increase slowly. The file stores their differences.
_RISING = ("session_id", "timestamp")
#: Largest dictionary of a column in a row group, in bytes. Beyond it, values are written in full.
_DICTIONARY_BYTES = 1 << 23
_LOG = re.compile(r"log(-\d{5,})?\.parquet")


def is_log(name: str) -> bool:
    """Whether a file of this name is a log or a part of one."""
    return _LOG.fullmatch(name) is not None


def write_log(folder: Path, tables: Iterable[tuple[int | None, pa.Table]]) -> int:
    """Write ``log.parquet``, or part files ``log-00000.parquet`` and so on, and return the number of rows.

    Args:
        folder: where to write.
        tables: pairs of the number of a part file (None: there is one file) and a table. Every table becomes
            a row group. Tables of one part must follow one another.
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
    """A writer that encodes every column with a dictionary, except columns of increasing integers.

    Arrow's own schema is not stored, so that strings are read as plain strings. With it they would be read as
    dictionaries, and lists of dictionaries cannot be read.
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
        write_page_checksum=True,
    )


def _leaf(field: pa.Field) -> str:
    """The path of a column in the Parquet schema."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)
