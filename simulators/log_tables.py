"""Blocks of sessions as tables: a row an item (long) or a row a session with lists (nested)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.ragged import offsets_of

Layout = Literal["long", "nested"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of some sessions.

    Attributes:
        values: (n,) one a session, or (n, K) one a position; None: all are null.
        type: what it holds.
        names: what ``values`` number, where they are numbers of names or ids.
        null: of the shape of ``values``, where there is none.
    """

    values: NDArray[Any] | None
    type: pa.DataType
    names: pa.Array | None = None
    null: NDArray[np.bool_] | None = None

    def array(self, picked: Any) -> pa.Array:
        """The values that an index or a mask picks."""
        assert self.values is not None
        mask = None if self.null is None else self.null[picked]
        values = self.values[picked]
        if self.names is None:
            return pa.array(values, self.type, mask=mask)
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int32(), mask=mask), self.names)


def to_table(
    sessions: dict[str, Column], items: dict[str, Column], shown: NDArray[np.bool_], layout: Layout
) -> pa.Table:
    """Sessions as a table.

    Args:
        sessions: columns with one value a session.
        items: columns with one value a position.
        shown: (n, K) which positions have an item.
        layout: a row an item or a row a session.
    """
    lengths = shown.sum(axis=1)
    every = bool(shown.all())
    picked = slice(None) if layout == "nested" else np.repeat(np.arange(len(shown)), lengths)
    columns = {name: _once(column, picked, len(shown), lengths) for name, column in sessions.items()}
    for name, column in items.items():
        flat = _flat(column, shown, every)
        columns[name] = flat if layout == "long" else _listed(flat, lengths)
    return pa.table(columns)


def _once(column: Column, picked: Any, sessions: int, lengths: NDArray[np.int64]) -> pa.Array:
    if column.values is None:
        return pa.nulls(sessions if isinstance(picked, slice) else int(lengths.sum()), column.type)
    return column.array(picked)


def _flat(column: Column, shown: NDArray[np.bool_], every: bool) -> pa.Array:
    """The values of shown items, session by session."""
    if column.values is None:
        return pa.nulls(int(shown.sum()), column.type)
    if not every:
        return column.array(shown)
    null = None if column.null is None else column.null.reshape(-1)
    flat = Column(column.values.reshape(-1), column.type, column.names, null)
    return flat.array(slice(None))


def _listed(flat: pa.Array, lengths: NDArray[np.int64]) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets_of(lengths).astype(np.int32)), flat)


def id_column(ids: Sequence[int] | Sequence[str]) -> tuple[pa.DataType, pa.Array | None, NDArray[Any]]:
    """How ids are written: their type, the names of strings, and what stands for each id in ``values``.

    Integers stand for themselves, strings for their number among the distinct ones, by bytes.
    """
    if isinstance(ids[0], str):
        names, codes = np.unique(np.array(ids, dtype=object), return_inverse=True)
        strings = pa.array(names.tolist(), pa.string())
        return pa.dictionary(pa.int32(), pa.string()), strings, codes.astype(np.int32)
    numbers = np.array(ids, np.int64)
    narrow = np.abs(numbers).max() < 2**31
    return (pa.int32(), None, numbers.astype(np.int32)) if narrow else (pa.int64(), None, numbers)
