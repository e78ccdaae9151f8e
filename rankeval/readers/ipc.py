"""Arrow IPC: the file format, with record batches as leaves, and the stream format."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from rankeval.readers.files import File
from rankeval.readers.messages import guard
from rankeval.readers.source import ArrowSource, GroupedSource, Leaf, validated
from rankeval.readers.where import Where

_BATCH_ROWS = 2**17


class IpcFileSource(GroupedSource):
    """An Arrow file (Feather version 2)."""

    def __init__(self, file: File) -> None:
        self._file = file
        with guard(file.name), file.open() as raw:
            self._arrow_schema = pa.ipc.open_file(raw).schema
            super().__init__(file.name, self._arrow_schema)

    @cached_property
    def group_rows(self) -> list[int]:
        """See ``GroupedSource``."""
        with guard(self.name), self._file.open() as raw:
            reader = pa.ipc.open_file(raw, options=_only([0]))
            return [reader.get_batch(index).num_rows for index in range(reader.num_record_batches)]

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        fields = [self._arrow_schema.get_field_index(name) for name in columns]
        with self._file.open() as raw:
            reader = pa.ipc.open_file(raw, options=_only(fields))
            for index in leaf.row_groups:
                yield from _sliced(reader.get_batch(index))


class IpcStreamSource(ArrowSource):
    """An Arrow stream. It can be read only from its start, so it has one leaf."""

    def __init__(self, file: File) -> None:
        self._file = file
        with guard(file.name), file.stream() as stream:
            self._arrow_schema = pa.ipc.open_stream(stream).schema
            super().__init__(file.name, self._arrow_schema)

    @cached_property
    def has_rows(self) -> bool:
        """See ``ArrowSource``."""
        with guard(self.name), self._file.stream() as stream:
            return any(batch.num_rows for batch in pa.ipc.open_stream(stream, options=_only([0])))

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        fields = [self._arrow_schema.get_field_index(name) for name in columns]
        with self._file.stream() as stream:
            for batch in pa.ipc.open_stream(stream, options=_only(fields)):
                yield from _sliced(batch)


def _only(fields: list[int]) -> Any:
    return pa.ipc.IpcReadOptions(included_fields=sorted(fields), use_threads=False)


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    validated(batch)
    for start in range(0, batch.num_rows, _BATCH_ROWS):
        yield batch.slice(start, _BATCH_ROWS)
