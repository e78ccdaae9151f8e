"""Objects of Python that give rows when asked: datasets, streams, lazy frames, relations, tables of lakes."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from rankeval.readers.delta import delta_sources, open_delta
from rankeval.readers.iceberg import iceberg_sources, open_iceberg
from rankeval.readers.source import Source
from rankeval.readers.streams import lazy_frame_source, relation_source, scanner_source, stream_source


def object_sources(data: Any) -> list[Source] | None:
    """The sources of an object that gives rows when asked; None if ``data`` is none, but holds its rows.

    Raises:
        DataError: the rows cannot be read.
    """
    if _is(data, "pyarrow.dataset", "Dataset"):
        from rankeval.readers.datasets import dataset_sources

        return dataset_sources(data)
    if _is(data, "deltalake", "DeltaTable"):
        return delta_sources(data)
    if _is(data, "pyiceberg.table", "Table"):
        return iceberg_sources(data.scan(), str(data.location()))
    if _is(data, "pyiceberg.table", "DataScan"):
        return iceberg_sources(data, str(data.table_metadata.location))
    for module, name, source in _STREAMS:
        if _is(data, module, name):
            return [source(data)]
    if hasattr(data, "__arrow_c_stream__") and not _holds_rows(data):
        return [stream_source(data)]
    return None


def lake_sources(location: str) -> list[Source] | None:
    """The sources of ``delta:PATH`` or ``iceberg:PATH``; None if ``location`` is another one.

    Raises:
        DataError: there is no such table, or it cannot be read.
        UsageError: the package that reads its list of files is not installed.
    """
    kind, _, path = location.partition(":")
    if kind == "delta":
        return delta_sources(open_delta(path), path)
    if kind == "iceberg":
        return iceberg_sources(open_iceberg(path).scan(), path)
    return None


_STREAMS = (
    ("pyarrow.dataset", "Scanner", scanner_source),
    ("polars", "LazyFrame", lazy_frame_source),
    ("duckdb", "DuckDBPyRelation", relation_source),
)


def _holds_rows(data: Any) -> bool:
    frames = [("pandas", "DataFrame"), ("polars", "DataFrame"), ("polars", "Series")]
    return isinstance(data, pa.Table | pa.RecordBatch) or any(_is(data, *frame) for frame in frames)


def _is(data: Any, module: str, name: str) -> bool:
    """Whether ``data`` is of a class of a module; no module is loaded to find out."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(data, getattr(loaded, name))
