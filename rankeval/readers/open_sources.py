"""Opening of the data that a user passes, as sources."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.readers.dsjson import Decisions
from rankeval.readers.files import File, find_files
from rankeval.readers.ipc import IpcFileSource, IpcStreamSource
from rankeval.readers.json_source import JsonSource
from rankeval.readers.json_text import json_array, json_by_query, json_lines
from rankeval.readers.kinds import kind_of
from rankeval.readers.letor import LetorSource
from rankeval.readers.memory import is_in_memory, memory_source
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.partitions import PartitionedSource, folder_values
from rankeval.readers.records import NUMBERS, are_records, by_query_source, is_by_query, records_source
from rankeval.readers.source import Source
from rankeval.readers.spool import spooled
from rankeval.readers.table_objects import lake_sources, object_sources
from rankeval.readers.text_forms import Role
from rankeval.readers.text_tables import CsvSource
from rankeval.readers.three_columns import ThreeColumnsSource
from rankeval.readers.trec import TrecSource


def open_sources(data: Any, *, role: Role, floats: Collection[str] = ()) -> list[Source]:
    """The sources of ``data``, in order: one for each file or table, at least one.

    Args:
        data: a path, a folder of part files, a glob or a URL; ``-`` for standard input, a pipe or a device; a
            pyarrow table, record batch, dataset, scanner or reader; a pandas or polars frame; a polars
            ``LazyFrame``; a DuckDB relation; anything with ``__arrow_c_stream__``; a dict of arrays;
            ``{query: {item: number}}``; or a list of these, or of records (dicts of scalars). What gives its
            rows only once, or runs a query for them, is read here, to a temporary file.
        role: the use of the data.
        floats: further columns to read as float64 from CSV and JSON files (see ``CsvSource``).

    Raises:
        DataError: nothing is found; a file is empty, truncated, unreadable or of no kind that can be read;
            none of the sources has a row.
        UsageError: ``data`` has a type that cannot be read.
    """
    many = isinstance(data, list | tuple) and not are_records(data)
    sources = [source for item in (data if many else [data]) for source in _open(item, role, floats)]
    if not any(source.has_rows for source in sources):
        names = sources[0].name if sources else "[]"
        others = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        raise DataError(f"{names}{others}: found no rows, wanted at least one for the {role}")
    return sources


def _open(item: Any, role: Role, floats: Collection[str]) -> Sequence[Source]:
    if isinstance(item, str | os.PathLike):
        return _located(item, role, floats)
    if are_records(item):
        return [records_source(item)]
    if is_by_query(item):
        return [by_query_source(item, role)]
    if (found := object_sources(item)) is not None:
        return found
    if is_in_memory(item):
        return [memory_source(item)]
    raise UsageError(
        f"cannot read {role} from {type(item).__name__}; wanted a path, a table, a frame or a dict of arrays"
    )


def _located(location: str | os.PathLike[str], role: Role, floats: Collection[str]) -> Sequence[Source]:
    if (stream := spooled(location)) is not None:
        return [_open_file(stream, role, floats)]
    if (found := lake_sources(os.fspath(location))) is not None:
        return found
    files = find_files(location)
    sources = [_open_file(file, role, floats) for file in files]
    return [
        PartitionedSource(source, values) if values else source
        for source, values in zip(sources, folder_values(files), strict=True)
    ]


def _open_file(file: File, role: Role, floats: Collection[str]) -> Source:
    match kind_of(file, role):
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
        case "TREC qrels" | "a TREC run" as form:
            return TrecSource(file, form)
        case "three columns":
            return ThreeColumnsSource(file, role)
        case "JSON lines":
            return JsonSource(file, partial(json_lines, file), floats)
        case "a JSON array":
            return JsonSource(file, partial(json_array, file), floats)
        case "JSON by query":
            return JsonSource(file, partial(json_by_query, file, NUMBERS[role]), floats)
        case "dsjson":
            decisions = Decisions(file)
            return JsonSource(file, decisions.blocks, floats, decisions.notes, {"sampling_weight": 1.0})
