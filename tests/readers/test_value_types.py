from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers.value_types import as_array, settled, traits_of
from tests.readers.helpers import examples

HUGE = 2**63


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([1, None, -2], pa.int64(), [1, None, -2]),
        ([HUGE - 1, -HUGE], pa.int64(), [HUGE - 1, -HUGE]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([True, None], pa.bool_(), [True, None]),
        (["a", None], pa.string(), ["a", None]),
        ([None, None], pa.null(), [None, None]),
        ([7, "07"], pa.string(), ["7", "07"]),
        ([7, HUGE], pa.string(), ["7", str(HUGE)]),
        ([0.5, 2**53 + 1], pa.string(), ["0.5", str(2**53 + 1)]),
        ([True, 1, 0.5], pa.string(), ["true", "1", "0.5"]),
        (["a", float("nan")], pa.string(), ["a", None]),
        ([[1, 2], [], None], pa.list_(pa.int64()), [[1, 2], [], None]),
        ([[1], [0.5, None]], pa.list_(pa.float64()), [[1.0], [0.5, None]]),
        ([["a"], [7]], pa.list_(pa.string()), [["a"], ["7"]]),
        ([[[1]], [[0.5], []]], pa.list_(pa.list_(pa.float64())), [[[1.0]], [[0.5], []]]),
        ([[], []], pa.list_(pa.null()), [[], []]),
        ([[1, 2], "a", 3], pa.string(), ["[1, 2]", "a", "3"]),
        ([np.int64(3), np.float32(0.5)], pa.float64(), [3.0, 0.5]),
        ([np.bool_(True), False], pa.bool_(), [True, False]),
    ],
)
def test_the_type_that_holds_all_values(values: list[Any], kind: pa.DataType, wanted: list[Any]) -> None:
    assert settled(traits_of(values)) == kind
    found = as_array(values, kind)
    assert found.type == kind
    assert found.to_pylist() == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2], [1.0, 2.0]),
        ([2**70, 0.5], [2.0**70, 0.5]),
        ([10**400, -(10**400)], [math.inf, -math.inf]),
    ],
)
def test_floats_on_request(values: list[Any], wanted: list[float]) -> None:
    kind = settled(traits_of(values), as_float=True)
    assert as_array(values, kind).to_pylist() == wanted


scalars = st.one_of(
    st.none(), st.integers(-(10**20), 10**20), st.text(max_size=2), st.booleans(), st.floats()
)


@examples
@given(st.lists(st.one_of(scalars, st.lists(scalars, max_size=2))), st.integers(0, 9))
def test_the_order_of_blocks_is_of_no_matter(values: list[Any], cut: int) -> None:
    parts = traits_of(values[cut:]) | traits_of(values[:cut])
    assert settled(parts) == settled(traits_of(values))
    assert len(as_array(values, settled(parts))) == len(values)
