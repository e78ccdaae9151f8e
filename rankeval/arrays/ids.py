"""Ids as bytes that keep their order, with hashes and hash tables, without a Python object per row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Hashes, Ints
from rankeval.arrays.arrow import decoded, to_numpy
from rankeval.arrays.kernels import kernel, read_only
from rankeval.arrays.ragged import offsets_of, places_of
from rankeval.errors import DataError

#: The longest id, in bytes of UTF-8.
MOST_ID_BYTES = 4096
_SIGN = np.uint64(1) << np.uint64(63)


class Keys(NamedTuple):
    """``n`` ids as bytes, each with a 64-bit hash; the order of the bytes is the order of the ids.

    A string is stored as its UTF-8 bytes. An integer is stored as eight bytes, big-endian with the sign bit
    flipped. One comparison of bytes therefore serves both.

    Attributes:
        data: flat uint8, the bytes of all ids.
        offsets: (n + 1,) int64, id ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
        hashes: (n,) uint64, the hash of each id.
    """

    data: NDArray[np.uint8]
    offsets: Ints
    hashes: Hashes


def is_integer_id(kind: pa.DataType) -> bool:
    """Whether ids of this Arrow type are integers; for a dictionary type, whether its values are."""
    return bool(pa.types.is_integer(kind.value_type if pa.types.is_dictionary(kind) else kind))


def keys_of(ids: pa.Array) -> Keys:
    """The keys of an Arrow array without nulls: integers, strings, or values that can be cast to strings."""
    if is_integer_id(ids.type):
        data, offsets = _integer_bytes(ids)
    else:
        data, offsets = _string_bytes(ids)
    data, offsets = read_only(data), read_only(offsets)
    return Keys(data, offsets, hash_bytes(data, offsets))


def taken_keys(keys: Keys, rows: Ints) -> Keys:
    """The keys at these rows."""
    data, offsets = keys.data[places_of(keys.offsets, rows)], offsets_of(np.diff(keys.offsets)[rows])
    return Keys(read_only(data), read_only(offsets), keys.hashes[rows])


def hashes_of(ids: pa.Array) -> Hashes:
    """(n,) uint64: the hash of each id; in a dictionary array, only the distinct values are hashed."""
    if pa.types.is_dictionary(ids.type):
        return np.asarray(hashes_of(ids.dictionary)[to_numpy(ids.indices)])
    return keys_of(ids).hashes


def quick_hashes_of(ids: pa.Array) -> Hashes:
    """(n,) uint64, distinct for distinct ids of one array type: integers themselves, else :func:`hashes_of`.

    They spread over buckets as kernels hash keys again, but do not fit the hashes of other types of ids.
    """
    if pa.types.is_integer(ids.type):
        return np.asarray(to_numpy(ids).astype(np.int64, copy=False).view(np.uint64))
    return hashes_of(ids)


def _integer_bytes(ids: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    values = to_numpy(ids)
    if ids.type == pa.uint64() and (values >= _SIGN).any():
        return _unsigned_bytes(values)
    words = values.astype(np.int64).view(np.uint64) ^ _SIGN
    return words.astype(">u8").view(np.uint8), np.arange(0, 8 * len(ids) + 1, 8, dtype=np.int64)


def _unsigned_bytes(values: Hashes) -> tuple[NDArray[np.uint8], Ints]:
    """Bytes and offsets of uint64 ids, where some are above the largest signed integer.

    Such an id takes sixteen bytes. Its first eight are 0xFF, so that it comes after every id of eight bytes.
    """
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
    _require_short(data, offsets)
    return data, offsets


def _require_short(data: NDArray[np.uint8], offsets: Ints) -> None:
    """Check the lengths of ids: they are kept in memory, so that the longest decides how much that takes."""
    lengths = np.diff(offsets)
    if lengths.max(initial=0) > MOST_ID_BYTES:
        start = int(offsets[np.argmax(lengths)])
        text = bytes(data[start : start + 40]).decode(errors="replace")
        raise DataError(
            f"found an id of {lengths.max():,} bytes that begins with {text!r}, "
            f"wanted at most {MOST_ID_BYTES:,}"
        )


@kernel
def hash_bytes(data: NDArray[np.uint8], offsets: Ints) -> Hashes:
    """(n,) uint64: the hash of each id.

    Eight bytes at a time are combined with the state, which is multiplied and folded. The length enters at
    the end.
    """
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
    """Compare id ``i`` of ``data`` with id ``j`` of ``others`` by bytes: negative, zero or positive.

    A prefix comes before the longer id.
    """
    a, b = offsets[i], other_offsets[j]
    length, other_length = offsets[i + 1] - a, other_offsets[j + 1] - b
    for position in range(min(length, other_length)):
        difference = np.int64(data[a + position]) - np.int64(others[b + position])
        if difference != 0:
            return int(difference)
    return int(length - other_length)


@kernel
def argsort_ids(keys: Keys, begin: int, order: Ints, scratch: Ints) -> None:
    """Sort ``order`` in place by ascending id, by bottom-up merge sort.

    The value ``i`` of ``order`` means id ``begin + i``. ``scratch`` has the length of ``order``.
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
    """The number of slots, minus one, of an open-addressing table for ``n`` keys.

    The number of slots is a power of two, and the table is at most half full.
    """
    slots = 2
    while slots < 2 * n:
        slots *= 2
    return slots - 1


@kernel
def build_table(keys: Keys) -> tuple[Ints, int]:
    """The slots of a hash table of ids, and the index of the first id that occurred before (-1: none).

    A slot holds the index of an id, or -1 where it is free. The table is complete only if all ids are
    distinct.
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
    """(m,) int64: the index in ``keys`` of each wanted id, -1 where ``keys`` does not hold it."""
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


#: The keys of an empty array.
NO_KEYS = Keys(read_only(np.zeros(0, np.uint8)), read_only(np.zeros(1, np.int64)), np.zeros(0, np.uint64))
