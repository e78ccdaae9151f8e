"""Tables of blocks of sessions: a row an item (long), or a row a session with lists (nested)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Bools, Ints
from rankeval.arrays import offsets_of, to_arrow

Layout = Literal["long", "nested"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of some sessions.

    Attributes:
        values: (n,) one a session, or (n, K) one a position; None: all are null.
        type: Arrow type of the column.
        names: names or ids that ``values`` are indices of; None: ``values`` are the values themselves.
        null: whether each value is null, with the shape of ``values``; None: no value is null.
        once: whether there is one value a session.
    """

    values: NDArray[Any] | None
    type: pa.DataType
    names: pa.Array | None = None
    null: Bools | None = None
    once: bool = False

    def array(self, picked: Any, size: int) -> pa.Array:
        """Arrow array of the ``size`` values that an index or a mask selects."""
        if self.values is None:
            return pa.nulls(size, self.type)
        known = None if self.null is None else ~self.null[picked].reshape(-1)
        values = self.values[picked].reshape(-1)
        if self.names is not None:
            return pa.DictionaryArray.from_arrays(to_arrow(values.astype(np.int32), known), self.names)
        values = values.view(np.uint8) if values.dtype == np.bool_ else values
        return to_arrow(values, known).cast(self.type)


def to_table(columns: Mapping[str, Column], shown: Bools, layout: Layout) -> pa.Table:
    """The table of some sessions; ``shown``: (n, K) whether a position has an item."""
    lengths = shown.sum(axis=1)
    rows = int(lengths.sum())
    items: Any = slice(None) if shown.all() else shown
    if layout == "long":
        sessions = np.repeat(np.arange(len(shown)), lengths)
        arrays = {
            name: column.array(sessions if column.once else items, rows) for name, column in columns.items()
        }
    else:
        arrays = {
            name: column.array(slice(None), len(shown))
            if column.once
            else _listed(column.array(items, rows), lengths)
            for name, column in columns.items()
        }
    return pa.table(arrays)


def _listed(flat: pa.Array, lengths: Ints) -> pa.Array:
    return pa.ListArray.from_arrays(to_arrow(offsets_of(lengths).astype(np.int32)), flat)


def strings(values: Sequence[str]) -> pa.Array:
    """Arrow array of texts, built from their UTF-8 bytes."""
    encoded = [value.encode() for value in values]
    ends = offsets_of(np.array([len(value) for value in encoded], np.int64)).astype(np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def id_column(ids: Sequence[int] | Sequence[str]) -> tuple[pa.DataType, pa.Array | None, NDArray[Any]]:
    """How ids are written: their type, the distinct strings (None for integers), and a value for each id.

    The value of an integer is the integer itself. The value of a string is its index in the distinct
    strings, which are in the order of their bytes.
    """
    if isinstance(ids[0], str):
        names, codes = np.unique(np.array(ids, dtype=object), return_inverse=True)
        return pa.string(), strings(names.tolist()), codes.astype(np.int32)
    numbers = np.array(ids, np.int64)
    narrow = numbers.min() >= -(2**31) and numbers.max() < 2**31
    return (pa.int32(), None, numbers.astype(np.int32)) if narrow else (pa.int64(), None, numbers)
