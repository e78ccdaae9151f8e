"""Ids as ordered bytes, hashed and looked up without a Python object per row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Hashes, Ints
from rankeval.arrays.arrow import decoded, to_numpy
from rankeval.arrays.kernels import kernel, read_only
from rankeval.arrays.ragged import offsets_of

_SIGN = np.uint64(1) << np.uint64(63)


class Keys(NamedTuple):
    """``n`` ids as bytes whose order is the order of the ids, each with a 64-bit hash.

    Strings stand as their UTF-8 bytes, integers as eight bytes, big-endian with the sign flipped, so one
    comparison of bytes serves both.

    Attributes:
        data: flat uint8.
        offsets: (n + 1,) int64, id ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
        hashes: (n,) uint64.
    """

    data: NDArray[np.uint8]
    offsets: Ints
    hashes: Hashes


def is_integer_id(kind: pa.DataType) -> bool:
    """Whether ids of this Arrow type are integers (dictionaries: their values)."""
    return bool(pa.types.is_integer(kind.value_type if pa.types.is_dictionary(kind) else kind))


def keys_of(ids: pa.Array) -> Keys:
    """The keys of an Arrow array of integers, strings or what can be cast to them, without nulls."""
    if is_integer_id(ids.type):
        data, offsets = _integer_bytes(ids)
    else:
        data, offsets = _string_bytes(ids)
    data, offsets = read_only(data), read_only(offsets)
    return Keys(data, offsets, hash_bytes(data, offsets))


def hashes_of(ids: pa.Array) -> Hashes:
    """(n,) uint64 hash of each id; of a dictionary only the distinct values are hashed."""
    if pa.types.is_dictionary(ids.type):
        return np.asarray(hashes_of(ids.dictionary)[to_numpy(ids.indices)])
    return keys_of(ids).hashes


def _integer_bytes(ids: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    values = to_numpy(ids)
    if ids.type == pa.uint64() and (values >= _SIGN).any():
        return _unsigned_bytes(values)
    words = values.astype(np.int64).view(np.uint64) ^ _SIGN
    return words.astype(">u8").view(np.uint8), np.arange(0, 8 * len(ids) + 1, 8, dtype=np.int64)


def _unsigned_bytes(values: Hashes) -> tuple[NDArray[np.uint8], Ints]:
    """What no signed integer can be takes sixteen bytes, which come after all of eight."""
    large = values >= _SIGN
    words = np.stack([np.where(large, ~np.uint64(0), values ^ _SIGN), values], axis=1)
    lengths = np.where(large, 16, 8)
    kept = np.arange(16) < lengths[:, np.newaxis]
    return words.astype(">u8").view(np.uint8)[kept], offsets_of(lengths)


def _string_bytes(ids: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    ids = decoded(ids)
    if not (pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type)):
        ids = ids.cast(pa.large_string())
    wide = pa.types.is_large_string(ids.type)
    _, offset_buffer, data_buffer = ids.buffers()
    if offset_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets: Any = np.frombuffer(offset_buffer, dtype=np.int64 if wide else np.int32)
    offsets = offsets[ids.offset : ids.offset + len(ids) + 1].astype(np.int64)
    data = np.zeros(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, dtype=np.uint8)
    return data, offsets


@kernel
def hash_bytes(data: NDArray[np.uint8], offsets: Ints) -> Hashes:
    """(n,) uint64: eight bytes at a time, multiplied and folded, with the length mixed in at the end."""
    n = offsets.size - 1
    hashes = np.empty(n, np.uint64)
    for i in range(n):
        begin, end = offsets[i], offsets[i + 1]
        state = np.uint64(0x9E3779B97F4A7C15)
        position = begin
        while position < end:
            word = np.uint64(0)
            for byte in range(min(np.int64(8), end - position)):
                word |= np.uint64(data[position + byte]) << np.uint64(8 * byte)
            state = (state ^ word) * np.uint64(0xBF58476D1CE4E5B9)
            state ^= state >> np.uint64(29)
            position += 8
        state = (state ^ np.uint64(end - begin)) * np.uint64(0x94D049BB133111EB)
        hashes[i] = state ^ (state >> np.uint64(32))
    return hashes


@kernel
def compare(
    data: NDArray[np.uint8],
    offsets: Ints,
    i: int,
    others: NDArray[np.uint8],
    other_offsets: Ints,
    j: int,
) -> int:
    """Sign of the byte order of two ids: negative, zero or positive; a prefix comes first."""
    a, b = offsets[i], other_offsets[j]
    length, other_length = offsets[i + 1] - a, other_offsets[j + 1] - b
    for position in range(min(length, other_length)):
        difference = np.int64(data[a + position]) - np.int64(others[b + position])
        if difference != 0:
            return int(difference)
    return int(length - other_length)


@kernel
def argsort_ids(keys: Keys, begin: int, order: Ints, scratch: Ints) -> None:
    """Sort ``order``, which counts ids from ``begin``, by ascending id; ``scratch`` is as long.

    Bottom-up merge sort.
    """
    n = order.size
    width = 1
    while width < n:
        for left in range(0, n, 2 * width):
            _merge_ids(keys, begin, order, scratch, left, min(left + width, n), min(left + 2 * width, n))
        for i in range(n):
            order[i] = scratch[i]
        width *= 2


@kernel
def _merge_ids(
    keys: Keys,
    begin: int,
    order: Ints,
    scratch: Ints,
    left: int,
    middle: int,
    end: int,
) -> None:
    """Merge the sorted runs ``left:middle`` and ``middle:end`` of ``order`` into ``scratch``."""
    i, j = left, middle
    for target in range(left, end):
        if j >= end or (
            i < middle
            and compare(keys.data, keys.offsets, begin + order[i], keys.data, keys.offsets, begin + order[j])
            <= 0
        ):
            scratch[target] = order[i]
            i += 1
        else:
            scratch[target] = order[j]
            j += 1


@kernel
def table_mask(n: int) -> int:
    """Slots of an open-addressing table for ``n`` keys, a power of two and at most half full, minus one."""
    slots = 2
    while slots < 2 * n:
        slots *= 2
    return slots - 1


@kernel
def build_table(keys: Keys) -> tuple[Ints, int]:
    """Slots of a table over distinct ids, and the first id that occurs twice (-1: none).

    A slot holds the index of an id, -1 where it is free.
    """
    n = keys.hashes.size
    mask = np.uint64(table_mask(n))
    slots = np.full(np.int64(mask) + 1, -1, np.int64)
    for i in range(n):
        slot = keys.hashes[i] & mask
        while slots[slot] >= 0:
            other = slots[slot]
            if (
                keys.hashes[other] == keys.hashes[i]
                and compare(keys.data, keys.offsets, other, keys.data, keys.offsets, i) == 0
            ):
                return slots, i
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = i
    return slots, -1


@kernel
def find(slots: Ints, keys: Keys, wanted: Keys) -> Ints:
    """(m,) int64: the index among ``keys`` of each wanted id, -1 where it is none of them."""
    mask = np.uint64(slots.size - 1)
    found = np.full(wanted.hashes.size, -1, np.int64)
    for j in range(wanted.hashes.size):
        slot = wanted.hashes[j] & mask
        while slots[slot] >= 0:
            i = slots[slot]
            if (
                keys.hashes[i] == wanted.hashes[j]
                and compare(keys.data, keys.offsets, i, wanted.data, wanted.offsets, j) == 0
            ):
                found[j] = i
                break
            slot = (slot + np.uint64(1)) & mask
    return found


#: No ids.
NO_KEYS = Keys(read_only(np.zeros(0, np.uint8)), read_only(np.zeros(1, np.int64)), np.zeros(0, np.uint64))
