"""The rows of a judgements file in memory, checked, each with its place for messages."""

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

WANTED = {"query_id": "an id", "item_id": "an id", "relevance": "a finite grade"}

#: Arrow strings have offsets of 32 bits, large strings of 64.
MOST_STRING_BYTES = 2**31 - 1


class GradeLimit(NamedTuple):
    """The largest grade that all metrics can take, and which of them sets it."""

    grade: float = np.inf
    reason: str = ""

    @property
    def wanted(self) -> str:
        """What messages say is wanted."""
        return f"at most {self.grade:g}, {self.reason}"


@dataclass(frozen=True)
class JudgementRows:
    """One row for each judgement, whatever the layout of the file.

    Attributes:
        columns: role -> Arrow array, (m,); no id is null, and every grade is finite.
        grade: (m,) float64.
        starts: row at which each stretch of the file starts.
        locate: names the place of a row of each stretch, counted from its start.
    """

    log: Log
    columns: dict[str, pa.Array]
    grade: Floats
    starts: Sequence[int]
    locate: Sequence[Callable[[int], str]]

    @classmethod
    def read(cls, log: Log, roles: Sequence[str]) -> JudgementRows:
        """Read columns of every row; ``roles`` hold ``query_id, item_id, relevance``.

        Raises:
            DataError: no rows, a null, or a grade that is not a finite number.
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
        """``FILE, row 17, query_id 'q3'``."""
        stretch = bisect_right(self.starts, row) - 1
        place = self.locate[stretch](row - self.starts[stretch])
        return f"{place}, {self.log.name('query_id')} {self.columns['query_id'][row].as_py()!r}"

    def require_at_most(self, limit: GradeLimit) -> None:
        """Check that no grade is above what the metrics can take."""
        row = int(np.argmax(self.grade))
        if self.grade[row] > limit.grade:
            name = self.log.name("relevance")
            raise DataError(
                f"{self.place(row)}: column {name!r} is {self.grade[row]:g}, wanted {limit.wanted}"
            )


def _checked(sessions: Sessions, roles: Sequence[str]) -> dict[str, pa.Array]:
    """The columns of one stretch, flat."""
    columns = {role: sessions.column(role) for role in roles}
    for role, wanted in WANTED.items():
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
