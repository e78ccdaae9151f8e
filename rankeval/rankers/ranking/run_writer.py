"""Writes runs as Parquet or CSV. A run gets its name when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from rankeval.atomic_files import replacing
from rankeval.errors import UsageError

GROUP_ROWS = 1 << 17
_PARQUET = ("", ".parquet", ".pq", ".parq")


def require_kind(path: Path) -> None:
    """Check the extension of a run.

    Raises:
        UsageError: it is neither that of Parquet nor of CSV.
    """
    if path.suffix.lower() not in (*_PARQUET, ".csv"):
        raise UsageError(f"out: found {str(path)!r}, wanted a name that ends in .parquet or .csv")


@contextmanager
def run_file(path: Path) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A function that appends rows to the file ``path``. If the block fails, there is no file.

    Raises:
        DataError: the file cannot be written.
    """
    with replacing(path) as beside:
        groups = _Groups(beside, csv=path.suffix.lower() == ".csv")
        try:
            yield groups.add
            groups.flush(0)
        finally:
            groups.close()


class _Groups:
    """Rows that wait until they fill a row group, whose size does not depend on the input."""

    def __init__(self, path: Path, csv: bool) -> None:
        self._path, self._csv = path, csv
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._writer: Any = None

    def add(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if self._rows >= GROUP_ROWS:
            self.flush(GROUP_ROWS)

    def flush(self, least: int) -> None:
        """Write the waiting rows but for a rest of fewer than ``least``; all of them if it is 0."""
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting)
        written = table.num_rows - table.num_rows % least if least else table.num_rows
        self._writer = self._writer or self._open(table.schema)
        for start in range(0, written, GROUP_ROWS):
            group = table.slice(start, min(GROUP_ROWS, written - start)).combine_chunks()
            self._writer.write_table(group)
        rest = table.slice(written).combine_chunks()
        self._waiting, self._rows = rest.to_batches(), rest.num_rows

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _open(self, schema: pa.Schema) -> Any:
        if self._csv:
            from pyarrow.csv import CSVWriter

            return CSVWriter(self._path, schema)
        from pyarrow.parquet import ParquetWriter

        ids = [name for name in schema.names if name.endswith("_id")]
        return ParquetWriter(self._path, schema, use_dictionary=ids, store_schema=False)
