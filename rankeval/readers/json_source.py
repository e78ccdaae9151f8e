"""JSON, copied to a temporary Parquet file whose types follow from all of the text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rankeval.notes import Note
from rankeval.readers.files import File
from rankeval.readers.json_text import Block
from rankeval.readers.messages import guard
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.records import Columns
from rankeval.readers.source import Leaf
from rankeval.readers.spool import filled_file
from rankeval.readers.text_tables import FLOATS
from rankeval.readers.value_types import Trait, as_array, settled, traits_of

_LINE = "<line>"
_GROUP_ROWS = 2**16


class JsonSource(ParquetSource):
    """The rows of JSON text. The text is parsed twice when the source is opened, and no more.

    A column holds integers, floats, booleans, texts or lists of these, whichever holds all its values; values
    of several kinds are text. A missing key is a missing value.

    Args:
        file: the file.
        blocks: returns the rows of the file, from the start.
        floats: as for CSV.
        notes: what else there is to tell of the text.
        missing: column -> value that stands for a missing one.

    Raises:
        DataError: as ``blocks`` does.
    """

    def __init__(
        self,
        file: File,
        blocks: Callable[[], Iterator[Block]],
        floats: Collection[str] = (),
        notes: Callable[[], Sequence[Note]] = tuple,
        missing: Mapping[str, Any] | None = None,
    ) -> None:
        with guard(file.name):
            schema = _schema(blocks(), floats)
        super().__init__(filled_file(file.name, lambda path: _write(path, schema, blocks(), missing or {})))
        self.schema = self.schema.remove(self.schema.get_field_index(_LINE))
        self._notes = tuple(notes())

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``."""
        return self._notes

    def _position(self, row: int) -> str:
        every = Leaf(0, tuple(range(len(self.group_rows))))
        for batch in self._read(every, [_LINE], [], None):
            if row < batch.num_rows:
                return f"line {batch.column(0)[row]}"
            row -= batch.num_rows
        raise IndexError(f"{self.name}: fewer rows")


def _schema(blocks: Iterator[Block], floats: Collection[str]) -> pa.Schema:
    traits: dict[str, Set[Trait]] = {}
    for block in blocks:
        for name, values in block.columns.items():
            traits[name] = traits.get(name, frozenset()) | traits_of(values)
    fields = [
        (name, settled(found, as_float=name in floats or FLOATS.fullmatch(name) is not None) or pa.string())
        for name, found in traits.items()
    ]
    return pa.schema([*fields, (_LINE, pa.int64())])


def _write(path: Path, schema: pa.Schema, blocks: Iterator[Block], missing: Mapping[str, Any]) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        rows: list[pa.RecordBatch] = []
        for block in blocks:
            rows.append(_batch(block, schema, missing))
            if sum(batch.num_rows for batch in rows) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(rows))
                rows = []
        writer.write_table(pa.Table.from_batches(rows, schema))


def _batch(block: Block, schema: pa.Schema, missing: Mapping[str, Any]) -> pa.RecordBatch:
    columns: Columns = {**block.columns, _LINE: block.lines.tolist()}
    nothing = [None] * len(block.lines)
    arrays = []
    for field in schema:
        array = as_array(columns.get(field.name, nothing), field.type)
        arrays.append(array.fill_null(missing[field.name]) if field.name in missing else array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
