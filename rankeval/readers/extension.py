"""Rows with further columns that are costly to compute, in a temporary file: each is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rankeval.notes import Note, distinct
from rankeval.parallel import streamed
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.row_origins import RowOrigins
from rankeval.readers.source import Leaf, Source, check_same_columns
from rankeval.readers.spool import filled_file
from rankeval.readers.where import Where

#: Function of a leaf, the index of a row in it after the filter, and rows from there on: their new values.
Compute = Callable[[Leaf, int, pa.RecordBatch], list[pa.Array]]
_GROUP_ROWS = 2**17


class ExtendedSource(ParquetSource):
    """The filtered rows of some sources, in their order, with further columns.

    The file is temporary, and lives as long as this object. Messages name the rows of the original files.

    Args:
        sources: the files or tables.
        columns: the columns to keep.
        where: row filter.
        added: names and types of the further columns.
        compute: gives their values from some rows with ``columns`` and ``read``. It runs in several threads.
        read: columns that only ``compute`` reads.
        piece_rows: the most rows that ``compute`` gets at a time.
        threads: number of threads.

    Raises:
        DataError: a column is missing or differs in type between files, a file cannot be read; or from
            ``compute``.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        columns: Sequence[str],
        where: Where | None,
        added: pa.Schema,
        compute: Compute,
        read: Sequence[str],
        piece_rows: int,
        threads: int,
    ) -> None:
        self._sources, self._columns_kept = sources, list(columns)
        self._origins = RowOrigins(sources, where)
        needed = list(dict.fromkeys([*columns, *read]))
        check_same_columns(sources, needed)
        schema = pa.schema([*_schema(sources, self._columns_kept), *added])

        def extended(piece: tuple[Leaf, int, pa.RecordBatch]) -> pa.RecordBatch:
            kept = [piece[2].column(name).cast(schema.field(name).type) for name in self._columns_kept]
            return pa.RecordBatch.from_arrays([*kept, *compute(*piece)], schema=schema)

        def write(path: Path) -> None:
            pieces = streamed(extended, self._pieces(needed, where, piece_rows), threads)
            _write(path, schema, pieces)

        super().__init__(filled_file(sources[0].name, write))
        self.made_up = dict(sources[0].made_up)

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``: those of the original files."""
        return distinct(note for source in self._sources for note in source.notes)

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``: the place in the original file."""
        offset = index if where is None else self._before_filter(leaf, index, where)
        return self._origins.place(leaf.first_row + offset)

    def _pieces(
        self, columns: list[str], where: Where | None, most: int
    ) -> Iterator[tuple[Leaf, int, pa.RecordBatch]]:
        row = 0
        for source_index, source in enumerate(self._sources):
            for leaf in source.leaves(source_index):
                self._origins.begin(leaf, row)
                first = row
                for batch in source.batches(leaf, columns, where=where):
                    for start in range(0, batch.num_rows, most):
                        yield leaf, row - first + start, batch.slice(start, most)
                    row += batch.num_rows


def _schema(sources: Sequence[Source], columns: Sequence[str]) -> pa.Schema:
    """The widest type of each column."""
    chosen = [pa.schema([source.schema.field(name) for name in columns]) for source in sources]
    return pa.unify_schemas(chosen, promote_options="permissive")


def _write(path: Path, schema: pa.Schema, pieces: Iterator[pa.RecordBatch]) -> None:
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for piece in pieces:
            waiting.append(piece)
            rows += piece.num_rows
            if rows >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting, rows = [], 0
        writer.write_table(pa.Table.from_batches(waiting, schema))
