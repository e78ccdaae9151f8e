"""Parquet files: row groups are leaves, and memory does not grow with the size of the file or its groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rankeval.errors import DataError
from rankeval.readers.column_chunks import ColumnChunks
from rankeval.readers.files import File
from rankeval.readers.messages import guard
from rankeval.readers.source import GroupedSource, Leaf, validated
from rankeval.readers.where import Where

WHOLE_ROWS = 2**18
WHOLE_VALUES = 2**23
BATCH_ROWS = 2**19
_BATCH_VALUES = 2**21
#: The largest mean number of values of a list.
MOST_VALUES_OF_A_ROW = 10_000_000


class ParquetSource(GroupedSource):
    """A Parquet file. Its footer is parsed once; each read of a leaf opens the file again.

    A copy in another process parses the footer anew, when it is first read from.

    Attributes:
        arrow_schema: the columns with the types and metadata that the file states.
    """

    _file: File

    def __init__(self, file: File) -> None:
        self._file = file
        _check_footer(file)
        with guard(file.name), self._opened() as parquet:
            self._metadata = parquet.metadata
            self.arrow_schema = parquet.schema_arrow
            self._chunks = ColumnChunks(file.name, self._metadata)
            super().__init__(file.name, self.arrow_schema)
        self._pruned: dict[str, frozenset[int]] = {}
        if sum(self.group_rows) != self._metadata.num_rows:
            raise DataError(
                f"{file.name}: cannot be read: its footer says {self._metadata.num_rows} rows, and "
                f"{sum(self.group_rows)} in its row groups; wanted the same"
            )

    def __getstate__(self) -> dict[str, Any]:
        kept = ("_file", "name", "schema", "made_up", "arrow_schema")
        return {**{name: self.__dict__[name] for name in kept}, "_pruned": {}}

    @property
    def temporary(self) -> bool:
        """Whether the file goes when this process ends."""
        return self._file.temporary

    def _opened(self) -> Any:
        return pq.ParquetFile(self._file.path, filesystem=self._file.filesystem, pre_buffer=False)

    @cached_property
    def _metadata(self) -> Any:
        with guard(self.name), self._opened() as parquet:
            return parquet.metadata

    @cached_property
    def _chunks(self) -> ColumnChunks:
        return ColumnChunks(self.name, self._metadata)

    @cached_property
    def group_rows(self) -> list[int]:
        """See ``GroupedSource``."""
        groups = range(self._metadata.num_row_groups)
        return [self._metadata.row_group(group).num_rows for group in groups]

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        groups = [group for group in leaf.row_groups if where is None or group in self._kept(where)]
        if not groups:
            return
        rows = sum(self.group_rows[group] for group in groups)
        with self._open(encoded) as parquet:
            values = self._chunks.values(parquet, groups, columns)
            if leaf.rows is not None and leaf.rows < rows:  # a leaf that is cut to its first rows
                yield validated(next(parquet.iter_batches(leaf.rows, groups, columns, use_threads=False)))
                return
            if rows <= WHOLE_ROWS and values <= WHOLE_VALUES:
                table = parquet.read_row_groups(groups, columns=columns, use_threads=False)
                yield from map(validated, table.combine_chunks().to_batches())
                return
            self._require_short_lists(groups, values, len(columns))
            size = max(1, min(BATCH_ROWS, rows * _BATCH_VALUES // max(values, 1)))
            batches = parquet.iter_batches(size, row_groups=groups, columns=columns, use_threads=False)
            yield from map(validated, batches)

    def _require_short_lists(self, groups: list[int], values: int, columns: int) -> None:
        """Check that a row fits memory: a row cannot be read in parts."""
        rows = sum(self.group_rows[group] for group in groups)
        if values > rows * columns * MOST_VALUES_OF_A_ROW:
            first = sum(self.group_rows[: groups[0]]) + 1
            raise DataError(
                f"{self.name}, row {first}: found {values:,} values in lists of {rows:,} rows, "
                f"wanted at most {MOST_VALUES_OF_A_ROW:,} a row"
            )

    def _open(self, encoded: list[str]) -> Any:
        # Neither memory-mapped nor pre-buffered: both keep whole column chunks in memory (1.0 GB for one
        # row group of 30 M rows and five columns, 0.13 GB with a buffer), and neither is faster.
        return pq.ParquetFile(
            self._file.path,
            filesystem=self._file.filesystem,
            metadata=self._metadata,
            read_dictionary=encoded,
            pre_buffer=False,
            buffer_size=2**18 if self._file.local else 2**23,
            page_checksum_verification=True,
        )

    def _kept(self, where: Where) -> frozenset[int]:
        """Row groups that may hold a row that ``where`` keeps, according to their statistics."""
        if where.text not in self._pruned:
            import pyarrow.dataset as ds

            with self._open([]) as parquet:
                groups = range(self._metadata.num_row_groups)
                self._chunks.require_sound(parquet, groups, self._chunks.of(where.columns))
            fragment = ds.ParquetFileFormat().make_fragment(self._file.path, filesystem=self._file.filesystem)
            left = fragment.subset(filter=where.bind(self.schema, self.name))
            self._pruned[where.text] = frozenset(group.id for group in left.row_groups)
        return self._pruned[where.text]


def _check_footer(file: File) -> None:
    with guard(file.name), file.open() as raw:
        size = raw.size()
        raw.seek(max(0, size - 4))
        tail = bytes(raw.read(4))
    if size < 12 or tail != b"PAR1":
        raise DataError(
            f"{file.name}: truncated Parquet file: it starts as Parquet, but its {size} bytes end "
            "without a footer; wanted the complete file"
        )
