"""The common interface of all readers of files and tables: leaves, batches, and the places of rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from rankeval.errors import DataError
from rankeval.notes import Note
from rankeval.readers.messages import guard, listed, short
from rankeval.readers.plain import plain, plain_schema, type_class
from rankeval.readers.where import Where

LEAF_ROWS = 2**18
_ROW = "<row>"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A piece of a source that one worker reads.

    Attributes:
        source_index: index of the source in the list of opened sources.
        row_groups: indices of row groups (Parquet), record batches (Arrow) or slices (memory); empty: the
            whole source.
        first_row: number of rows of the source before this piece, without any filter.
        rows: number of rows of the piece, without any filter; None if it is not known before reading.
    """

    source_index: int
    row_groups: tuple[int, ...] = ()
    first_row: int = 0
    rows: int | None = None


class Source(Protocol):
    """One file, or one table in memory, that yields Arrow record batches of chosen columns in row order.

    Attributes:
        name: the file as the user gave it (the part file for folders), or "<table>", "<dict>".
        schema: names and types of the columns; the types are those that ``batches`` yields.
        made_up: column -> why the reader made up its values, in words; such ids mean nothing in other files.
    """

    name: str
    schema: pa.Schema
    made_up: Mapping[str, str]

    @property
    def has_rows(self) -> bool:
        """Whether there is at least one row."""
        ...

    @property
    def notes(self) -> Sequence[Note]:
        """What readers of a result must know of the text; complete once all rows have been read."""
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

        Args:
            leaf: the piece to read.
            columns: the columns to yield.
            where: row filter; None keeps all rows.
            dictionary: string columns to yield dictionary-encoded (int32 indices, a dictionary per batch).
                Other string columns are plain ``string``. Columns of other types are not affected.

        Raises:
            DataError: a column is missing, or the file cannot be read.
        """
        ...

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """The place, such as "FILE, row 7", of the row at ``index`` (from 0) that ``batches`` yields.

        ``leaf`` and ``where`` are as in that call of ``batches``. Rows and lines count from 1 over the whole
        file. This may read the file again, so use it only for error messages.
        """
        ...


class ArrowSource(ABC):
    """The part of ``Source`` that all kinds of files share."""

    #: The ``File`` that the rows come from, which must not change while they are read; None in memory.
    _file: Any = None

    def __init__(self, name: str, schema: pa.Schema) -> None:
        self.name = name
        self.schema = plain_schema(schema)
        self.made_up: Mapping[str, str] = {}

    @property
    @abstractmethod
    def has_rows(self) -> bool:
        """Whether there is at least one row."""

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``: nothing, unless a kind has something to tell."""
        return ()

    def leaves(self, source_index: int) -> list[Leaf]:
        """One leaf, the whole source; kinds with random access override this with more leaves."""
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
        with guard(self.name), self._file.unchanged() if self._file else nullcontext():
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
        """Batches with ``columns`` of any type. ``where`` may be used to skip rows; the caller filters."""

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


def validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """``batch``, whose offsets, dictionaries and texts are checked: Arrow reads them unchecked from a file.

    Raises:
        pyarrow.ArrowInvalid: the batch is damaged.
    """
    batch.validate(full=True)
    return batch


def filtered(batch: pa.RecordBatch, expression: pa.compute.Expression) -> pa.RecordBatch:
    """The rows for which ``expression`` is true (neither false nor null), in their order."""
    from pyarrow import acero

    # RecordBatch.filter uses the thread pool, which does not keep the order, and is four times slower.
    plan = acero.Declaration.from_sequence(
        [
            acero.Declaration("table_source", acero.TableSourceNodeOptions(pa.Table.from_batches([batch]))),
            acero.Declaration("filter", acero.FilterNodeOptions(expression)),
        ]
    )
    table = plan.to_table(use_threads=False).combine_chunks()
    return table.to_batches()[0] if table.num_rows else batch.slice(0, 0)


class GroupedSource(ArrowSource):
    """A file whose rows are in groups that can be read separately: row groups or record batches."""

    @property
    @abstractmethod
    def group_rows(self) -> Sequence[int]:
        """The number of rows of each group."""

    @property
    def has_rows(self) -> bool:
        """See ``ArrowSource``."""
        return any(self.group_rows)

    def leaves(self, source_index: int) -> list[Leaf]:
        """Leaves of consecutive groups with up to 2**18 rows together; a larger group is one leaf."""
        return coalesce(source_index, self.group_rows)


def coalesce(source_index: int, rows: Sequence[int]) -> list[Leaf]:
    """Leaves of consecutive groups with up to ``LEAF_ROWS`` rows together; a larger group is one leaf.

    ``rows`` holds the number of rows of each group.
    """
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
    """Check that ``source`` has each of ``columns`` exactly once.

    Raises:
        DataError: a column is missing, or occurs more than once.
    """
    for name in columns:
        count = source.schema.names.count(name)  # the name may be one that Arrow cannot encode
        if count == 0:
            raise DataError(
                f"{source.name}: no column {short(name)}; its columns are {listed(source.schema.names)}"
            )
        if count > 1:
            raise DataError(f"{source.name}: found {count} columns named {name!r}, wanted one")


def check_same_columns(sources: Sequence[Source], columns: Sequence[str]) -> None:
    """Check that all ``sources`` have ``columns``, each with the same class of type.

    Classes are integers, floats, strings and so on; widths do not matter. A column of only nulls (Arrow type
    null) agrees with every class, and a column of lists of only nulls with every class of lists.

    Raises:
        DataError: a column is missing, occurs more than once, or differs in class between sources.
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
    """Whether the class ``one`` is the class ``other``, or a class of only nulls that agrees with it."""
    return one in (other, "nulls") or (one == "lists of nulls" and other.startswith("lists of "))
