"""Ids as keys: order, hashes, lookups, against what Python says of the same ids."""

from __future__ import annotations

import random
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.ids import NO_KEYS, Keys, build_table, compare, find, hashes_of, is_integer_id, keys_of
from rankeval.errors import DataError
from tests.readers.helpers import examples

texts = st.text(st.sampled_from("ab\0é€😀~"), max_size=20)
signed = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3), st.sampled_from([2**63 - 1, -(2**63)])
)
unsigned = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 2**63 - 1, 2**63, 2**64 - 1]))
STRING_TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def key(keys: Keys, i: int) -> bytes:
    return keys.data[keys.offsets[i] : keys.offsets[i + 1]].tobytes()


def all_keys(keys: Keys) -> list[bytes]:
    return [key(keys, i) for i in range(len(keys.hashes))]


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def assert_ordered_as(ids: list, keys: Keys, python_key) -> None:
    for i in range(len(ids)):
        for j in range(len(ids)):
            a, b = python_key(ids[i]), python_key(ids[j])
            found = compare(keys.data, keys.offsets, i, keys.data, keys.offsets, j)
            assert sign(found) == (a > b) - (a < b)


@examples
@given(st.lists(texts, max_size=8), st.sampled_from(STRING_TYPES))
def test_strings_are_ordered_by_their_bytes_in_every_type(ids, kind):
    keys = keys_of(pa.array(ids, pa.string()).cast(kind))
    assert all_keys(keys) == [text.encode() for text in ids]
    assert_ordered_as(ids, keys, lambda text: text.encode())


@examples
@given(st.lists(signed, max_size=8))
def test_integers_are_ordered_as_numbers(ids):
    assert_ordered_as(ids, keys_of(pa.array(ids, pa.int64())), int)


@examples
@given(st.lists(unsigned, max_size=8))
def test_unsigned_integers_are_ordered_as_numbers(ids):
    assert_ordered_as(ids, keys_of(pa.array(ids, pa.uint64())), int)


@examples
@given(st.lists(st.one_of(unsigned, signed), min_size=1, max_size=12))
def test_one_number_has_one_key_in_every_integer_type(ids):
    """A run may hold int64 and judgements uint64."""
    kinds = {pa.int8(): (-128, 127), pa.uint8(): (0, 255), pa.int32(): (-(2**31), 2**31 - 1)}
    kinds |= {pa.int64(): (-(2**63), 2**63 - 1), pa.uint64(): (0, 2**64 - 1)}
    seen: dict[bytes, int] = {}
    for kind, (low, high) in kinds.items():
        held = [number for number in ids if low <= number <= high]
        keys = keys_of(pa.array(held, kind))
        for number, found, hashed in zip(held, all_keys(keys), keys.hashes, strict=True):
            assert seen.setdefault(found, number) == number
            assert keys_of(pa.array([number], kind)).hashes[0] == hashed
    assert len(seen) == len({n for n in ids if -(2**63) <= n < 2**64})


def test_all_other_integers_come_before_those_that_only_uint64_holds():
    ids = [2**63 - 1, 2**63, 2**64 - 1, 0]
    alone = [all_keys(keys_of(pa.array([number], pa.uint64())))[0] for number in ids]
    assert sorted(alone) == [alone[3], alone[0], alone[1], alone[2]]
    assert all_keys(keys_of(pa.array([2**63 - 1], pa.int64()))) == [alone[0]]


@pytest.mark.parametrize("kind", [*STRING_TYPES, pa.int64(), pa.uint64(), pa.int16()])
def test_slices_are_seen_as_they_are(kind):
    ids = pa.array([str(number) for number in range(40)]).cast(
        kind if not pa.types.is_dictionary(kind) else pa.string()
    )
    ids = ids.dictionary_encode() if pa.types.is_dictionary(kind) else ids
    whole = keys_of(ids)
    part = keys_of(ids.slice(7, 20))
    assert all_keys(part) == all_keys(whole)[7:27]
    assert part.hashes.tolist() == whole.hashes[7:27].tolist()
    assert hashes_of(ids.slice(7, 20)).tolist() == part.hashes.tolist()


@pytest.mark.parametrize("kind", [*STRING_TYPES, pa.int64(), pa.uint64()])
def test_no_ids(kind):
    ids = pa.array([], kind if not pa.types.is_dictionary(kind) else pa.string())
    assert all_keys(keys_of(ids)) == []
    assert build_table(keys_of(ids))[1] == -1
    assert find(build_table(keys_of(ids))[0], keys_of(ids), keys_of(pa.array(["a"]))).tolist() == [-1]
    assert all_keys(NO_KEYS) == []


def test_only_the_distinct_values_of_a_dictionary_are_hashed_but_all_rows_are_told():
    ids = pa.array(["b", "a", "b", ""] * 5).dictionary_encode()
    assert hashes_of(ids).tolist() == keys_of(ids.dictionary_decode()).hashes.tolist()
    assert len(set(hashes_of(ids).tolist())) == 3


def test_is_integer_id():
    assert is_integer_id(pa.uint64())
    assert is_integer_id(pa.int8())
    assert is_integer_id(pa.dictionary(pa.int32(), pa.int64()))
    assert not is_integer_id(pa.string())
    assert not is_integer_id(pa.dictionary(pa.int32(), pa.string()))


def slow_hash(data: bytes) -> int:
    state = 0x9E3779B97F4A7C15
    for start in range(0, len(data), 8):
        word = int.from_bytes(data[start : start + 8], "little")
        state = ((state ^ word) * 0xBF58476D1CE4E5B9) % 2**64
        state ^= state >> 29
    state = ((state ^ len(data)) * 0x94D049BB133111EB) % 2**64
    return state ^ (state >> 32)


@examples
@given(st.lists(texts, max_size=8))
def test_hashes_never_change(ids):
    """Buckets of the bootstrap, and so results, follow from them."""
    assert hashes_of(pa.array(ids, pa.string())).tolist() == [slow_hash(text.encode()) for text in ids]


def test_hashes_spread():
    """No two of 200,000 ids collide, and every bit is set in half of the hashes."""
    for ids in (pa.array(np.arange(100_000)), pa.array([f"d{number:07d}" for number in range(100_000)])):
        hashes = hashes_of(ids)
        assert len(np.unique(hashes)) == len(hashes)
        for bit in range(64):
            share = np.count_nonzero((hashes >> np.uint64(bit)) & np.uint64(1)) / len(hashes)
            assert abs(share - 0.5) < 0.02


@examples
@given(st.lists(texts, max_size=12, unique=True), st.lists(texts, max_size=12))
def test_find_is_a_dictionary_lookup(known, wanted):
    keys = keys_of(pa.array(known, pa.string()))
    slots, twice = build_table(keys)
    assert twice == -1
    index = {text: i for i, text in enumerate(known)}
    found = find(slots, keys, keys_of(pa.array(wanted, pa.string()))).tolist()
    assert found == [index.get(text, -1) for text in wanted]


@examples
@given(st.lists(st.integers(-4, 4), max_size=10))
def test_a_table_names_the_first_id_that_occurs_twice(ids):
    twice = next((i for i, number in enumerate(ids) if number in ids[:i]), -1)
    assert build_table(keys_of(pa.array(ids, pa.int64())))[1] == twice


def first_state(word: int) -> int:
    """The state of the hash after eight bytes."""
    state = ((0x9E3779B97F4A7C15 ^ word) * 0xBF58476D1CE4E5B9) % 2**64
    return state ^ (state >> 29)


def colliding_ids(pairs: int) -> list[str]:
    """Ids of sixteen letters, two and two with the same hash: their second halves make up for their first."""
    rng = random.Random(0)
    found: list[str] = []
    while len(found) < 2 * pairs:
        one, two = (rng.getrandbits(64) & 0x3F3F3F3F3F3F3F3F | 0x4040404040404040 for _ in range(2))
        one, two = one & 0x7F7F7F7F7F7F7F7F, two & 0x7F7F7F7F7F7F7F7F
        tail = rng.getrandbits(64) & 0x7F7F7F7F7F7F7F7F
        other = first_state(one) ^ first_state(two) ^ tail
        if not other & 0x8080808080808080:  # ASCII
            found += [struct.pack("<QQ", one, tail).decode(), struct.pack("<QQ", two, other).decode()]
    return found


def test_ids_with_the_same_hash_are_told_apart():
    ids = colliding_ids(20)
    keys = keys_of(pa.array(ids))
    assert len(set(keys.hashes.tolist())) == 20
    slots, twice = build_table(keys)
    assert twice == -1
    assert find(slots, keys, keys).tolist() == list(range(40))
    half = keys_of(pa.array(ids[::2]))
    other_half = keys_of(pa.array(ids[1::2]))
    assert find(build_table(half)[0], half, other_half).tolist() == [-1] * 20
    assert build_table(keys_of(pa.array([*ids, ids[3]])))[1] == 40


def test_an_id_has_a_longest_length() -> None:
    assert len(keys_of(pa.array(["a", "é" * 2048])).hashes) == 2
    with pytest.raises(
        DataError, match=r"an id of 4,097 bytes that begins with 'bbb.*', wanted at most 4,096"
    ):
        keys_of(pa.array(["a", "b" * 4097]))
