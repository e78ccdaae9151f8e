"""Rows of a leaf, and their grouping into sessions: by equal neighbouring ids, or by lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import decoded, is_null, offsets_of, read_only, take, to_numpy
from rankeval.errors import DataError
from rankeval.logs.sessions import counting
from rankeval.readers import Leaf, Source, check_columns


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive rows of one leaf.

    Attributes:
        leaf: the leaf.
        index: number of rows of the leaf before these, after the row filter.
        rows: the rows; their columns are named by roles.
    """

    leaf: Leaf
    index: int
    rows: pa.RecordBatch

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def slice(self, start: int, stop: int) -> Stretch:
        """The rows from ``start`` up to ``stop``."""
        return Stretch(self.leaf, self.index + start, self.rows.slice(start, stop - start))

    def copied(self) -> Stretch:
        """A copy that does not keep the larger batch in memory of which these rows are a slice."""
        arrays = [take(decoded(column), counting(len(self))) for column in self.rows.columns]
        return Stretch(
            self.leaf, self.index, pa.RecordBatch.from_arrays(arrays, names=self.rows.schema.names)
        )


def first_rows(sources: Sequence[Source]) -> list[int]:
    """For each file, the number of input rows before it, without any row filter."""
    counts = [_number_of_rows(source, index) for index, source in enumerate(sources[:-1])]
    return [0, *np.cumsum(counts, dtype=np.int64).tolist()]


def _number_of_rows(source: Source, index: int) -> int:
    """Number of rows of file ``index``: from its metadata, or counted by reading its first column."""
    leaves = source.leaves(index)
    if all(leaf.rows is not None for leaf in leaves):
        return sum(leaf.rows or 0 for leaf in leaves)
    column = source.schema.names[:1]
    return sum(batch.num_rows for leaf in leaves for batch in source.batches(leaf, column))


def widest_type(sources: Sequence[Source], name: str) -> pa.DataType:
    """The Arrow type of a column that holds its values in all sources.

    Raises:
        DataError: a source lacks the column.
    """
    for source in sources:
        check_columns(source, [name])
    schemas = [pa.schema([source.schema.field(name)]) for source in sources]
    return pa.unify_schemas(schemas, promote_options="permissive").field(0).type


def joined(stretches: Sequence[Stretch]) -> pa.RecordBatch:
    """The rows of several stretches as one record batch."""
    if len(stretches) == 1:
        return stretches[0].rows
    names = stretches[0].rows.schema.names
    columns = [[stretch.rows.column(i) for stretch in stretches] for i in range(len(names))]
    return pa.RecordBatch.from_arrays([pa.concat_arrays(arrays) for arrays in columns], names=names)


def has_null(values: pa.Array) -> bool:
    """Whether the values may contain a null: directly, or as an entry of their dictionary."""
    return bool(values.null_count or (pa.types.is_dictionary(values.type) and values.dictionary.null_count))


def run_starts(ids: pa.Array) -> Ints:
    """(r,) int64, the rows at which a run of equal ids starts."""
    if pa.types.is_dictionary(ids.type):
        codes = to_numpy(ids.indices)
        return np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1)).astype(np.int64)
    ends = to_numpy(pc.run_end_encode(ids, run_end_type=pa.int64()).run_ends)
    return np.concatenate(([0], ends[:-1])).astype(np.int64)


def unnested(
    columns: Mapping[str, pa.Array], names: Mapping[str, str], locate: Callable[[int], str]
) -> tuple[Ints, dict[str, pa.Array], dict[str, pa.Array]]:
    """Flatten the columns of ``n`` rows that hold their items in lists.

    Args:
        columns: role -> (n,) Arrow array.
        names: role -> name of the column, for messages.
        locate: function that returns the place of a row, for messages.

    Returns:
        Three values: the offsets (n + 1,) int64 of the items of each row, all 0 if no column holds lists;
        the flat list columns, role -> one value per item; the other columns, role -> one value per row.

    Raises:
        DataError: a list is null, or differs in length from the other lists of its row.
    """
    lists = {role: array for role, array in columns.items() if pa.types.is_list(array.type)}
    offsets: Ints | None = None
    items = {}
    for role, array in lists.items():
        lengths, items[role] = list_parts(array, names[role], locate)
        bounds = offsets_of(lengths)
        if offsets is not None and not np.array_equal(bounds, offsets):
            row = int(np.argmax(np.diff(bounds) != np.diff(offsets)))
            raise DataError(
                f"{locate(row)}: the list in column {names[role]!r} has {lengths[row]} values, "
                f"wanted {np.diff(offsets)[row]} as in the other lists of the row"
            )
        offsets = bounds
    if offsets is None:
        offsets = np.zeros(len(next(iter(columns.values()))) + 1, np.int64)
    return read_only(offsets), items, {role: array for role, array in columns.items() if role not in lists}


def widened(array: pa.Array, kind: pa.DataType | None, name: str) -> pa.Array:
    """The array, cast to the type that holds the values of all files; None and dictionaries leave it.

    ``name`` is the file, for messages.

    Raises:
        DataError: a value does not fit.
    """
    if kind is None or array.type == kind or pa.types.is_dictionary(array.type):
        return array
    try:
        return array.cast(kind)
    except pa.ArrowInvalid as error:
        raise DataError(f"{name}: holds {array.type}, another file {kind}: {error}") from error


def list_parts(array: pa.Array, name: str, locate: Callable[[int], str]) -> tuple[Ints, pa.Array]:
    """The length (n,) int64 of each list of an Arrow list array, and the flat values.

    ``name`` is the column and ``locate`` returns the place of a row, both for messages.

    Raises:
        DataError: a list is null.
    """
    if array.null_count:
        place = locate(int(np.argmax(is_null(array))))
        raise DataError(f"{place}: column {name!r} is null, wanted a list")
    return to_numpy(pc.list_value_length(array)).astype(np.int64), pc.list_flatten(array)
