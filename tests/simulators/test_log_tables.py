from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rankeval.simulators.log_tables import Column, Layout, id_column, strings, to_table

SHOWN = np.array([[True, True], [True, False]])
COLUMNS = {
    "session": Column(np.array([7, 8]), pa.int64(), once=True),
    "name": Column(np.array([1, 0]), pa.string(), strings(["x", "yé"]), once=True),
    "maybe": Column(np.array([3, 4]), pa.int16(), null=np.array([True, False]), once=True),
    "flag": Column(np.array([True, False]), pa.bool_(), once=True),
    "nothing": Column(None, pa.float64(), once=True),
    "click": Column(np.array([[1, 0], [1, 1]], np.int8), pa.int8()),
    "unknown": Column(None, pa.float64()),
}


def test_long_layout_has_a_row_an_item():
    table = to_table(COLUMNS, SHOWN, "long")
    assert table.to_pydict() == {
        "session": [7, 7, 8],
        "name": ["yé", "yé", "x"],
        "maybe": [None, None, 4],
        "flag": [True, True, False],
        "nothing": [None, None, None],
        "click": [1, 0, 1],
        "unknown": [None, None, None],
    }


def test_nested_layout_has_a_row_a_session():
    table = to_table(COLUMNS, SHOWN, "nested")
    assert table.to_pydict() == {
        "session": [7, 8],
        "name": ["yé", "x"],
        "maybe": [None, 4],
        "flag": [True, False],
        "nothing": [None, None],
        "click": [[1, 0], [1]],
        "unknown": [[None, None], [None]],
    }


@pytest.mark.parametrize("layout", ["long", "nested"])
def test_lists_of_full_length_are_not_cut(layout: Layout):
    table = to_table(COLUMNS, np.ones((2, 2), bool), layout)
    clicks = table["click"].combine_chunks()
    assert (clicks if layout == "long" else clicks.flatten()).to_pylist() == [1, 0, 1, 1]


def test_integer_ids_stand_for_themselves_as_narrow_as_they_fit():
    kind, names, values = id_column([5, -3])
    assert (kind, names, values.tolist()) == (pa.int32(), None, [5, -3])
    kind, names, values = id_column([5, -(2**63)])
    assert (kind, names, values.tolist()) == (pa.int64(), None, [5, -(2**63)])


def test_string_ids_stand_for_their_number_among_the_distinct():
    kind, names, values = id_column(["b", "", "b", "é"])
    assert kind == pa.string()
    assert names is not None
    assert names.to_pylist() == ["", "b", "é"]
    assert values.tolist() == [1, 0, 1, 2]
