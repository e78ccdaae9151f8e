"""Sums for quantiles in bounded memory: where they are, and the counts of each bucket around them.

The first pass counts values by the leading bits of their floating-point numbers, which is a histogram with
bins of 1/16 of a power of two. It tells in which few bins the quantile and its bootstrap replicates lie. The
second pass divides this range into :data:`CELLS` equal cells and counts, for each of the 4,096 buckets of
hashed units or clusters, the units below the range and in every cell.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from rankeval.ab_tests.accumulate import arm_rows
from rankeval.ab_tests.metrics import Quantile
from rankeval.ab_tests.unit_values import UnitValue, UnitValues
from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKET_MASK, BUCKETS, mix64
from rankeval.logs import Grouping, Log, Sessions, Units, fold

#: Number of cells between which a quantile may lie.
CELLS = 256
_BITS = 48  # of the number that are left out: what stays are sign, exponent and 4 bits of the mantissa
_BINS = 1 << (64 - _BITS)
_SIGN = np.uint64(1 << 63)
_ERRORS = 8.0  # standard errors of a share around the quantile that the cells hold


def _codes(values: Floats) -> Ints:
    """(n,) int64: the bin of each value; bins ascend with values."""
    bits = (values + 0.0).view(np.uint64)  # adding 0 turns -0 into 0
    ascending = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    return (ascending >> np.uint64(_BITS)).astype(np.int64)


def _edge(code: int) -> float:
    """The lowest value of a bin."""
    ascending = np.uint64(code << _BITS)
    bits = np.where(ascending & _SIGN, ascending ^ _SIGN, ~ascending)
    found = float(np.asarray(bits, np.uint64).reshape(1).view(np.float64)[0])
    return min(max(found, -sys.float_info.max), sys.float_info.max)


@dataclass(frozen=True)
class Cells:
    """The values of an arm around a quantile.

    Attributes:
        counts: (BUCKETS, CELLS + 2) float64, the units below the cells, in each cell and above, by bucket.
        low, high: (CELLS,) float64, the smallest and largest value in each cell.
    """

    counts: Floats
    low: Floats
    high: Floats

    def merge(self, other: Cells) -> Cells:
        """The cells of both sets of units."""
        return Cells(
            self.counts + other.counts, np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        )

    def at(self, counts: Floats, share: float) -> float:
        """The smallest value that a share of the units does not exceed, interpolated within a cell.

        Args:
            counts: (CELLS + 2,) float64, how many units are below, in each cell and above.
            share: the share.
        """
        upto = np.cumsum(counts)
        rank = share * upto[-1]
        cell = int(np.searchsorted(upto, rank * (1.0 - 1e-12)))
        if cell == 0:
            return float(self.low[np.argmax(np.isfinite(self.low))])
        if cell > len(self.low):
            return float(self.high[len(self.high) - 1 - np.argmax(np.isfinite(self.high[::-1]))])
        within = (rank - upto[cell - 1]) / counts[cell] if counts[cell] else 1.0
        low, high = float(self.low[cell - 1]), float(self.high[cell - 1])
        return low + (high - low) * min(max(within, 0.0), 1.0)


def quantile_cells(
    log: Log, arm: str, cluster: str | None, quantiles: Sequence[Quantile], threads: int | None
) -> list[Mapping[str, Cells]]:
    """For each quantile, arm -> its cells, from two passes.

    Raises:
        DataError: a value or an arm is missing.
        UsageError: an expression is not valid.
    """
    asked = [UnitValue(quantile.expression, option="quantile") for quantile in quantiles]
    values = UnitValues.of(log, (), asked)
    units = Units.of(values.log, "session_id", Grouping(True, None, cluster))
    session = [] if log.session is None else [log.session]
    roles = list(dict.fromkeys([*session, *values.roles, arm, *units.roles]))

    def count(sessions: Sessions) -> dict[tuple[int, str], Ints]:
        weights = units.counts(sessions)
        return {
            (q, name): np.bincount(
                _codes(numbers[rows]), None if weights is None else weights[rows], minlength=_BINS
            )
            for q, value in enumerate(asked)
            for numbers in [values.of_units(sessions, value)]
            for name, rows in arm_rows(sessions, arm).items()
        }

    bins = fold(values.log, roles, count, _added, threads)
    ranges = {key: _range(counts, quantiles[key[0]].share) for key, counts in bins.items()}

    def place(sessions: Sessions) -> dict[tuple[int, str], Cells]:
        keys, weights = units.keys(sessions), units.counts(sessions)
        assert keys is not None
        return {
            (q, name): _cells(
                numbers[rows], keys[rows], None if weights is None else weights[rows], *ranges[q, name]
            )
            for q, value in enumerate(asked)
            for numbers in [values.of_units(sessions, value)]
            for name, rows in arm_rows(sessions, arm).items()
        }

    cells = fold(values.log, roles, place, _merged, threads)
    return [{name: cells[q, name] for at, name in cells if at == q} for q in range(len(asked))]


def _added(
    left: dict[tuple[int, str], Ints], right: dict[tuple[int, str], Ints]
) -> dict[tuple[int, str], Ints]:
    return left | {key: left[key] + counts if key in left else counts for key, counts in right.items()}


def _merged(
    left: dict[tuple[int, str], Cells], right: dict[tuple[int, str], Cells]
) -> dict[tuple[int, str], Cells]:
    return left | {
        key: reduce(Cells.merge, [left[key], of]) if key in left else of for key, of in right.items()
    }


def _range(counts: Ints, share: float) -> tuple[float, float]:
    """The range of values that the cells divide.

    It holds the quantile and, for independent units, its replicates within eight standard errors; for
    clusters, as far as their design effect is below four, a half of them.
    """
    upto = np.cumsum(counts)
    n = float(upto[-1])
    apart = 2.0 * _ERRORS * math.sqrt(share * (1.0 - share) / n) if n else 1.0
    low, high = (min(max(s, 0.0), 1.0) * n for s in (share - apart, share + apart))
    first = int(np.searchsorted(upto, low * (1.0 - 1e-12), side="right" if low == 0.0 else "left"))
    last = int(np.searchsorted(upto, min(high, n) * (1.0 - 1e-12)))
    return _edge(first), _edge(min(last + 1, _BINS - 1))


def _cells(numbers: Floats, keys: Hashes, weights: Floats | None, low: float, high: float) -> Cells:
    width = high / CELLS - low / CELLS
    inside = (numbers >= low) & (numbers < high)
    with np.errstate(all="ignore"):
        cell = np.where(inside, np.clip(np.floor((numbers - low) / width), 0, CELLS - 1) + 1, 0)
    cell = np.where(numbers >= high, CELLS + 1, cell).astype(np.int64)
    flat = (mix64(keys, 0) & BUCKET_MASK).astype(np.int64) * (CELLS + 2) + cell
    counts = np.bincount(flat, weights, minlength=BUCKETS * (CELLS + 2)).astype(np.float64)
    lowest, highest = np.full(CELLS, np.inf), np.full(CELLS, -np.inf)
    np.minimum.at(lowest, cell[inside] - 1, numbers[inside])
    np.maximum.at(highest, cell[inside] - 1, numbers[inside])
    return Cells(counts.reshape(BUCKETS, CELLS + 2), lowest, highest)
