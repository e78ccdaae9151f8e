"""What every reader of files and tables has in common: leaves, batches, and where a row stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from rankeval.errors import DataError
from rankeval.readers.messages import guard, listed, short
from rankeval.readers.plain import plain, plain_schema, type_class
from rankeval.readers.where import Where

LEAF_ROWS = 2**18
_ROW = "<row>"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A piece of a source that one worker reads.

    Attributes:
        source_index: place of the source in the list it was opened in.
        row_groups: row groups (Parquet), record batches (Arrow) or slices (memory); empty: the whole source.
        first_row: number of rows of the source before this piece, before any filter.
        rows: rows of the piece before any filter; None where only reading tells.
    """

    source_index: int
    row_groups: tuple[int, ...] = ()
    first_row: int = 0
    rows: int | None = None


class Source(Protocol):
    """One file or one table in memory: yields Arrow record batches of chosen columns, in row order.

    Attributes:
        name: the file as the user gave it (the part file for folders), or "<table>", "<dict>".
        schema: names and types of the columns, in the types that ``batches`` yields.
        text_lines: whether ``place`` speaks of lines, not rows.
    """

    name: str
    schema: pa.Schema
    text_lines: bool

    @property
    def has_rows(self) -> bool:
        """Whether there is at least one row."""
        ...

    def leaves(self, source_index: int) -> list[Leaf]:
        """The pieces of this source, in row order."""
        ...

    def batches(
        self,
        leaf: Leaf,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        dictionary: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """The rows of ``leaf`` that ``where`` keeps, as batches of ``columns`` in that order.

        A string column comes dictionary-encoded (int32 indices, each batch its own dictionary) if it is
        named in ``dictionary``, else as plain ``string``; other columns are not touched by it. Raises
        DataError for a column that is not there and for anything in the file that cannot be read.
        """
        ...

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """Names the ``index``-th row (from 0) that ``batches(leaf, ..., where=where)`` yields: "FILE, row 7".

        Rows and lines count from 1 over the whole file. Reads the file again: meant for error messages.
        """
        ...


class ArrowSource(ABC):
    """The part of ``Source`` that is the same for every kind of file."""

    text_lines = False

    def __init__(self, name: str, schema: pa.Schema) -> None:
        self.name = name
        self.schema = plain_schema(schema)

    @property
    @abstractmethod
    def has_rows(self) -> bool:
        """Whether there is at least one row."""

    def leaves(self, source_index: int) -> list[Leaf]:
        """One leaf, the whole source; kinds that can be entered in the middle give more."""
        return [Leaf(source_index)]

    def batches(
        self,
        leaf: Leaf,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        dictionary: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """See ``Source.batches``."""
        needed = list(dict.fromkeys([*columns, *(where.columns if where else ())]))
        check_columns(self, needed)
        encoded = [
            name for name in needed if name in dictionary and self.schema.field(name).type == pa.string()
        ]
        with guard(self.name):
            expression = where.bind(self.schema, self.name) if where else None
            for batch in self._read(leaf, needed, encoded, where):
                arrays = [plain(batch.column(name), encode=name in encoded) for name in needed]
                rows = pa.RecordBatch.from_arrays(arrays, names=needed)
                kept = rows if expression is None else filtered(rows, expression)
                if kept.num_rows:
                    yield kept.select(list(columns))

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``."""
        offset = index if where is None else self._before_filter(leaf, index, where)
        return f"{self.name}, {self._position(leaf.first_row + offset)}"

    @abstractmethod
    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        """Batches that hold ``columns``, of any type; ``where`` may serve to skip, not to filter."""

    def _position(self, row: int) -> str:
        return f"row {row + 1}"

    def _before_filter(self, leaf: Leaf, index: int, where: Where) -> int:
        expression = where.bind(self.schema, self.name)
        start = 0
        for batch in self.batches(leaf, where.columns):
            numbered = batch.append_column(_ROW, pa.array(np.arange(start, start + batch.num_rows)))
            kept = filtered(numbered, expression).column(_ROW)
            if index < len(kept):
                return int(kept[index].as_py())
            index -= len(kept)
            start += batch.num_rows
        raise IndexError(f"{self.name}: the filter keeps fewer rows")


def filtered(batch: pa.RecordBatch, expression: pa.compute.Expression) -> pa.RecordBatch:
    """The rows for which ``expression`` is true (not null), in their order."""
    from pyarrow import acero

    # RecordBatch.filter would use the thread pool, which promises no order; this is also four times faster.
    plan = acero.Declaration.from_sequence(
        [
            acero.Declaration("table_source", acero.TableSourceNodeOptions(pa.Table.from_batches([batch]))),
            acero.Declaration("filter", acero.FilterNodeOptions(expression)),
        ]
    )
    table = plan.to_table(use_threads=False).combine_chunks()
    return table.to_batches()[0] if table.num_rows else batch.slice(0, 0)


class GroupedSource(ArrowSource):
    """A file whose rows are in groups that can be read by themselves: row groups, record batches."""

    @property
    @abstractmethod
    def group_rows(self) -> Sequence[int]:
        """The number of rows of each group."""

    @property
    def has_rows(self) -> bool:
        """See ``ArrowSource``."""
        return any(self.group_rows)

    def leaves(self, source_index: int) -> list[Leaf]:
        """Consecutive groups, up to 2**18 rows together."""
        return coalesce(source_index, self.group_rows)


def coalesce(source_index: int, rows: Sequence[int]) -> list[Leaf]:
    """Leaves of consecutive row groups (``rows`` holds the rows of each), up to ``LEAF_ROWS`` each."""
    leaves: list[Leaf] = []
    groups: list[int] = []
    first = inside = 0
    for group, count in enumerate(rows):
        if groups and inside + count > LEAF_ROWS:
            leaves.append(Leaf(source_index, tuple(groups), first, inside))
            groups, first, inside = [], first + inside, 0
        groups.append(group)
        inside += count
    return [*leaves, Leaf(source_index, tuple(groups), first, inside)] if groups else leaves


def check_columns(source: Source, columns: Sequence[str]) -> None:
    """Raise DataError unless each of ``columns`` is in ``source``, once."""
    for name in columns:
        count = len(source.schema.get_all_field_indices(name))
        if count == 0:
            raise DataError(
                f"{source.name}: no column {short(name)}; its columns are {listed(source.schema.names)}"
            )
        if count > 1:
            raise DataError(f"{source.name}: found {count} columns named {name!r}, wanted one")


def check_same_columns(sources: Sequence[Source], columns: Sequence[str]) -> None:
    """Raise DataError unless all ``sources`` have ``columns``, each with the same class of type.

    Classes are integers, floats, strings and so on; widths do not matter. A column that holds nothing
    but nulls (Arrow type null) agrees with every class, and a list of nothing but nulls with every list.
    """
    seen: dict[str, tuple[str, str]] = {}
    for source in sources:
        check_columns(source, columns)
        for name in columns:
            found = type_class(source.schema.field(name).type)
            wanted, where = seen.setdefault(name, (found, source.name))
            if not _within(found, wanted):
                if not _within(wanted, found):
                    raise DataError(
                        f"{source.name}: column {name!r} holds {found}, but {wanted} in {where}; "
                        "wanted the same in both"
                    )
                seen[name] = (found, source.name)


def _within(one: str, other: str) -> bool:
    """Whether a class of type is another, or one of nothing but nulls."""
    return one in (other, "nulls") or (one == "lists of nulls" and other.startswith("lists of "))
