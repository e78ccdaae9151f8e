"""A ragged batch: sessions (queries, rounds) and the items in each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import (
    as_float64,
    decoded,
    is_unknown,
    offsets_of,
    places_of,
    read_only,
    stretch_of,
    take,
    take_or_null,
    to_numpy,
)
from rankeval.errors import DataError, UsageError
from rankeval.logs.null_rewards import REWARDS

Numbers = Floats


@dataclass(frozen=True)
class Sessions:
    """A batch of ``n`` sessions and their items. Columns are addressed by their roles.

    Attributes:
        offsets: (n + 1,) int64, the items of session ``i`` are ``offsets[i]:offsets[i + 1]``. In a bandit
            log every round is a session of one item.
        items: role -> Arrow array with one value per item.
        fields: role -> Arrow array with one value per session (the columns of nested layout without lists).
        names: role -> column name, for messages.
        locate: function that returns the place of a row, such as ``FILE, row 17``. A row is an item, or a
            session if ``nested``.
        session: role of the session id; None if rows have no session id.
        nested: whether each row is a whole session.
        first_row: number of rows of the file before this batch. Rows of the same leaf count after the row
            filter, rows of earlier leaves before it.
        source: index of the file in the input.
        first_action: the number of the first candidate in column ``action``.
        first_position: the number of the first position in the columns of positions.
        drawn: (n,) int64, the place of each session in the batch from which it was taken; None: its own.
    """

    offsets: Ints
    items: Mapping[str, pa.Array]
    fields: Mapping[str, pa.Array]
    names: Mapping[str, str]
    locate: Callable[[int], str]
    session: str | None = None
    nested: bool = False
    first_row: int = 0
    source: int = 0
    first_action: int = 0
    first_position: int = 1
    drawn: Ints | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __contains__(self, role: object) -> bool:
        return role in self.items or role in self.fields

    @property
    def lengths(self) -> Ints:
        """(n,) int64, number of items of each session."""
        return np.diff(self.offsets)

    def with_items(self, role: str, values: pa.Array) -> Sessions:
        """The same sessions with one more item column, ``values`` with one value per item."""
        return replace(self, items={**self.items, role: values}, names={**self.names, role: role})

    def column(self, role: str) -> pa.Array:
        """One value per item; a value that a session has once is repeated for its items."""
        return self.items[role] if role in self.items else self._repeated(self.fields[role])

    def numbers(self, role: str) -> Numbers:
        """One float64 per item.

        Raises:
            DataError: a value is null, NaN or infinite.
        """
        return self._finite(role, self.column(role), of_sessions=False)

    def numbers_per_session(self, role: str) -> Numbers:
        """One float64 per session.

        Raises:
            DataError: a value is null, NaN or infinite, or changes within a session.
        """
        return self._finite(role, self.per_session(role), of_sessions=True)

    def per_session(self, role: str) -> pa.Array:
        """One value per session; null for a session without items, unless its row holds the value once.

        Raises:
            DataError: a value changes within a session.
        """
        if role in self.fields:
            return self.fields[role]
        values = self.items[role]
        if len(values) == len(self) and not self.nested:
            return values
        first = take_or_null(values, np.where(self.lengths > 0, self.offsets[:-1], -1))
        changed = differ(values, self._repeated(first)) if role != self.session else np.zeros(1, bool)
        if changed.any():
            item = int(np.argmax(changed))
            raise self.error(role, item, values[item].as_py(), "one value throughout a session")
        return first

    def having(self, chosen: Bools) -> Sessions:
        """The same sessions, each with only its items that are true in ``chosen`` (items,) bool."""
        rows, fields = np.flatnonzero(chosen), dict(self.fields)
        if self.session is not None:
            fields[self.session] = self.per_session(self.session)
        return replace(
            self,
            offsets=read_only(offsets_of(chosen)[self.offsets]),
            items={role: take(array, rows) for role, array in self.items.items() if role not in fields},
            fields=fields,
            locate=self.locate if self.nested else lambda item: self.locate(int(rows[item])),
        )

    def chosen(self, sessions: Ints) -> Sessions:
        """The sessions with these indices, as often as these occur; row numbers stay."""
        rows = places_of(self.offsets, sessions)
        located = sessions if self.nested else rows
        return replace(
            self,
            offsets=read_only(offsets_of(self.lengths[sessions])),
            items={role: take(array, rows) for role, array in self.items.items()},
            fields={role: take(array, sessions) for role, array in self.fields.items()},
            locate=lambda row: self.locate(int(located[row])),
            drawn=sessions if self.drawn is None else self.drawn[sessions],
        )

    @property
    def row_numbers(self) -> Ints:
        """(n,) int64, the row of the file at which each session of one row stands."""
        return self.first_row + (counting(len(self)) if self.drawn is None else self.drawn)

    def place(self, item: int) -> str:
        """The place of an item for messages: ``FILE, row 17, query_id 'q3'``."""
        return self._place(stretch_of(self.offsets, item), item)

    def _place(self, session: int, item: int) -> str:
        place = self.locate(session if self.nested else item)
        if self.session is None:
            return place
        return f"{place}, {self.names[self.session]} {self.per_session(self.session)[session].as_py()!r}"

    def error(self, role: str, item: int, found: object, wanted: str) -> DataError:
        """The error for one bad value of an item.

        Its message states the file, row and column, the value found and the value wanted.
        """
        return self._error(self.place(item), role, found, wanted)

    def error_once(self, role: str, session: int, found: object, wanted: str) -> DataError:
        """The same error for a value that a session has once; the session may have no items."""
        return self._error(self._place(session, int(self.offsets[session])), role, found, wanted)

    def _error(self, place: str, role: str, found: object, wanted: str) -> DataError:
        shown = "null" if found is None else found
        return DataError(f"{place}: column {self.names[role]!r} is {shown}, wanted {wanted}")

    def _repeated(self, values: pa.Array) -> pa.Array:
        return take(values, np.repeat(np.arange(len(self)), self.lengths))

    def _finite(self, role: str, values: pa.Array, *, of_sessions: bool) -> Numbers:
        numbers = read_only(as_float64(values))
        finite = np.isfinite(numbers)
        if not finite.all():
            row = int(np.argmin(finite))
            error = self.error_once if of_sessions else self.error
            found = values[row].as_py()
            hint = ", or --null-reward zero" if found is None and role in REWARDS else ""
            raise error(role, row, found, f"a finite number{hint}")
        return numbers


class Draw(Protocol):
    """Draws sessions of a log."""

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns to read."""

    @property
    def once(self) -> bool:
        """Whether each session comes at most once."""

    def over(self, sessions: Sessions) -> Sessions:
        """The drawn sessions among some sessions of the log."""


def require_first(option: str, number: int) -> None:
    """Check the number from which actions or positions count.

    Raises:
        UsageError: it is neither 0 nor 1.
    """
    if number not in (0, 1):
        raise UsageError(f"{option}: found {number}, wanted 0 or 1")


_COUNT = read_only(np.arange(1 << 16))


def counting(n: int) -> Ints:
    """(n,) int64, ``0 .. n - 1``: a read-only view of one shared array."""
    global _COUNT
    count = _COUNT  # read once: another thread may replace it by a shorter array
    if len(count) < n:
        count = _COUNT = read_only(np.arange(2 * n))
    return count[:n]


def _comparable(values: pa.Array) -> pa.Array:
    """The values in a type that Arrow can compare; it has no kernel for half floats."""
    return values.cast(pa.float32()) if pa.types.is_float16(values.type) else values


def differ(left: pa.Array, right: pa.Array) -> Bools:
    """(n,) bool, whether the values of two arrays differ. NaN counts as null, and null equals only null."""
    if pa.types.is_null(left.type):
        return np.zeros(len(left), bool)
    left, right = _comparable(decoded(left)), _comparable(decoded(right))
    unknown, other_unknown = is_unknown(left), is_unknown(right)
    unequal = to_numpy(pc.not_equal(left, right))
    return np.where(unknown | other_unknown, unknown != other_unknown, unequal)
