"""Writes runs. A run gets its name when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from rankeval.table_files import table_file

GROUP_ROWS = 1 << 17


@contextmanager
def run_file(path: Path) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A function that appends rows to the file ``path``. If the block fails, there is no file.

    Raises:
        DataError: the file cannot be written.
    """
    with ExitStack() as stack:
        groups = _Groups(path, stack)
        yield groups.add
        groups.flush(0)


class _Groups:
    """Rows that wait until they fill a row group, whose size does not depend on the input."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path, self._stack = path, stack
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._write: Callable[[pa.Table], None] | None = None

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
        write = self._write = self._write or self._open(table.schema)
        for start in range(0, written, GROUP_ROWS):
            write(table.slice(start, min(GROUP_ROWS, written - start)).combine_chunks())
        rest = table.slice(written).combine_chunks()
        self._waiting, self._rows = rest.to_batches(), rest.num_rows

    def _open(self, schema: pa.Schema) -> Callable[[pa.Table], None]:
        ids = [name for name in schema.names if name.endswith("_id")]
        file = table_file(self._path, schema, use_dictionary=ids, store_schema=False)
        return self._stack.enter_context(file)
