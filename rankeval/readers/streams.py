"""What gives its rows only once: it is written to a temporary Parquet file, which every pass then reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from rankeval.errors import DataError
from rankeval.readers.messages import first_line, guard
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.plain import plain, plain_type
from rankeval.readers.source import Source
from rankeval.readers.spool import filled_file

GROUP_ROWS = 2**17
_GROUP_BYTES = 2**26


def stream_source(stream: Any, name: str = "<table>") -> Source:
    """A source over all rows that are left in ``stream``, which is read here.

    Args:
        stream: a ``pyarrow.RecordBatchReader``, or anything with ``__arrow_c_stream__``.
        name: name of the source.

    Raises:
        DataError: the stream fails, or Parquet cannot hold its types.
    """
    reader = stream if isinstance(stream, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(stream)
    return _spooled(name, lambda path: _write(reader, path))


def scanner_source(scanner: Any) -> Source:
    """A source over the rows of a ``pyarrow.dataset.Scanner``; see :func:`stream_source`."""
    with guard("<table>"):
        return stream_source(scanner.to_reader())


def relation_source(relation: Any) -> Source:
    """A source over the rows of a DuckDB relation, whose query runs here; see :func:`stream_source`."""
    import duckdb

    # DuckDB 1.3 and earlier know only the second name.
    start = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    try:
        return stream_source(start(GROUP_ROWS))
    except duckdb.Error as error:
        raise DataError(f"<table>: cannot be read: {first_line(error)}") from error


def lazy_frame_source(frame: Any) -> Source:
    """A source over the rows of a polars ``LazyFrame``, whose query runs here as a stream.

    Raises:
        DataError: the query fails, or Parquet cannot hold its types.
    """
    from polars.exceptions import PolarsError

    try:
        return _spooled("<table>", lambda path: frame.sink_parquet(path, row_group_size=GROUP_ROWS))
    except PolarsError as error:
        raise DataError(f"<table>: cannot be read: {first_line(error)}") from error


def _spooled(name: str, write: Callable[[Path], Any]) -> Source:
    """A source over what ``write`` writes to a Parquet file. The file goes when the source does."""
    return ParquetSource(filled_file(name, write))


def _write(reader: pa.RecordBatchReader, path: Path) -> None:
    schema = pa.schema([(field.name, _stored_type(field.type)) for field in reader.schema])
    with pq.ParquetWriter(path, schema, compression="lz4", write_page_checksum=True) as writer:
        for group in _groups(reader):
            arrays = [_stored(batch_column) for batch_column in group.columns]
            writer.write_table(pa.table(arrays, schema=schema), row_group_size=GROUP_ROWS)


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The rows in tables of a size that fits a row group, however small the batches are."""
    held: list[pa.RecordBatch] = []
    for batch in reader:
        for start in range(0, batch.num_rows, GROUP_ROWS):
            held.append(batch.slice(start, GROUP_ROWS))
            large = sum(part.nbytes for part in held) >= _GROUP_BYTES
            if large or sum(part.num_rows for part in held) >= GROUP_ROWS:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)


def _stored_type(kind: pa.DataType) -> pa.DataType:
    """The plain type, but bytes as they are: they need not be text in a column that nobody reads."""
    binary = pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind)
    return kind if binary else plain_type(kind)


def _stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = _stored_type(column.type)
    if kind == column.type:
        return column
    return pa.chunked_array([plain(chunk) for chunk in column.chunks], kind)
