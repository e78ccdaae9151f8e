"""Tables of Delta Lake: the Parquet files of one version, with the values of their partitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import exists
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.readers.files import File, filesystem_of
from rankeval.readers.messages import guard_all
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.partitions import PartitionedSource, Values
from rankeval.readers.plain import plain_schema
from rankeval.readers.source import Source

#: What a table may ask of its readers and what changes no row, or is checked here.
_FEATURES = frozenset(
    {
        *("columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"),
        *("typeWidening", "typeWidening-preview"),
    }
)
_VERSION = re.compile(r"(.+)@(\d+)")


def open_delta(path: str) -> Any:
    """The ``DeltaTable`` at a path or URL; ``PATH@3`` is its version 3.

    Raises:
        DataError: there is no such table.
        UsageError: deltalake is not installed.
    """
    try:
        from deltalake import DeltaTable
    except ImportError:
        raise UsageError(
            f"delta:{path}: deltalake is not installed, wanted `pip install 'rankeval-ope[delta]'`"
        ) from None
    folder, version = _split(path)
    with guard_all(f"delta:{path}"):
        return DeltaTable(folder, version=version)


def delta_sources(table: Any, path: str = "") -> list[Source]:
    """One source for each file of a ``DeltaTable``, in the order of their paths.

    Columns of partitions and columns that a file lacks, because they were added later, are as the table has
    them.

    Args:
        table: the table.
        path: the path or URL where it is, as the user gave it; empty if there is none.

    Raises:
        DataError: a file cannot be read, or the table has deletion vectors, a column mapping or another
            feature that is not known here.
    """
    root = _split(path)[0] or str(table.table_uri)
    with guard_all(f"delta:{root}"):
        _require_plain_files(table, root)
        schema = plain_schema(pa.schema(table.schema().to_arrow()))
        added = pa.table(table.get_add_actions(flatten=False))
        filesystem, folder = filesystem_of(root)
    sources = []
    for relative, partition in sorted(_files(added), key=lambda each: each[0]):
        name = f"{root.rstrip('/')}/{relative}"
        file = File(name, f"{folder.rstrip('/')}/{relative}", filesystem)
        sources.append(_with_columns(ParquetSource(file), schema, partition))
    return sources


def _files(added: pa.Table) -> Iterator[tuple[str, Values]]:
    """The path of each file below the folder of the table, and the values of its partition."""
    partitions = added["partition"] if "partition" in added.column_names else None
    for index, path in enumerate(added["path"].to_pylist()):
        relative = unquote(path)
        if relative.startswith("/") or re.match(r"[A-Za-z][\w+.-]*:/", relative):
            raise DataError(f"{relative}: found a file outside of its Delta table (a shallow clone)")
        yield relative, dict(partitions[index].items()) if partitions is not None else {}


def _with_columns(source: ParquetSource, schema: pa.Schema, partition: Values) -> Source:
    lacking = [field for field in schema if field.name not in {*source.schema.names, *partition}]
    values = {**partition, **{field.name: pa.scalar(None, field.type) for field in lacking}}
    return PartitionedSource(source, values) if values else source


def _require_plain_files(table: Any, root: str) -> None:
    protocol = table.protocol()
    unknown = sorted(set(protocol.reader_features or ()) - _FEATURES)
    mapping = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    found = ""
    if unknown:
        found = f"the table feature {unknown[0]!r}, which is not known here"
    elif mapping != "none":
        found = f"columns mapped by {mapping}"
    elif "deletionVectors" in (protocol.reader_features or ()) and _has_deleted_rows(table):
        found = "deletion vectors (rows that are deleted but stand in the files)"
    if found:
        raise DataError(
            f"delta:{root}: found {found}; wanted plain files, as REORG TABLE ... APPLY (PURGE) or a copy has"
        )


def _has_deleted_rows(table: Any) -> bool:
    return any(batch.num_rows for batch in pa.RecordBatchReader.from_stream(table.deletion_vectors()))


def _split(path: str) -> tuple[str, int | None]:
    """The folder of a table and the version; a folder that is called like a version is a folder."""
    match = None if exists(path) else _VERSION.fullmatch(path)
    return (match[1], int(match[2])) if match else (path, None)
