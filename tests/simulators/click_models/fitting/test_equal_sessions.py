from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.kernels import read_only
from rankeval.arrays.ragged import offsets_of
from rankeval.simulators.click_models.fitting.equal_sessions import equal_stretches, indexed


@given(st.lists(st.integers(0, 5) | st.integers(0, 2**64 - 1), max_size=60))
def test_keys_are_numbered_in_the_order_of_their_first_place(keys: list[int]) -> None:
    numbers, first = indexed(read_only(np.array(keys, np.uint64)))
    distinct = list(dict.fromkeys(keys))
    assert [distinct[number] for number in numbers] == keys
    assert [keys[place] for place in first] == distinct


@given(st.lists(st.tuples(st.lists(st.integers(0, 2), max_size=3), st.integers(0, 1)), max_size=40))
def test_equal_stretches_are_those_of_equal_words_and_place(rows: list[tuple[list[int], int]]) -> None:
    words = np.array([word for stretch, _ in rows for word in stretch], np.int32)
    offsets = read_only(offsets_of(np.array([len(stretch) for stretch, _ in rows], np.int64)))
    places = read_only(np.array([place for _, place in rows], np.int64))
    numbers, first = equal_stretches(read_only(words), offsets[:-1], offsets[1:], places)
    keys = [(tuple(stretch), place) for stretch, place in rows]
    distinct = list(dict.fromkeys(keys))
    assert [distinct[number] for number in numbers] == keys
    assert [keys[row] for row in first] == distinct
