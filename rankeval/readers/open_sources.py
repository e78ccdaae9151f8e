"""Opening of the data that a user passes, as sources."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, Literal

from rankeval.errors import DataError, UsageError
from rankeval.readers.files import File, find_files
from rankeval.readers.ipc import IpcFileSource, IpcStreamSource
from rankeval.readers.kinds import kind_of
from rankeval.readers.letor import LetorSource
from rankeval.readers.memory import is_in_memory, memory_source
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.partitions import PartitionedSource, folder_values
from rankeval.readers.source import Source
from rankeval.readers.table_objects import lake_sources, object_sources
from rankeval.readers.text_tables import CsvSource
from rankeval.readers.trec import TrecSource

Role = Literal["run", "judgements", "log", "features"]


def open_sources(data: Any, *, role: Role, floats: Collection[str] = ()) -> list[Source]:
    """The sources of ``data``, in order: one for each file or table, at least one.

    Args:
        data: a path, a folder of part files, a glob or a URL; a pyarrow table, record batch, dataset, scanner
            or reader; a pandas or polars frame; a polars ``LazyFrame``; a DuckDB relation; anything with
            ``__arrow_c_stream__``; a dict of arrays; or a list of these. What gives its rows only once, or
            runs a query for them, is read here, to a temporary file.
        role: the use of the data, for messages.
        floats: further columns to read as float64 from CSV files (see ``CsvSource``).

    Raises:
        DataError: nothing is found; a file is empty, truncated, unreadable or not of the kind that its
            name says; none of the sources has a row.
        UsageError: ``data`` has a type that cannot be read.
    """
    items = list(data) if isinstance(data, list | tuple) else [data]
    sources = [source for item in items for source in _open(item, role, floats)]
    if not any(source.has_rows for source in sources):
        names = sources[0].name if sources else "[]"
        others = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        raise DataError(f"{names}{others}: found no rows, wanted at least one for the {role}")
    return sources


def _open(item: Any, role: Role, floats: Collection[str]) -> Sequence[Source]:
    if isinstance(item, str | os.PathLike):
        if (found := lake_sources(os.fspath(item))) is not None:
            return found
        files = find_files(item)
        return [
            PartitionedSource(_open_file(file, floats), values) if values else _open_file(file, floats)
            for file, values in zip(files, folder_values(files), strict=True)
        ]
    if (found := object_sources(item)) is not None:
        return found
    if is_in_memory(item):
        return [memory_source(item)]
    raise UsageError(
        f"cannot read {role} from {type(item).__name__}; wanted a path, a table, a frame or a dict of arrays"
    )


def _open_file(file: File, floats: Collection[str]) -> Source:
    match kind_of(file):
        case "Parquet":
            return ParquetSource(file)
        case "an Arrow file":
            return IpcFileSource(file)
        case "an Arrow stream":
            return IpcStreamSource(file)
        case "CSV":
            return CsvSource(file, floats)
        case "LETOR":
            return LetorSource(file)
        case kind:
            return TrecSource(file, kind)
