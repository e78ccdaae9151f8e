"""What is known of items beside their lists: a file with a row for each item of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import Keys, as_float64, build_table, decoded, find, is_null, keys_like, keys_of
from rankeval.errors import DataError
from rankeval.logs import Sessions
from rankeval.readers import is_number, open_sources


@dataclass(frozen=True)
class ItemTable:
    """The items of a catalogue, one row each.

    Attributes:
        option: the option that names the file, such as ``popularity``.
        origin: the file, for messages.
        keys, slots: the keys of the ids, and their hash table.
        kind: the Arrow type of the ids.
        values: (items, d) float64, the numbers of each item.
    """

    option: str
    origin: str
    keys: Keys
    slots: Ints
    kind: pa.DataType
    values: Floats

    @classmethod
    def read(cls, data: Any, option: str) -> ItemTable:
        """Read the column ``item_id``, and the numbers of the column ``option`` or of all other columns.

        Raises:
            DataError: a column is missing or holds no numbers, an id is null or occurs twice, a number is not
                finite, or lists have different lengths.
        """
        sources = open_sources(data, role="judgements")
        origin, names = sources[0].name, sources[0].schema.names
        if "item_id" not in names:
            raise DataError(f"{origin}: found columns {', '.join(names)}, wanted 'item_id'")
        columns = [option] if option in names else [name for name in names if name != "item_id"]
        ids, parts = [], []
        for index, source in enumerate(sources):
            for leaf in source.leaves(index):
                for batch in source.batches(leaf, ["item_id", *columns]):
                    ids.append(decoded(batch.column(0)))
                    parts.append(_numbers(batch.select(columns), origin))
        items = pa.concat_arrays(ids)
        if items.null_count:
            raise DataError(
                f"{origin}, row {int(np.argmax(is_null(items))) + 1}: item_id is null, wanted an id"
            )
        values = _stacked(parts, origin)
        keys = keys_of(items)
        slots, again = build_table(keys)
        if again >= 0:
            raise DataError(f"{origin}, row {again + 1}: item_id {items[again].as_py()!r} again, wanted once")
        return cls(option, origin, keys, slots, items.type, values)

    @property
    def size(self) -> int:
        """The number of items."""
        return len(self.values)

    def rows(self, sessions: Sessions, shown: Ints) -> Ints:
        """The row of each item of a batch at the indices ``shown``.

        Raises:
            DataError: the file lacks an item.
        """
        ids = sessions.column("item_id").take(pa.array(shown))
        rows = find(self.slots, self.keys, keys_like(ids, self.kind))
        if (rows < 0).any():
            first = int(np.argmax(rows < 0))
            wanted = f"an item of {self.origin} (--{self.option})"
            raise sessions.error("item_id", int(shown[first]), repr(ids[first].as_py()), wanted)
        return rows

    def require_shares(self) -> None:
        """Check that each item has one number, the share of users who know it.

        Raises:
            DataError: there are more numbers, or one is not above 0 and at most 1.
        """
        width = self.values.shape[1]
        if width != 1:
            raise DataError(f"{self.origin}: found {width} numbers for each item, wanted 'popularity'")
        bad = ~((self.shares > 0.0) & (self.shares <= 1.0))
        if bad.any():
            row = int(np.argmax(bad))
            found = f"popularity is {self.shares[row]:g}"
            wanted = "the share of users who know the item, above 0 and at most 1"
            raise DataError(f"{self.origin}, row {row + 1}: {found}, wanted {wanted}")

    @property
    def shares(self) -> Floats:
        """(items,) float64: the first number of each item."""
        return self.values[:, 0]

    @cached_property
    def directions(self) -> Floats:
        """(items, d) float64: the vectors, divided by their lengths; those of length 0 stay 0."""
        lengths = np.sqrt(np.sum(self.values * self.values, axis=1, keepdims=True))
        return np.asarray(self.values / np.where(lengths > 0.0, lengths, 1.0))


def _numbers(batch: pa.RecordBatch, origin: str) -> Floats:
    """(rows, d) float64: the numbers of one column of lists, or of columns of numbers."""
    if batch.num_columns == 1 and _is_list(batch.schema.types[0]):
        column = batch.column(0)
        lengths = np.asarray(pa.compute.list_value_length(column).fill_null(-1), np.int64)
        if len(lengths) and (lengths != lengths[0]).any():
            row = int(np.argmax(lengths != lengths[0]))
            found = "null" if lengths[row] < 0 else f"{lengths[row]} numbers"
            name = batch.schema.names[0]
            raise DataError(
                f"{origin}: column {name!r} has {found} in a row, wanted {lengths[0]} as in the first"
            )
        if not is_number(column.type.value_type):
            raise DataError(
                f"{origin}: column {batch.schema.names[0]!r} has no numbers, wanted lists of numbers"
            )
        return as_float64(column.flatten()).reshape(len(lengths), -1)
    for column_field in batch.schema:
        if not is_number(column_field.type):
            raise DataError(f"{origin}: column {column_field.name!r} has {column_field.type}, wanted numbers")
    if not batch.num_columns:
        raise DataError(f"{origin}: found no column beside 'item_id', wanted numbers")
    return np.stack([as_float64(column) for column in batch.columns], axis=1)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _stacked(parts: list[Floats], origin: str) -> Floats:
    widths = {part.shape[1] for part in parts}
    if len(widths) > 1:
        raise DataError(
            f"{origin}: found lists of {min(widths)} and {max(widths)} numbers, wanted one length"
        )
    values = np.concatenate(parts)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise DataError(
            f"{origin}, row {int(np.argmax(bad)) + 1}: found no number or infinity, wanted a number"
        )
    return values
