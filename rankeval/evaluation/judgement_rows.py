"""The checked rows of a judgements file in memory, with their places in the file for error messages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, is_null, stretch_of
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions
from rankeval.readers import Leaf

WANTED = {
    "query_id": "an id",
    "item_id": "an id",
    "relevance": "a finite grade",
    "subtopic": "the name or number of a subtopic",
}

#: The offsets of Arrow strings have 32 bits; longer data needs large strings, with 64 bits.
MOST_STRING_BYTES = 2**31 - 1
LARGEST_GRADE = 1e100  # sums of larger ones, and their squares, could exceed float64


class GradeLimit(NamedTuple):
    """The largest grade that all metrics accept.

    Attributes:
        grade: the largest grade.
        reason: the metric that sets the limit, in words for error messages.
        whole: the metric that asks for whole grades, or empty.
    """

    grade: float = LARGEST_GRADE
    reason: str = "the largest grade of any metric"
    whole: str = ""

    def wanted_of(self, grade: float) -> str | None:
        """What a grade must be, in words, if it is beyond the limit; else None."""
        if grade > self.grade:
            return self.wanted
        if self.whole and grade > 0.0 and grade % 1.0:
            return f"a whole number, for the gains of {self.whole}"
        return None

    def broken(self, grades: Floats) -> int:
        """The index of a grade beyond the limit, -1 where none is: the largest, or the first not whole."""
        if not len(grades):
            return -1
        largest = int(np.argmax(grades))
        if grades[largest] > self.grade:
            return largest
        parts = (grades > 0.0) & (grades % 1.0 != 0.0) if self.whole else np.zeros(1, bool)
        return int(np.argmax(parts)) if parts.any() else -1

    @property
    def wanted(self) -> str:
        """The limit in words for error messages."""
        return f"at most {self.grade:g}, {self.reason}"


@dataclass(frozen=True)
class JudgementRows:
    """``m`` judgements, one row for each, in nested layout too.

    Attributes:
        log: the judgements file.
        columns: role -> Arrow array (m,); no id is null, and every grade is finite.
        grade: (m,) float64.
        starts: the first row of each stretch of the file, and the total number of rows.
        locate: for each stretch, a function from the index of a row within it to the row's place in the file.
    """

    log: Log
    columns: dict[str, pa.Array]
    grade: Floats
    starts: Sequence[int]
    locate: Sequence[Callable[[int], str]]

    @classmethod
    def read(cls, log: Log, roles: Sequence[str]) -> JudgementRows:
        """Read the columns ``roles``, which must include ``query_id, item_id, relevance``.

        Raises:
            DataError: a column is missing, there are no rows, an id is null, or a grade is not finite.
        """
        log.require(roles)
        parts: dict[str, list[pa.Array]] = {role: [] for role in roles}
        starts, locate = [0], []
        for leaf in log.leaves():
            for stretch in log.batches(leaf, roles):
                sessions = log.sessions_of(stretch)
                for role, column in _checked(sessions, roles).items():
                    parts[role].append(column)
                starts.append(starts[-1] + int(sessions.offsets[-1]))
                locate.append(
                    partial(_place, log, leaf, stretch.index, sessions.offsets if log.nested else None)
                )
        if starts[-1] == 0:
            raise DataError(
                f"{log.origin}: no rows{f' match {log.where!r}' if log.where else ''}, wanted at least one"
            )
        columns = {role: _concatenated(columns) for role, columns in parts.items()}
        return cls(log, columns, as_float64(columns["relevance"]), starts, locate)

    def place(self, row: int) -> str:
        """The place of a row for error messages, such as ``FILE, row 17, query_id 'q3'``."""
        stretch = bisect_right(self.starts, row) - 1
        place = self.locate[stretch](row - self.starts[stretch])
        return f"{place}, {self.log.name('query_id')} {self.columns['query_id'][row].as_py()!r}"

    def require_at_most(self, limit: GradeLimit) -> None:
        """Check that no grade exceeds the limit, or is no whole number where one is wanted.

        Raises:
            DataError: a grade does.
        """
        row = limit.broken(self.grade)
        if row >= 0:
            name, wanted = self.log.name("relevance"), limit.wanted_of(self.grade[row])
            raise DataError(f"{self.place(row)}: column {name!r} is {self.grade[row]:g}, wanted {wanted}")


def _checked(sessions: Sessions, roles: Sequence[str]) -> dict[str, pa.Array]:
    """The columns of one stretch, flat; raises DataError for a null id or a grade that is not finite."""
    columns = {role: sessions.column(role) for role in roles}
    for role, wanted in WANTED.items():
        if role not in columns:
            continue
        column = columns[role]
        bad = is_null(column) if role != "relevance" else ~np.isfinite(as_float64(column))
        if bad.any():
            row = int(np.argmax(bad))
            raise sessions.error(role, row, column[row].as_py(), wanted)
    return columns


def _place(log: Log, leaf: Leaf, index: int, offsets: Ints | None, item: int) -> str:
    row = item if offsets is None else stretch_of(offsets, item)
    return log.place(leaf, index + row)


def _concatenated(parts: list[pa.Array]) -> pa.Array:
    kind = parts[0].type
    if pa.types.is_dictionary(kind):
        return pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    if pa.types.is_string(kind) and sum(part.nbytes for part in parts) > MOST_STRING_BYTES:
        parts = [part.cast(pa.large_string()) for part in parts]
    return pa.concat_arrays(parts) if len(parts) > 1 else parts[0]
