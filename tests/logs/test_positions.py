"""Positions of items, from a column or from the order of nested lists."""

from __future__ import annotations

import numpy as np

from rankeval import Log
from rankeval.logs.passes import scan
from rankeval.logs.positions import item_positions, position_of, position_roles

NESTED = {"session_id": [7, 8], "click": [[0, 1], [1, 0, 0]]}
LONG = {"session_id": [7, 7, 8], "position": [2, 1, None], "click": [0, 1, 0]}


def test_nested_lists_are_in_order() -> None:
    log = Log(NESTED)
    assert position_roles(log) == []
    (sessions,) = scan(log, ["session_id", "click"], lambda part: part, threads=1)
    assert item_positions(sessions).tolist() == [1, 2, 1, 2, 3]
    assert [position_of(sessions, item) for item in range(5)] == [1, 2, 1, 2, 3]


def test_a_column_says_so_itself() -> None:
    assert position_roles(Log(NESTED | {"position": [[2, 1], [1, 2, 3]]})) == ["position"]
    log = Log(LONG)
    assert position_roles(log) == ["position"]
    (sessions,) = scan(log, ["session_id", "position"], lambda part: part, threads=1)
    assert np.array_equal(item_positions(sessions), [2.0, 1.0, np.nan], equal_nan=True)
    assert position_of(sessions, 0) == 2
