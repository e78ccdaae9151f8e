"""Look-up of pairs of query and item by their keys."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import finalise, kernel, read_only, table_mask


class PairIndex:
    """Hash table from the key of a pair of query and item to its index."""

    def __init__(self, keys: Hashes) -> None:
        """Index ``keys`` (P,) uint64, which must be distinct."""
        self._keys = read_only(keys)
        self._slots = np.full(table_mask(len(keys)) + 1, -1, np.int64)
        _index(self._slots, self._keys)

    def of(self, pairs: Hashes) -> Ints:
        """(n,) int64, the index in ``keys`` of each key in ``pairs`` (n,) uint64; -1 if it is absent."""
        found = np.empty(len(pairs), np.int64)
        _look_up(self._slots, self._keys, read_only(pairs), found)
        return found


@kernel
def _index(slots: Ints, keys: Hashes) -> None:
    mask = np.uint64(slots.size - 1)
    for i in range(keys.size):
        slot = finalise(keys[i]) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = i


@kernel
def _look_up(slots: Ints, keys: Hashes, wanted: Hashes, found: Ints) -> None:
    mask = np.uint64(slots.size - 1)
    for i in range(wanted.size):
        slot = finalise(wanted[i]) & mask
        while slots[slot] >= 0 and keys[slots[slot]] != wanted[i]:
            slot = (slot + np.uint64(1)) & mask
        found[i] = slots[slot]
