"""Datasets of pyarrow: their Parquet files are read directly, all others as a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from rankeval.readers.files import File
from rankeval.readers.messages import guard
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.partitions import PartitionedSource
from rankeval.readers.plain import plain_schema
from rankeval.readers.source import Source
from rankeval.readers.streams import scanner_source


def dataset_sources(dataset: ds.Dataset) -> list[Source]:
    """One source for each file of a dataset of whole Parquet files, else one over all rows.

    A file is read directly if each of its columns has the type that the dataset gives it. Values that the
    dataset takes from the path, and columns that the file lacks, are as the dataset has them.

    Raises:
        DataError: a file cannot be read.
    """
    with guard("<dataset>"):
        sources = [_file_source(fragment, dataset.schema) for fragment in _fragments(dataset)]
        direct = [source for source in sources if source is not None]
        if sources and len(direct) == len(sources):
            return direct
        return [scanner_source(dataset.scanner(**_options(dataset)))]


def _options(dataset: ds.Dataset) -> dict[str, Any]:
    """Options of a scan that keeps little in memory: nothing read ahead, no column kept until the end."""
    options = {"use_threads": False, "batch_readahead": 1, "fragment_readahead": 1}
    if isinstance(getattr(dataset, "format", None), ds.ParquetFileFormat):
        options["fragment_scan_options"] = ds.ParquetFragmentScanOptions(pre_buffer=False)
    return options


def _fragments(dataset: ds.Dataset) -> Sequence[Any]:
    try:
        return list(dataset.get_fragments())
    except ValueError:  # the dataset has a filter, which its fragments would not apply
        return []


def _file_source(fragment: Any, schema: pa.Schema) -> Source | None:
    """The file of a fragment as a source; None if its rows are not those of the file."""
    if not (isinstance(fragment, ds.ParquetFileFragment) and fragment.path):
        return None
    if len(fragment.row_groups) != fragment.metadata.num_row_groups:
        return None
    source = ParquetSource(File(fragment.path, fragment.path, fragment.filesystem))
    wanted = plain_schema(schema)
    names = source.schema.names
    if len({*names}) < len(names) or not {*names} <= {*wanted.names}:
        return None
    if any(source.schema.field(name).type != wanted.field(name).type for name in names):
        return None
    keys = ds.get_partition_keys(fragment.partition_expression)
    absent = {field.name: pa.scalar(None, field.type) for field in wanted if field.name not in names}
    named = {name: pa.scalar(keys[name], wanted.field(name).type) for name in keys if name in wanted.names}
    values = {**absent, **named}
    return PartitionedSource(source, values) if values else source
