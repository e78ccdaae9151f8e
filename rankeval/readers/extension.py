"""Rows with further columns that are costly to compute, in a temporary file: each is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from rankeval.notes import Note, distinct
from rankeval.parallel import streamed
from rankeval.readers.files import File
from rankeval.readers.messages import guard
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.row_origins import RowOrigins
from rankeval.readers.source import Leaf, Source, check_same_columns
from rankeval.readers.where import Where
from rankeval.readers.wrapped import WrappedSource
from rankeval.temporary_files import temporary_file

#: A leaf, the index of a row in it after the filter, and rows from there on.
Piece = tuple[Leaf, int, pa.RecordBatch]
#: Function of a piece that gives its new values.
Compute = Callable[[Leaf, int, pa.RecordBatch], list[pa.Array]]
_GROUP_ROWS = 2**17


@contextmanager
def extended_on_disk(
    sources: Sequence[Source],
    columns: Sequence[str],
    where: Where | None,
    added: pa.Schema,
    compute: Compute,
    read: Sequence[str],
    piece_rows: int,
    threads: int,
) -> Iterator[Source]:
    """A context with one source of the filtered rows of all ``sources``, in their order, with more columns.

    They are in a temporary file, which is removed when the context ends. ``place`` of the new source names
    the rows of the original files.

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
        DataError: a column is missing or differs in type between files, a file cannot be read or written; or
            from ``compute``.
    """
    needed = list(dict.fromkeys([*columns, *read]))
    check_same_columns(sources, needed)
    schema = pa.schema([*_widest(sources, columns), *added])
    origins = RowOrigins(sources, where)

    def extended(piece: Piece) -> pa.RecordBatch:
        kept = [piece[2].column(name).cast(schema.field(name).type) for name in columns]
        return pa.RecordBatch.from_arrays([*kept, *compute(*piece)], schema=schema)

    name = sources[0].name
    with temporary_file() as path:
        with guard(name):
            _write(path, schema, streamed(extended, _pieces(origins, needed, piece_rows), threads))
        yield _ExtendedSource(File(name, str(path), fs.LocalFileSystem()), origins)


class _ExtendedSource(ParquetSource):
    """The rows under the name of the first original file."""

    def __init__(self, file: File, origins: RowOrigins) -> None:
        super().__init__(file)
        self._origins = origins
        self.made_up = dict(origins.sources[0].made_up)

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``: those of the original files."""
        return distinct(note for source in self._origins.sources for note in source.notes)

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``: the place in the original file."""
        offset = index if where is None else self._before_filter(leaf, index, where)
        return self._origins.place(leaf.first_row + offset)


class ComputedColumns(WrappedSource):
    """A source with further columns, computed wherever and whenever they are read.

    For readers in other processes, which do not reach a temporary file of this one.

    Args:
        source: the file.
        added: names and types of the further columns.
        compute: gives all of them from some rows with the columns ``read``.
        read: the columns that ``compute`` reads.
        piece_rows: the most rows that ``compute`` gets at a time.
    """

    def __init__(
        self, source: Source, added: pa.Schema, compute: Compute, read: Sequence[str], piece_rows: int
    ) -> None:
        super().__init__(source)
        self._compute, self._read, self._piece_rows = compute, list(read), piece_rows
        self._added = added
        self.schema = pa.schema([*source.schema, *added])

    def batches(
        self,
        leaf: Leaf,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        dictionary: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """See ``Source.batches``."""
        inside = [name for name in columns if name not in self._added.names]
        if len(inside) == len(columns):
            yield from self._source.batches(leaf, columns, where=where, dictionary=dictionary)
            return
        index = 0
        # Dictionaries would be read by compute too, whose rows are plain.
        needed = list(dict.fromkeys([*inside, *self._read]))
        for batch in self._source.batches(leaf, needed, where=where):
            for start in range(0, batch.num_rows, self._piece_rows):
                rows = batch.slice(start, self._piece_rows)
                new = dict(zip(self._added.names, self._compute(leaf, index, rows), strict=True))
                arrays = [new[name] if name in new else rows.column(name) for name in columns]
                yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
                index += rows.num_rows

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``."""
        return self._source.place(leaf, index, where)


def _widest(sources: Sequence[Source], columns: Sequence[str]) -> pa.Schema:
    """One schema for all sources: the widest type of each column."""
    chosen = [pa.schema([source.schema.field(name) for name in columns]) for source in sources]
    return pa.unify_schemas(chosen, promote_options="permissive")


def _pieces(origins: RowOrigins, columns: list[str], most: int) -> Iterator[Piece]:
    """The rows of all leaves in order, of which ``origins`` notes the first ordinals."""
    row = 0
    for source_index, source in enumerate(origins.sources):
        for leaf in source.leaves(source_index):
            origins.begin(leaf, row)
            first = row
            for batch in source.batches(leaf, columns, where=origins.where):
                for start in range(0, batch.num_rows, most):
                    yield leaf, row - first + start, batch.slice(start, most)
                row += batch.num_rows


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
