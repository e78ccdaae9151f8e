"""Problems of a log: what each code means, and the rows in which it was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from rankeval.array_types import Bools, Ints

Severity = Literal["error", "warning", "info"]
#: From the worst on.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
#: First rows that a problem lists.
FIRST_ROWS = 10


class Code(NamedTuple):
    """The severity of a kind of problem, and its text, in which ``{rows}`` stands for ``3 rows``."""

    severity: Severity
    text: str


#: Code -> problem of rows or sessions, counted in passes over the log.
CODES: dict[str, Code] = {
    "null": Code("error", "column {column!r} is null or NaN in {rows}"),
    "null_reward": Code(
        "error", "column {column!r} is null or NaN in {rows}; --null-reward zero counts them as 0"
    ),
    "not_finite": Code("error", "column {column!r} is infinite in {rows}"),
    "out_of_range": Code("error", "column {column!r} is not {wanted} in {rows}"),
    "bad_list": Code("error", "column {column!r} holds null, or a list of another length, in {rows}"),
    "bad_candidates": Code("error", "column {column!r} holds other things than {wanted} in {rows}"),
    "list_sum": Code("error", "the propensities in column {column!r} sum to 1 by no means in {rows}"),
    "list_rounding": Code("warning", "the propensities in column {column!r} sum to 1 only roughly in {rows}"),
    "bad_action": Code("error", "column {column!r} is no candidate in {rows}"),
    "impossible_action": Code("error", "column {column!r}: the action taken has propensity 0 in {rows}"),
    "contradiction": Code("error", "column {column!r} contradicts the list of candidates in {rows}"),
    "fan_out": Code(
        "error", "{rows} with the session, item and position of another (a join that multiplies rows?)"
    ),
    "repeated_position": Code(
        "error", "column {column!r}: {rows} with the position of another item of their session"
    ),
    "changes": Code("error", "column {column!r} changes within a session, first in {rows}"),
    "unshown_click": Code("error", "column {column!r} is above 0 in {rows} without a position"),
    "huge": Code("warning", "column {column!r} is beyond 1e100 in {rows}, which are left out here"),
    "repeated_item": Code("warning", "column {column!r}: {rows} with an earlier item of their session"),
    "gaps": Code("info", "{count} sessions lack a position above their last one"),
    "unshown": Code("info", "{rows} without a position: candidates that were not shown"),
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One problem of a log.

    Attributes:
        code: its kind.
        severity: ``error``: results would be wrong or refused; ``warning``: to be looked at; ``info``.
        text: the problem in one line.
        count: number of rows, sessions or tests; None where nothing is counted.
        rows: the first rows, at most ten, by their number in their file, from 1.
        files: the file of each of these rows.
    """

    code: str
    severity: Severity
    text: str
    count: int | None = None
    rows: tuple[int, ...] = ()
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON values."""
        return {**vars(self), "rows": list(self.rows), "files": list(self.files)}


@dataclass(frozen=True)
class FoundRows:
    """The number of rows with a problem, and the first of them as ``(file, row)``."""

    count: int = 0
    first: tuple[tuple[int, int], ...] = ()

    def merge(self, other: FoundRows) -> FoundRows:
        """The rows of both parts."""
        return FoundRows(self.count + other.count, tuple(sorted((*self.first, *other.first))[:FIRST_ROWS]))


@dataclass(frozen=True)
class Findings:
    """Problems of a part of a log: ``(code, column)`` -> rows."""

    found: Mapping[tuple[str, str], FoundRows] = field(default_factory=dict)

    def merge(self, other: Findings) -> Findings:
        """The problems of both parts."""
        merged = dict(self.found)
        for key, rows in other.found.items():
            merged[key] = merged[key].merge(rows) if key in merged else rows
        return Findings(merged)

    def problems(self, files: Sequence[str], wanted: Mapping[str, str]) -> Iterable[Problem]:
        """The problems, the worst first.

        Args:
            files: the names of the files.
            wanted: column -> what it should hold, in words.
        """
        order = list(CODES)
        for code, column in sorted(self.found, key=lambda key: (order.index(key[0]), key[1])):
            rows, kind = self.found[code, column], CODES[code]
            number = rows_text(rows.count)
            text = kind.text.format(
                column=column, rows=number, count=f"{rows.count:,}", wanted=wanted.get(column, "a number")
            )
            yield Problem(
                code,
                kind.severity,
                text,
                rows.count,
                tuple(row for _, row in rows.first),
                tuple(files[file] for file, _ in rows.first),
            )


def rows_text(count: int) -> str:
    """A number of rows as text: ``1 row``, ``2,000 rows``."""
    return f"{count:,} row{'s' * (count != 1)}"


class Collector:
    """Collects the problems of one batch of rows.

    Args:
        file: index of the file.
        numbers: (n,) int64, the number of each row in the file.
    """

    def __init__(self, file: int, numbers: Ints) -> None:
        self._file = file
        self._numbers = numbers
        self._found: dict[tuple[str, str], FoundRows] = {}

    def add(self, code: str, column: str, bad: Bools) -> None:
        """Add the rows that are true in ``bad`` (n,)."""
        count = int(np.count_nonzero(bad))
        if count:
            rows = np.sort(self._numbers[np.flatnonzero(bad)])[:FIRST_ROWS]
            found = FoundRows(count, tuple((self._file, int(row)) for row in rows))
            key = code, column
            self._found[key] = self._found[key].merge(found) if key in self._found else found

    @property
    def findings(self) -> Findings:
        """What was collected."""
        return Findings(self._found)
