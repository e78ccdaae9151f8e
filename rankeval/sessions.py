"""A ragged batch: sessions (queries, rounds) and the items in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rankeval.errors import DataError
from rankeval.kernels import read_only

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sessions:
    """``n`` sessions and their items, from one stretch of one input; columns go by their roles.

    Attributes:
        offsets: (n + 1,) int64, the items of session ``i`` are ``offsets[i]:offsets[i + 1]``. In a bandit
            log every round is a session of one item.
        items: role -> Arrow array with one value per item.
        fields: role -> Arrow array with one value per session (what nested layout gives once a row).
        rows: (n,) int64, row at which each session starts, counted from ``first_row``.
        origin: name of the input, for messages.
        names: role -> column name, for messages.
        session: role of the session id, None where rows have none.
        first_row: row of the file, counted from 0, at which these sessions start.
        source: which of the input's files that is.
    """

    offsets: NDArray[np.int64]
    items: Mapping[str, pa.Array]
    fields: Mapping[str, pa.Array]
    rows: NDArray[np.int64]
    origin: str
    names: Mapping[str, str]
    session: str | None = None
    first_row: int = 0
    source: int = 0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __contains__(self, role: object) -> bool:
        return role in self.items or role in self.fields

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) int64, number of items of each session."""
        return np.diff(self.offsets)

    def column(self, role: str) -> pa.Array:
        """One value per item; what a session has once is repeated for its items."""
        return self.items[role] if role in self.items else self._repeated(self.fields[role])

    def numbers(self, role: str) -> Numbers:
        """One float64 per item; null, NaN and infinities are errors."""
        return self._finite(role, self.column(role), of_sessions=False)

    def numbers_per_session(self, role: str) -> Numbers:
        """One float64 per session; null, NaN and infinities are errors."""
        return self._finite(role, self.per_session(role), of_sessions=True)

    def per_session(self, role: str) -> pa.Array:
        """One value per session; a value that changes within a session is an error."""
        if role in self.fields:
            return self.fields[role]
        values = self.items[role]
        if len(values) == len(self):
            return values
        if role == self.session:
            return values.take(pa.array(self.offsets[:-1]))
        first = values.take(pa.array(self.offsets[:-1]))
        changed = _differ(values, self._repeated(first))
        if changed.any():
            item = int(np.argmax(changed))
            raise self.error(role, item, values[item].as_py(), "one value throughout a session")
        return first

    def place(self, item: int) -> str:
        """``FILE, row 17, query_id 'q3'``: where an item stands, for messages."""
        session = int(np.searchsorted(self.offsets, item, side="right")) - 1
        within = 0 if self.fields else item - int(self.offsets[session])
        place = f"{self.origin}, row {self.first_row + int(self.rows[session]) + within}"
        if self.session is None:
            return place
        return f"{place}, {self.names[self.session]} {self.per_session(self.session)[session].as_py()!r}"

    def error(self, role: str, item: int, found: object, wanted: str) -> DataError:
        """The error for one bad value: which input, row and column, the value found and the one wanted."""
        shown = "null" if found is None else found
        return DataError(f"{self.place(item)}: column {self.names[role]!r} is {shown}, wanted {wanted}")

    def _repeated(self, values: pa.Array) -> pa.Array:
        return values.take(pa.array(np.repeat(np.arange(len(self)), self.lengths)))

    def _finite(self, role: str, values: pa.Array, *, of_sessions: bool) -> Numbers:
        numbers = read_only(as_float64(values))
        finite = np.isfinite(numbers)
        if not finite.all():
            row = int(np.argmin(finite))
            item = int(self.offsets[row]) if of_sessions else row
            raise self.error(role, item, values[row].as_py(), "a finite number")
        return numbers


_COUNT = read_only(np.arange(1 << 16))


def counting(n: int) -> NDArray[np.int64]:
    """``0 .. n - 1``, read-only and shared by all who count."""
    global _COUNT
    if len(_COUNT) < n:
        _COUNT = read_only(np.arange(2 * n))
    return _COUNT[:n]


def as_float64(values: pa.Array) -> Numbers:
    """Numbers or booleans as float64, null as NaN."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _differ(left: pa.Array, right: pa.Array) -> NDArray[np.bool_]:
    """Where two arrays differ, null being equal to null alone."""
    if pa.types.is_dictionary(left.type):
        left, right = left.dictionary_decode(), right.dictionary_decode()
    both_known = np.asarray(pc.fill_null(pc.not_equal(left, right), False))
    return np.asarray(both_known | (np.asarray(left.is_null()) != np.asarray(right.is_null())))
