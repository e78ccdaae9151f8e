"""The first pass: every row of a log by itself, also of a log that cannot be read as sessions or rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.arrays import as_float64, decoded, is_unknown, to_numpy
from rankeval.inspection.columns import Columns
from rankeval.inspection.keys import keys_of
from rankeval.inspection.problems import Collector, Findings
from rankeval.inspection.row_checks import check_rows
from rankeval.inspection.row_sample import RowSample, clock_of
from rankeval.logs import Log, over_leaves, read_from, run_starts
from rankeval.parallel import default_threads
from rankeval.readers import ROW_NUMBER, Leaf, NumberedSource, is_number

_CLOCK = "<clock>"


@dataclass(frozen=True)
class ColumnCounts:
    """Values of a column (entries of its lists): their number, nulls and NaN, and the range of numbers."""

    n: int
    missing: int
    low: float | None
    high: float | None

    def merge(self, other: ColumnCounts) -> ColumnCounts:
        """The counts of both parts."""
        lows = [each for each in (self.low, other.low) if each is not None]
        highs = [each for each in (self.high, other.high) if each is not None]
        return ColumnCounts(
            self.n + other.n,
            self.missing + other.missing,
            min(lows, default=None),
            max(highs, default=None),
        )


@dataclass(frozen=True, eq=False)
class RowSums:
    """What the rows of a log hold; sums of parts merge.

    Attributes:
        rows: number of rows.
        columns: role -> counts.
        findings: problems of single rows.
        sample: rows for tests of drift, with their times.
        runs: stretches of rows with one session id.
        ends: the session ids of the first and the last row; None without sessions.
        times: the first and the last time (:func:`clock_of`); None without times.
    """

    rows: int
    columns: Mapping[str, ColumnCounts]
    findings: Findings
    sample: RowSample
    runs: int
    ends: tuple[Any, Any] | None
    times: tuple[float, float] | None = None

    def merge(self, other: RowSums) -> RowSums:
        """The sums of both parts, of which ``self`` is the earlier."""
        joined = self.ends is not None and other.ends is not None and self.ends[1] == other.ends[0]
        ends = (
            self.ends
            if other.ends is None
            else other.ends
            if self.ends is None
            else (self.ends[0], other.ends[1])
        )
        return RowSums(
            self.rows + other.rows,
            {role: counts.merge(other.columns[role]) for role, counts in self.columns.items()},
            self.findings.merge(other.findings),
            self.sample.merge(other.sample),
            self.runs + other.runs - joined,
            ends,
            _span(self.times, other.times),
        )


def row_pass(columns: Columns, cluster: str | None, threads: int | None) -> RowSums | None:
    """The sums of all rows; None if there are none."""
    log = read_from(columns.log, [NumberedSource(source) for source in columns.log.sources])
    work = _Work(columns, log, cluster)
    parts = over_leaves(log, list(columns.roles), work.run, threads or default_threads(), "reading rows")
    found: RowSums | None = None
    for part in parts:
        found = part if found is None else found if part is None else found.merge(part)
    return found


@dataclass(frozen=True)
class _Work:
    columns: Columns
    log: Log
    cluster: str | None

    def run(self, leaf: Leaf) -> RowSums | None:
        """The sums of the rows of a leaf."""
        batches = self.log.batches(leaf, [*self.columns.roles, ROW_NUMBER])
        parts: Iterator[RowSums] = (self._of(stretch.rows, leaf) for stretch in batches)
        first = next(parts, None)
        return None if first is None else reduce(RowSums.merge, parts, first)

    def _of(self, rows: pa.RecordBatch, leaf: Leaf) -> RowSums:
        numbers = to_numpy(rows.column(ROW_NUMBER))
        found = Collector(leaf.source_index, numbers)
        check_rows(self.log, rows, self.columns.roles, found)
        runs, ends, session = 0, None, self.log.session
        if session is not None and session in self.columns.roles and not self.log.nested:
            ids = decoded(rows.column(session))
            runs, ends = len(run_starts(ids)), (ids[0].as_py(), ids[len(ids) - 1].as_py())
        return RowSums(
            rows.num_rows,
            {role: _counted(rows.column(role)) for role in self.columns.roles},
            found.findings,
            self._sample(rows, leaf, numbers),
            runs,
            ends,
            self._times(rows),
        )

    def _times(self, rows: pa.RecordBatch) -> tuple[float, float] | None:
        clock = clock_of(rows.column("timestamp")) if "timestamp" in self.columns.roles else None
        known = np.zeros(0) if clock is None else clock[np.isfinite(clock)]
        return (float(known.min()), float(known.max())) if len(known) else None

    def _sample(self, rows: pa.RecordBatch, leaf: Leaf, numbers: Any) -> RowSample:
        unit = next(
            (
                role
                for role in (self.cluster, self.columns.user, self.log.session)
                if role in self.columns.roles
            ),
            None,
        )
        table = {role: _scalars(rows.column(role)) for role in self.columns.compared}
        clock = clock_of(rows.column("timestamp")) if "timestamp" in self.columns.roles else None
        table[_CLOCK] = pa.array(np.full(rows.num_rows, np.nan) if clock is None else clock)
        keys = None if unit is None else keys_of(rows.column(unit))
        return RowSample.of(keys, leaf.source_index, numbers, pa.table(table))


def _span(one: tuple[float, float] | None, two: tuple[float, float] | None) -> tuple[float, float] | None:
    if one is None or two is None:
        return one or two
    return min(one[0], two[0]), max(one[1], two[1])


def _scalars(column: pa.Array) -> pa.Array:
    """One value for each row: of a list, its first."""
    column = decoded(column)
    if not pa.types.is_list(column.type):
        return column
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    starts = np.concatenate([[0], np.cumsum(to_numpy(lengths))])[:-1]
    flat = pc.list_flatten(column)
    empty = to_numpy(lengths) == 0
    return flat.take(pa.array(starts, mask=empty))


def _counted(column: pa.Array) -> ColumnCounts:
    lists = pa.types.is_list(column.type)
    values = pc.list_flatten(column) if lists else decoded(column)
    missing = int(np.count_nonzero(is_unknown(values))) + (column.null_count if lists else 0)
    if not is_number(values.type):
        return ColumnCounts(len(values), missing, None, None)
    numbers = as_float64(values)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return ColumnCounts(len(values), missing, None, None)
    return ColumnCounts(len(values), missing, float(finite.min()), float(finite.max()))


def sampled_clock(sample: RowSample) -> Any:
    """(m,) the times of the sampled rows; None if they are not known for all."""
    clock = as_float64(sample.column(_CLOCK))
    return None if np.isnan(clock).any() else clock
