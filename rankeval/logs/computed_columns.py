"""Columns of a log that are computed from others, batch by batch, and play a role as others do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from rankeval.arrays import take, to_arrow
from rankeval.logs.layout import unnested
from rankeval.logs.sessions import counting
from rankeval.readers import Arithmetic

#: Returns the place of a row of some rows, for messages.
Locate = Callable[[int], str]


class Computed(Protocol):
    """A column that is computed from others."""

    @property
    def text(self) -> str:
        """The name for messages."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns from which it is computed."""

    def require(self, schema: pa.Schema, file: str, *, nested: bool) -> None:
        """Check that a file has these columns, with types that fit.

        Args:
            schema: schema of the file.
            file: name of the file, for messages.
            nested: whether rows are whole sessions with lists.

        Raises:
            DataError: a column is missing or holds other values.
        """

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """The type of the values, given the types of the columns."""

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """The value of each row.

        Raises:
            DataError: a row has no valid value; ``locate`` gives its place.
        """


@dataclass(frozen=True)
class Expression:
    """Arithmetic over columns: a number per row, or per item if one of the columns holds lists."""

    arithmetic: Arithmetic

    @property
    def text(self) -> str:
        """The expression as the user wrote it."""
        return self.arithmetic.text

    @property
    def columns(self) -> Sequence[str]:
        """The columns that it reads."""
        return self.arithmetic.columns

    def require(self, schema: pa.Schema, file: str, *, nested: bool) -> None:
        """See :class:`Computed`."""
        self.arithmetic.require(schema, file, lists=nested)

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """See :class:`Computed`."""
        lists = any(pa.types.is_list(kinds[name]) for name in self.columns)
        return pa.list_(pa.float64()) if lists else pa.float64()

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """See :class:`Computed`; with lists, a value that a row has once is repeated for all its items."""
        columns = {name: rows.column(name) for name in self.columns}
        if not any(pa.types.is_list(array.type) for array in columns.values()):
            return self.arithmetic.over(columns)
        offsets, items, fields = unnested(columns, {name: name for name in columns}, locate)
        row_of = np.repeat(counting(len(rows)), np.diff(offsets))
        repeated = {name: take(array, row_of) for name, array in fields.items()}
        values = self.arithmetic.over({**items, **repeated})
        return pa.ListArray.from_arrays(to_arrow(offsets.astype(np.int32)), values)
