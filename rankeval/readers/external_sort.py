"""Sorting of ungrouped rows on disk: DuckDB sorts them, and the result is read as a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import fs

from rankeval.errors import DataError
from rankeval.progress import notice
from rankeval.readers.files import File
from rankeval.readers.messages import first_line
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.plain import plain_schema
from rankeval.readers.row_origins import RowOrigins
from rankeval.readers.source import Leaf, Source, check_same_columns
from rankeval.readers.where import Where
from rankeval.temporary_files import temporary_folder

_ORDINAL = "<ordinal>"
_MEMORY = "1GB"
_GROUP_ROWS = 2**17


@contextmanager
def sorted_on_disk(
    sources: Sequence[Source],
    columns: Sequence[str],
    by: str | Sequence[str],
    where: Where | None = None,
    threads: int = 1,
) -> Iterator[Source]:
    """A context with one source that holds the rows of all ``sources``, sorted by the column ``by``.

    Rows with equal ``by`` keep their order. Memory stays near 1 GB: DuckDB sorts in a temporary folder, which
    is removed when the context ends. A notice tells of it. ``place`` of the new source names the rows of the
    original files.

    Args:
        sources: the files or tables.
        columns: the columns to keep, beside ``by``.
        by: the column, or columns, to sort by.
        where: row filter, applied before sorting.
        threads: number of threads for DuckDB.

    Raises:
        DataError: a column is missing or differs in type between files, a file cannot be read, or DuckDB
            cannot sort.
    """
    name = sources[0].name + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
    keys = [by] if isinstance(by, str) else list(by)
    notice(f"{name}: rows are not grouped by {','.join(keys)}; sorting on disk first")
    needed = list(dict.fromkeys([*keys, *columns]))
    check_same_columns(sources, needed)
    feed = _Feed(sources, needed, where)
    with temporary_folder() as folder:
        _sort(feed, keys, threads, folder, name)
        yield _SortedSource(File(name, str(folder / "sorted.parquet"), fs.LocalFileSystem()), feed)


@dataclass
class _Feed:
    """The batches of all leaves in order, with an ordinal for each row.

    ``failure`` is the exception that ended the reading, if any.
    """

    sources: Sequence[Source]
    columns: list[str]
    where: Where | None
    origins: RowOrigins = field(init=False)
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.origins = RowOrigins(self.sources, self.where)

    def schema(self) -> pa.Schema:
        """One schema for all sources: the widest type of each column, and the ordinal."""
        chosen = [pa.schema([source.schema.field(name) for name in self.columns]) for source in self.sources]
        wide = pa.unify_schemas(chosen, promote_options="permissive")
        wide = pa.schema([field.with_type(_known(field.type)) for field in wide])
        return wide.append(pa.field(_ORDINAL, pa.int64()))

    def stored(self, columns: Sequence[str]) -> list[str]:
        """Unique column names for DuckDB, which does not distinguish names that differ only in case."""
        return [f"c{[*self.columns, _ORDINAL].index(name)}" for name in columns]

    def reader(self) -> pa.RecordBatchReader:
        """A reader of all rows, with the column names of :meth:`stored`."""
        schema = self.schema()
        names = self.stored(schema.names)
        batches = (batch.rename_columns(names) for batch in self.batches())
        fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
        return pa.RecordBatchReader.from_batches(pa.schema(fields), batches)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches for DuckDB. An exception is kept in ``failure``, because DuckDB would wrap it."""
        try:
            yield from self._batches(self.schema())
        except Exception as error:
            self.failure = error
            raise

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        row = 0
        for index, source in enumerate(self.sources):
            for leaf in source.leaves(index):
                self.origins.begin(leaf, row)
                for batch in source.batches(leaf, self.columns, where=self.where):
                    ordinals = pa.array(np.arange(row, row + batch.num_rows))
                    yield batch.append_column(_ORDINAL, ordinals).cast(schema)
                    row += batch.num_rows


def _known(kind: pa.DataType) -> pa.DataType:
    """A type for the same values that DuckDB knows: it has no half floats."""
    if pa.types.is_list(kind):
        return pa.list_(_known(kind.value_type))
    return pa.float32() if pa.types.is_float16(kind) else kind


class _SortedSource(ParquetSource):
    """The sorted rows under the name of the original input. The schema leaves out the ordinals."""

    def __init__(self, file: File, feed: _Feed) -> None:
        super().__init__(file)
        self._feed = feed
        self.schema = plain_schema(feed.schema()).remove(len(feed.columns))

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        stored = self._feed.stored
        for batch in super()._read(leaf, stored(columns), stored(encoded), None):
            yield batch.rename_columns(columns)

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``: the place in the original file."""
        row = leaf.first_row + (index if where is None else self._before_filter(leaf, index, where))
        for batch in self._read(leaf, [_ORDINAL], [], None):
            offset = row - leaf.first_row
            if offset < batch.num_rows:
                return self._feed.origins.place(batch.column(_ORDINAL)[offset].as_py())
            row -= batch.num_rows
        raise IndexError(f"{self.name}: fewer rows")


def _sort(feed: _Feed, by: Sequence[str], threads: int, folder: Path, name: str) -> None:
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": _MEMORY,
        "threads": threads,
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("rows", feed.reader())
        order = ", ".join(feed.stored([*by, _ORDINAL]))
        options = f"FORMAT parquet, ROW_GROUP_SIZE {_GROUP_ROWS}"
        query = f"COPY (FROM rows ORDER BY {order}) TO '{_target(folder)}' ({options})"
        try:
            _executed(connection, query)
        except duckdb.Error as error:
            if feed.failure is not None:
                raise feed.failure from None
            raise DataError(f"{name}: cannot be sorted by {','.join(by)!r}: {first_line(error)}") from error


def _executed(connection: Any, query: str) -> None:
    """Run a query in another thread: in this one, DuckDB would swallow an interrupt, or wrap it."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(connection.execute, query)
        try:
            running.result()
        except BaseException:
            connection.interrupt()
            raise


def _target(folder: Path) -> str:
    return str(folder / "sorted.parquet").replace("'", "''")
