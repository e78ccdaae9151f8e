"""Positions of items, from a column or from the order of nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import DataError, Log
from rankeval.logs.passes import scan
from rankeval.logs.positions import (
    item_positions,
    order_by_position,
    placed,
    position_of,
    position_roles,
    require_no_gaps,
)
from rankeval.logs.sessions import Sessions

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


def sessions_of(positions: list[Any], ids: list[int], **options: Any) -> Sessions:
    log = Log({"session_id": ids, "position": positions}, **options)
    return max(scan(log, ["session_id", "position"], lambda part: part, threads=1), key=len)


def test_gaps_keep_positions_and_their_order() -> None:
    order, positions = placed(sessions_of([9, 2, 5, 1, 2], [7, 7, 7, 8, 8]))
    assert order is not None
    assert order.tolist() == [1, 2, 0, 3, 4]
    assert positions is not None
    assert positions.tolist() == [2, 5, 9, 1, 2]
    order, positions = placed(sessions_of([2, 5, 1], [7, 7, 8]))
    assert order is None
    assert positions is not None
    assert positions.tolist() == [2, 5, 1]


def test_lists_without_gaps_need_no_positions() -> None:
    assert placed(sessions_of([1, 2, 1], [7, 7, 8])) == (None, None)
    order, positions = placed(sessions_of([2, 1, 1], [7, 7, 8]))
    assert order is not None
    assert order.tolist() == [1, 0, 2]
    assert positions is None


def test_positions_may_count_from_0() -> None:
    sessions = sessions_of([1, 0, 0, 4], [7, 7, 8, 8], first_position=0)
    assert item_positions(sessions).tolist() == [2, 1, 1, 5]
    order, positions = placed(sessions)
    assert order is not None
    assert order.tolist() == [1, 0, 2, 3]
    assert positions is not None
    assert positions.tolist() == [1, 2, 1, 5]
    assert position_of(sessions, 0) == 1


@pytest.mark.parametrize(
    ("positions", "options", "message"),
    [
        (
            [1, 2, 2, 3],
            {},
            "row 3, session_id 7: column 'position' is 2, wanted a whole number from 1 to 10000",
        ),
        ([1, 2, 3, -1], {}, "row 4, session_id 8: column 'position' is -1, wanted a whole number from 1"),
        ([1, 2.5, 3, 1], {}, "row 2, session_id 7: column 'position' is 2.5, wanted a whole number from 1"),
        ([1, 20_000, 3, 1], {}, "row 2, session_id 7: column 'position' is 20000, wanted a whole number"),
        ([0, 1, 2, 0], {}, "once in the session; all sessions so far start at 0: --first-position 0"),
        ([-1, 1, 2, 0], {"first_position": 0}, "is -1, wanted a whole number from 0 to 9999, each once"),
    ],
)
def test_wrong_positions_are_named(positions: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        order_by_position(sessions_of(positions, [7, 7, 7, 8], **options))
    assert message in str(caught.value)


def test_one_session_at_0_says_nothing_of_the_others() -> None:
    with pytest.raises(DataError) as caught:
        order_by_position(sessions_of([0, 1, 2, 1], [7, 7, 7, 8]))
    assert str(caught.value).endswith("is 0, wanted a whole number from 1 to 10000, each once in the session")


def test_sessions_that_all_start_at_1_do_not_count_from_0() -> None:
    ids = np.repeat(np.arange(22), 2).tolist()
    with pytest.raises(DataError, match=r"is 1, wanted 0 in some sessions; .*: --first-position 1"):
        order_by_position(sessions_of([1, 2] * 22, ids, first_position=0))
    assert placed(sessions_of([1, 2] * 20 + [0, 2, 1, 2], ids, first_position=0)).positions is not None


def test_gaps_can_be_refused() -> None:
    require_no_gaps(sessions_of([2, 1, 1], [7, 7, 8]), "a plan")
    with pytest.raises(DataError) as caught:
        require_no_gaps(sessions_of([0, 2, 0], [7, 7, 8], first_position=0), "a plan")
    wanted = "wanted each of 0 to 1 once in the session: a plan takes lists without gaps"
    assert str(caught.value) == f"<dict>, row 2, session_id 7: column 'position' is 2, {wanted}"
