"""Histograms of weights over fixed bins, gathered block by block in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

#: Bins between a power of 2 and the next, of equal width.
PARTS = 4
#: The least and the largest power of 2 that bound a bin of their own; the first and the last bin are open.
LOWEST, HIGHEST = -30, 40
#: Bits of a float64 below those that tell the bin.
_SHIFT = 50
_BIAS = 1023
_BINS = (HIGHEST - LOWEST) * PARTS
#: Places of values below 0, and of 0, before those of the bins.
_NEGATIVE, _ZERO, _FIRST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many values lie in each bin, and their sum.

    Attributes:
        counts: of values below 0, of zeros, and of the values in each bin.
        sums: of the same values.
    """

    counts: Ints
    sums: Floats

    @classmethod
    def empty(cls) -> Histogram:
        """The histogram of no values."""
        return cls(np.zeros(_FIRST + _BINS, np.int64), np.zeros(_FIRST + _BINS))

    def added(self, values: Floats) -> Histogram:
        """The histogram with further values, which are finite."""
        counts, sums = self.counts.copy(), self.sums.copy()
        values = np.ascontiguousarray(values)
        _add(values, values.view(np.int64), counts, sums)
        return Histogram(counts, sums)

    def merge(self, other: Histogram) -> Histogram:
        """The histogram of both sets of values."""
        return Histogram(self.counts + other.counts, self.sums + other.sums)

    def bins(self) -> Iterator[tuple[float | None, float | None, int, float]]:
        """Low end, high end, count and sum of each bin that holds a value, in ascending order.

        A bin holds ``low <= x < high``; that of zeros has both ends 0. An end that is None is open: the first
        bin of all holds what is below 0, the last what is ``2^40`` or more.
        """
        for place in np.flatnonzero(self.counts).tolist():
            yield (*_ends(place), int(self.counts[place]), float(self.sums[place]))


def _ends(place: int) -> tuple[float | None, float | None]:
    if place == _NEGATIVE:
        return None, 0.0
    if place == _ZERO:
        return 0.0, 0.0
    first, last = place == _FIRST, place == _FIRST + _BINS - 1
    return 0.0 if first else _edge(place - _FIRST), None if last else _edge(place - _FIRST + 1)


def _edge(number: int) -> float:
    power, part = divmod(number, PARTS)
    return float(2.0 ** (LOWEST + power) * (1.0 + part / PARTS))


@kernel
def _add(values: Floats, bits: Ints, counts: Ints, sums: Floats) -> None:
    """Add values; the leading bits of a float64 above 0 are its power of 2 and the part of it."""
    for i in range(len(values)):
        x = values[i]
        place = _NEGATIVE
        if x == 0.0:
            place = _ZERO
        elif x > 0.0:
            place = (bits[i] >> _SHIFT) - (_BIAS + LOWEST) * PARTS
            place = _FIRST + min(max(place, 0), _BINS - 1)
        counts[place] += 1
        sums[place] += x
