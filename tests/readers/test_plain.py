from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers.plain import plain
from tests.readers.helpers import examples

LISTS = st.lists(st.none() | st.lists(st.none() | st.integers(0, 9), max_size=4), max_size=8)


@examples
@given(LISTS, st.sampled_from([pa.list_view, pa.large_list_view]), st.integers(0, 8))
def test_views_of_lists_are_lists(values: list[Any], kind: Any, start: int) -> None:
    found = plain(pa.array(values, kind(pa.int64())).slice(start))
    found.validate(full=True)
    assert found.type == pa.list_(pa.int64())
    assert found.to_pylist() == values[start:]


def test_views_in_any_order_and_within_lists() -> None:
    views = pa.ListViewArray.from_arrays([2, 0, 0], [2, 1, 3], pa.array([1, 2, 3, 4]))
    assert plain(views).to_pylist() == [[3, 4], [1], [1, 2, 3]]
    inside = pa.array([[[1], [2, 3]], None, [[]]], pa.list_(pa.list_view(pa.int32())))
    assert plain(inside).to_pylist() == [[[1], [2, 3]], None, [[]]]
    assert plain(inside).type == pa.list_(pa.list_(pa.int32()))


@pytest.mark.parametrize("encode", [False, True])
def test_run_ends_are_decoded(encode: bool) -> None:
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", None]))
    assert plain(runs, encode=encode).to_pylist() == ["x", "x", None]
