"""Integers and texts join by the plain decimal form of the integer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays import build_table, find, hashes_like, integers_of, keys_like, keys_of, texts_of
from tests.readers.helpers import examples

KINDS = [pa.int8(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64()]
TEXTS = st.one_of(
    st.integers(-(2**66), 2**66).map(str),
    st.sampled_from(["", "07", "+7", "-0", "7.0", " 7", "7 ", "1e3", "0x1f", "٣", "a", "-", "7\n", "00"]),
)


@examples
@given(st.lists(TEXTS), st.sampled_from(KINDS))
def test_a_text_is_an_integer_if_it_is_its_plain_form(texts: list[str], kind: Any) -> None:
    info = np.iinfo(kind.to_pandas_dtype())
    wanted = [
        int(text) if text in (str(n) for n in _numbers(text)) and info.min <= int(text) <= info.max else None
        for text in texts
    ]
    found = integers_of(pa.array(texts, pa.string()), kind)
    assert found.type == kind
    assert found.to_pylist() == wanted


def _numbers(text: str) -> list[int]:
    try:
        return [int(text)]
    except ValueError:
        return []


@examples
@given(st.data(), st.sampled_from(KINDS))
def test_integers_come_back_from_their_texts(data: Any, kind: Any) -> None:
    info = np.iinfo(kind.to_pandas_dtype())
    ids = pa.array(data.draw(st.lists(st.integers(int(info.min), int(info.max)))), kind)
    texts = texts_of(ids)
    assert texts.to_pylist() == [str(each) for each in ids.to_pylist()]
    assert integers_of(texts, kind) == ids
    assert texts_of(ids.dictionary_encode()) == texts
    for one, other in ((texts, ids), (ids, texts), (texts.dictionary_encode(), ids)):
        joined = keys_like(one, other.type)
        np.testing.assert_array_equal(joined.hashes, keys_of(other).hashes)
        np.testing.assert_array_equal(joined.data, keys_of(other).data)
        np.testing.assert_array_equal(hashes_like(one, other.type), joined.hashes)


def test_ids_of_the_same_kind_stay() -> None:
    encoded = pa.array(["a", "b"]).dictionary_encode()
    assert texts_of(encoded) is encoded
    assert keys_like(encoded, pa.string()).data.tobytes() == b"ab"
    small = pa.array([1], pa.int8())
    np.testing.assert_array_equal(keys_like(small, pa.uint64()).hashes, keys_of(small).hashes)


def test_a_text_that_is_no_integer_joins_none() -> None:
    """Eight letters have the bytes of an integer."""
    word = "\x40abcdefg"
    twin = pa.array([int.from_bytes(word.encode(), "big") - 2**63])
    assert keys_of(twin).data.tobytes() == word.encode()
    texts = pa.array([word, "07", str(twin[0].as_py()), "", "0"])
    slots, _ = build_table(keys_of(twin))
    assert find(slots, keys_of(twin), keys_like(texts, pa.int64())).tolist() == [-1, -1, 0, -1, -1]


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64()])
def test_numbers_beyond_64_bits(kind: pa.DataType) -> None:
    texts = pa.array(["9223372036854775807", "9223372036854775808", "18446744073709551615", "-1"])
    large = pa.types.is_unsigned_integer(kind)
    wanted = [2**63 - 1, 2**63 if large else None, 2**64 - 1 if large else None, None if large else -1]
    assert integers_of(texts, kind).to_pylist() == wanted
