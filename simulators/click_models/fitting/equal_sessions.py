"""Numba kernels that find equal keys, and equal runs of words, by hashing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import GOLDEN, finalise, kernel, table_mask

Words = NDArray[np.int32]


@kernel
def indexed(keys: Hashes) -> tuple[Words, Ints]:
    """Number the distinct keys by their first occurrence, from 0.

    Returns:
        (n,) int32 number of each key, and (distinct,) int64 index of the first occurrence of each number.
    """
    n = keys.size
    mask = np.uint64(table_mask(n))
    slots = np.full(np.int64(mask) + 1, -1, np.int32)
    numbers = np.empty(n, np.int32)
    first = np.empty(n, np.int64)
    size = 0
    for i in range(n):
        slot = finalise(keys[i]) & mask
        while slots[slot] >= 0 and keys[first[slots[slot]]] != keys[i]:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot] = size
            first[size] = i
            size += 1
        numbers[i] = slots[slot]
    return numbers, first[:size].copy()


@kernel
def equal_stretches(words: Words, begins: Ints, ends: Ints, places: Ints) -> tuple[Words, Ints]:
    """Number the distinct rows by their first occurrence, from 0.

    Row ``i`` is ``words[begins[i]:ends[i]]``. Two rows are equal if they have the same words and the same
    value in ``places``.

    Returns:
        (n,) int32 number of each row, and (distinct,) int64 index of the first occurrence of each number.
    """
    n = begins.size
    mask = np.uint64(table_mask(n))
    slots = np.full(np.int64(mask) + 1, -1, np.int32)
    numbers = np.empty(n, np.int32)
    first = np.empty(n, np.int64)
    size = 0
    for i in range(n):
        slot = _hash(words, begins[i], ends[i], places[i]) & mask
        while slots[slot] >= 0:
            j = first[slots[slot]]
            if places[i] == places[j] and _equal(words, begins[i], ends[i], begins[j], ends[j]):
                break
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot] = size
            first[size] = i
            size += 1
        numbers[i] = slots[slot]
    return numbers, first[:size].copy()


@kernel
def _hash(words: Words, begin: int, end: int, place: int) -> np.uint64:
    state = np.uint64(place) + GOLDEN
    for j in range(begin, end):
        state = finalise(state ^ np.uint64(words[j])) + GOLDEN
    return finalise(state)


@kernel
def _equal(words: Words, begin: int, end: int, other: int, other_end: int) -> bool:
    same = end - begin == other_end - other
    j = 0
    while same and j < end - begin:
        same = words[begin + j] == words[other + j]
        j += 1
    return bool(same)
