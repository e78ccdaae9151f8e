"""Sums by a column that nobody named as cluster, and about how many distinct values it has.

Memory does not depend on the number of values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKET_BITS, BUCKET_MASK, BUCKETS, kernel, seeded, words
from rankeval.inference.moment_sums import add_to_buckets

Registers = NDArray[np.uint8]


class NamedKeys(NamedTuple):
    """The hashed values, (n,) uint64, of a column."""

    column: str
    keys: Hashes

    def of(self, rows: Ints) -> NamedKeys:
        """Those of some of the units."""
        return NamedKeys(self.column, self.keys[rows])


@dataclass(frozen=True, eq=False)
class UnnamedClusters:
    """Sums by the hashed values of a column that nobody named as cluster.

    Attributes:
        column: its name.
        buckets: (BUCKETS, p + 1) float64, as those of :class:`~rankeval.inference.moments.Moments`.
        registers: (BUCKETS,) uint8, the registers of HyperLogLog (Flajolet et al. 2007).
    """

    column: str
    buckets: Floats
    registers: Registers

    @classmethod
    def empty(cls, column: str, p: int) -> UnnamedClusters:
        """The sums of no units, with ``p`` terms."""
        return cls(column, np.zeros((BUCKETS, p + 1)), np.zeros(BUCKETS, np.uint8))

    def add(self, terms: Floats, keys: Hashes, counts: Floats) -> None:
        """Add units in place; arguments as in :meth:`MomentsAccumulator.add`."""
        add_to_buckets(terms, words(keys), self.buckets, counts)
        _note_distinct(words(keys), self.registers)

    def copy(self) -> UnnamedClusters:
        """A copy that later blocks do not change."""
        return replace(self, buckets=self.buckets.copy(), registers=self.registers.copy())

    def merge(self, other: UnnamedClusters) -> UnnamedClusters:
        """The sums of both sets of units."""
        registers = np.maximum(self.registers, other.registers)
        return replace(self, buckets=self.buckets + other.buckets, registers=registers)

    def spread(self, terms: Ints, p: int) -> UnnamedClusters:
        """The same with ``p`` terms, as :meth:`rankeval.inference.moments.Moments.spread`."""
        return replace(self, buckets=spread_buckets(self.buckets, terms, p))

    @property
    def distinct(self) -> float:
        """About how many distinct values there are: with an error of 1.6 %, and nearly exact if they are few.

        It is ``0.7213 / (1 + 1.079 / m) m^2 / sum 2^-M`` of ``m`` registers ``M``; with few values
        ``m log(m / empty registers)``.
        """
        m, empty = BUCKETS, int(np.count_nonzero(self.registers == 0))
        raw = 0.7213 / (1.0 + 1.079 / m) * m * m / float(np.sum(np.exp2(-self.registers.astype(np.float64))))
        return m * math.log(m / empty) if raw <= 2.5 * m and empty else raw


def spread_buckets(buckets: Floats, terms: Ints, p: int) -> Floats:
    """(BUCKETS, p + 1) bucket sums with ``p`` terms, of which term ``i`` becomes term ``terms[i]``."""
    found = np.zeros((BUCKETS, p + 1))
    found[:, 0], found[:, 1 + terms] = buckets[:, 0], buckets[:, 1:]
    return found


@kernel
def _note_distinct(keys: Hashes, registers: Registers) -> None:
    """Raise the register of each key to the place of the first 1 among the other bits of its hash."""
    for key in keys:
        bits = seeded(key, np.uint64(1))
        register = bits & BUCKET_MASK
        bits >>= BUCKET_BITS
        place = registers[register]
        if bits & ((np.uint64(1) << np.uint64(place)) - np.uint64(1)):
            continue  # the first 1 is at the place of the register, or before it: seldom otherwise
        place += 1
        while place < 52 and not bits & (np.uint64(1) << np.uint64(place - 1)):
            place += 1
        registers[register] = place
