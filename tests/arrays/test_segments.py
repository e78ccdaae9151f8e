"""Rows by the values of a column."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.segments import in_order, segments_of
from tests.readers.helpers import examples


def lists(column: pa.Array) -> dict:
    return {value: rows.tolist() for value, rows in segments_of(column).items()}


@examples
@given(st.lists(st.sampled_from(["a", "b", "", None]), max_size=12), st.integers(0, 3))
def test_rows_by_value(values, skipped):
    wanted: dict = {}
    for row, value in enumerate(values):
        wanted.setdefault(value, []).append(row)
    padded = pa.array(["b"] * skipped + values, pa.string())
    for column in (padded, padded.dictionary_encode(), padded.cast(pa.large_string())):
        assert lists(column.slice(skipped)) == wanted


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([2, 1, 2], pa.int8(), {1: [1], 2: [0, 2]}),
        ([True, False, None], pa.bool_(), {True: [0], False: [1], None: [2]}),
        ([1.5, 0.5, 1.5], pa.float64(), {1.5: [0, 2], 0.5: [1]}),
        ([0.0, -0.0, 1.0], pa.float64(), {0.0: [0, 1], 1.0: [2]}),
        ([dt.date(2024, 1, 31)] * 2, pa.date32(), {"2024-01-31": [0, 1]}),
        ([Decimal("1.50"), Decimal("0.25")], pa.decimal128(5, 2), {1.5: [0], 0.25: [1]}),
    ],
)
def test_values_of_every_type(values, kind, wanted):
    found = lists(pa.array(values, kind))
    assert found == wanted
    json.dumps(list(found), allow_nan=False)


def test_what_json_cannot_hold_becomes_text():
    found = lists(pa.array([math.nan, math.inf, 1.0, math.nan], from_pandas=False))
    assert found == {"nan": [0, 3], "inf": [1], 1.0: [2]}


def test_nulls_of_a_dictionary_and_of_its_rows_are_one_segment():
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0], pa.int32()), pa.array(["a", None]))
    assert lists(column) == {"a": [0, 3], None: [1, 2]}


def test_no_rows():
    assert lists(pa.array([], pa.string())) == {}


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([3, None, 1, 2], [1, 2, 3, None]),
        (["b", None, "a"], ["a", "b", None]),
        ([True, False], [False, True]),
        (["nan", 1.5, -2.0, None], [-2.0, 1.5, "nan", None]),
    ],
)
def test_order(values, ordered):
    assert in_order(dict.fromkeys(values)) == ordered
