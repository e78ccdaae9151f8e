"""A random sample of the rows of a log: one of each sampled session or user, so that they are independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import as_float64, mix64, to_arrow

#: Rows of the sample.
SAMPLED = 40_000


@dataclass(frozen=True, eq=False)
class RowSample:
    """The rows whose keys have the smallest hashes, one row for each key.

    Attributes:
        keys: (m,) uint64, ascending: hash of the session, the user, or the row.
        draws: (m,) uint64, the hash of each row.
        places: (m, 2) int64, file and number of each row.
        rows: the columns.
        complete: whether no key was left out.
    """

    keys: Hashes
    draws: Hashes
    places: Ints
    rows: pa.Table
    complete: bool = True

    @classmethod
    def of(cls, keys: Hashes | None, file: int, numbers: Ints, rows: pa.Table) -> RowSample:
        """The sample of ``n`` rows.

        Args:
            keys: (n,) uint64 uniform hashes; None: each row has its own key.
            file: index of the file.
            numbers: (n,) the number of each row in the file.
            rows: (n,) the columns.
        """
        draws = mix64(numbers.astype(np.uint64), seed=file + 1)
        places = np.stack([np.full(len(numbers), file, np.int64), numbers], axis=1)
        return _kept(draws if keys is None else keys, draws, places, rows, True)

    def merge(self, other: RowSample) -> RowSample:
        """The sample of both parts."""
        return _kept(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.draws, other.draws]),
            np.concatenate([self.places, other.places]),
            pa.concat_tables([self.rows, other.rows], promote_options="permissive"),
            self.complete and other.complete,
        )

    def __len__(self) -> int:
        return len(self.keys)

    def in_order(self, clock: Floats | None) -> RowSample:
        """The same rows in the order of the log, or of their times ``clock`` (m,)."""
        first, second = self.places[:, 0], self.places[:, 1]
        order = np.lexsort((second, first) if clock is None else (second, first, clock))
        return RowSample(
            self.keys[order],
            self.draws[order],
            self.places[order],
            self.rows.take(to_arrow(order)),
            self.complete,
        )

    def column(self, name: str) -> pa.Array:
        """(m,) the values of a column."""
        column = self.rows.column(name).combine_chunks()
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _kept(keys: Hashes, draws: Hashes, places: Ints, rows: pa.Table, complete: bool) -> RowSample:
    order = np.lexsort((draws, keys))
    keys_in_order = keys[order]
    firsts = np.ones(len(order), np.bool_)
    firsts[1:] = keys_in_order[1:] != keys_in_order[:-1]
    chosen = order[firsts]
    complete = complete and len(chosen) <= SAMPLED
    chosen = chosen[:SAMPLED]
    table = rows.take(to_arrow(chosen)).combine_chunks()
    return RowSample(keys[chosen], draws[chosen], places[chosen], table, complete)


def clock_of(column: pa.Array) -> Floats | None:
    """(n,) float64, times as numbers that grow; NaN for null. None if the column holds no times.

    Timestamps and dates become seconds since 1970. Numbers stay as they are. Texts are read as ISO 8601.
    """
    kind = column.type
    try:
        if pa.types.is_string(kind):
            column = column.cast(pa.timestamp("us"))
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            column = column.cast(pa.timestamp("us"))
            return as_float64(column.cast(pa.int64())) / 1e6
    except pa.ArrowInvalid:
        return None
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return as_float64(column)
    return None


def seconds_of(clock: Floats, numeric: bool) -> Floats | None:
    """Seconds since 1970 from times; None if numbers are no such times.

    Args:
        clock: (n,) times as :func:`clock_of` gives them.
        numeric: whether the column holds numbers, which may be seconds, milliseconds, micro- or nanoseconds.
    """
    if not numeric:
        return clock
    middle = float(np.nanmedian(clock)) if np.isfinite(clock).any() else 0.0
    for scale in (1.0, 1e3, 1e6, 1e9):
        if 1e8 <= middle / scale < 1e10:
            return np.asarray(clock / scale)
    return None
