"""Tables of Iceberg: the Parquet files of a snapshot, or what pyiceberg makes of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.readers.files import File
from rankeval.readers.messages import guard_all
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.plain import plain_schema
from rankeval.readers.source import Source
from rankeval.readers.streams import stream_source

_METADATA = re.compile(r"v?(\d+)(-[^.]*)?(\.gz)?\.metadata\.json")
_FIELD_ID = b"PARQUET:field_id"


def open_iceberg(path: str) -> Any:
    """The Iceberg table in a folder, or of one file ``*.metadata.json``; in a folder, the newest one counts.

    Raises:
        DataError: there is no such table, or it is not clear which file of metadata is the newest.
        UsageError: pyiceberg is not installed.
    """
    try:
        from pyiceberg.table import StaticTable
    except ImportError:
        raise UsageError(
            f"iceberg:{path}: pyiceberg is not installed, wanted `pip install 'rankeval-ope[iceberg]'`"
        ) from None
    with guard_all(f"iceberg:{path}"):
        return StaticTable.from_metadata(_newest_metadata(path) if os.path.isdir(path) else path)


def iceberg_sources(scan: Any, location: str) -> list[Source]:
    """The sources of a pyiceberg ``DataScan``.

    If all of its files are Parquet with exactly the columns of the table, no row of them is deleted and the
    scan has no filter, then there is one source for each file. Otherwise the scan is read here, as a stream.

    Args:
        scan: the scan.
        location: the path or URL of the table, for messages.

    Raises:
        DataError: a file cannot be read, or pyiceberg cannot apply what was deleted.
    """
    name = f"iceberg:{location}"
    with guard_all(name):
        tasks = sorted(scan.plan_files(), key=lambda task: str(task.file.file_path))
        return _file_sources(scan, tasks) or [stream_source(_reader(scan, tasks), name)]


def _newest_metadata(folder: str) -> str:
    found = [match for file in os.listdir(f"{folder}/metadata") if (match := _METADATA.fullmatch(file))]
    last = max((int(match[1]) for match in found), default=-1)
    newest = sorted(match[0] for match in found if int(match[1]) == last)
    if len(newest) != 1:
        what = " and ".join(newest) or "no file *.metadata.json"
        raise DataError(
            f"iceberg:{folder}: found {what} in its folder metadata, wanted one that is the newest"
        )
    return f"{folder}/metadata/{newest[0]}"


def _file_sources(scan: Any, tasks: Sequence[Any]) -> list[Source] | None:
    """One source for each file; None if the rows of the scan are not those of the files."""
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import PyArrowFileIO, schema_to_pyarrow

    plain_scan = scan.row_filter == AlwaysTrue() and scan.limit is None
    if not (plain_scan and tasks and isinstance(scan.io, PyArrowFileIO)):
        return None
    if any(task.delete_files or task.file.file_format != "PARQUET" for task in tasks):
        return None
    wanted = schema_to_pyarrow(scan.projection())
    sources = [ParquetSource(_file(scan.io, str(task.file.file_path))) for task in tasks]
    return [*sources] if all(_same_columns(source, wanted) for source in sources) else None


def _file(io: Any, path: str) -> File:
    scheme, place, below = io.parse_location(path, io.properties)
    return File(path, below, io.fs_by_scheme(scheme, place))


def _same_columns(source: ParquetSource, wanted: pa.Schema) -> bool:
    """Whether a file has the columns of the table: by their ids, for names may have been given anew."""
    return _columns(source.arrow_schema) == _columns(wanted)


def _columns(schema: pa.Schema) -> dict[str, tuple[bytes | None, pa.DataType]]:
    ids = [(field.metadata or {}).get(_FIELD_ID) for field in schema]
    known = [each if each is not None else f"no id {at}".encode() for at, each in enumerate(ids)]
    types = plain_schema(schema).types
    return dict(zip(schema.names, zip(known, types, strict=True), strict=True))


def _reader(scan: Any, tasks: Sequence[Any]) -> pa.RecordBatchReader:
    """The rows of the scan as pyiceberg reads them: deletions, filters and changes of columns applied."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    schema = schema_to_pyarrow(scan.projection(), include_field_ids=False)
    return pa.RecordBatchReader.from_batches(schema, _batches(scan, tasks, schema))


def _batches(scan: Any, tasks: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    from pyiceberg.io.pyarrow import ArrowScan

    left = scan.limit
    for task in tasks:  # one at a time: pyiceberg would hold the rows of all files in memory
        if left == 0:
            return
        rows = ArrowScan(
            scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive, left
        )
        for batch in rows.to_record_batches([task]):
            left = None if left is None else left - batch.num_rows
            yield from pa.Table.from_batches([batch]).cast(schema).to_batches()
