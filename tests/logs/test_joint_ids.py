"""Session ids that several columns make together."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval import DataError, Log, ope
from rankeval.logs.passes import scan

#: Two days with the sessions 1 and 2 each; the second session of each day has a click.
DAYS = {
    "day": ["mon"] * 4 + ["tue"] * 4,
    "session_id": [1, 1, 2, 2, 1, 1, 2, 2],
    "position": [1, 2] * 4,
    "click": [0, 0, 1, 0, 0, 0, 1, 1],
    "propensity": [0.5] * 8,
    "target_propensity": [0.5] * 8,
}
JOINT: list[Any] = ["day,session_id", "day, session_id", ("day", "session_id"), ["day", "session_id"]]


def ids(log: Log) -> list[Any]:
    parts = scan(log, ["session_id"], lambda part: part.per_session("session_id").to_pylist(), threads=1)
    return sorted(name for part in parts for name in part)


@pytest.mark.parametrize("columns", JOINT)
def test_columns_make_one_id(columns: Any) -> None:
    log = Log(DAYS, columns={"session_id": columns})
    assert ids(log) == ["mon, 1", "mon, 2", "tue, 1", "tue, 2"]
    found = ope(DAYS, "iips", columns={"session_id": columns})
    assert found.estimates[0].value.value == 3 / 4
    assert found.estimates[0].logged.n == 4


def test_without_the_day_the_sessions_of_both_days_are_one() -> None:
    with pytest.raises(DataError, match="row 5, session_id 1: column 'position' is 1, wanted a whole number"):
        ope(DAYS, "iips")


def test_a_column_of_that_name_comes_first() -> None:
    log = Log(DAYS | {"day,session_id": [7, 7, 7, 7, 8, 8, 8, 8]}, columns={"session_id": "day,session_id"})
    assert ids(log) == [7, 8]


def test_mixed_rows_are_sorted_by_all_columns(capfd: pytest.CaptureFixture[str]) -> None:
    mixed = {name: values[::2] + values[1::2] for name, values in DAYS.items()}
    found = ope(mixed, "iips", ci="normal", columns={"session_id": "day,session_id"})
    assert found.estimates[0].value.value == 3 / 4
    assert capfd.readouterr().err.splitlines() == [
        "rankeval: <dict>, row 6: day,session_id 'mon, 2' again after other ids, taken as the same session",
        "rankeval: <dict>: rows are not grouped by day,session_id; sorting on disk first",
    ]


def test_dates_and_texts_are_parts_of_an_id() -> None:
    day = datetime.date(2024, 1, 31)
    log = Log({"d": [day, day], "s": ["a,b", "a"], "t": ["c", "b,c"]}, columns={"session_id": "d,s,t"})
    assert ids(log) == ["2024-01-31, a, b\\,c", "2024-01-31, a\\,b, c"]


PARTS = st.text(",\\ a", max_size=4)


@given(st.lists(st.tuples(PARTS, PARTS), min_size=2, max_size=6))
def test_different_parts_make_different_ids(pairs: list[tuple[str, str]]) -> None:
    distinct = sorted(set(pairs))
    left, right = (list(part) for part in zip(*distinct, strict=True))
    assert len(set(ids(Log({"a": left, "b": right}, columns={"session_id": "a,b"})))) == len(distinct)


@pytest.mark.parametrize(
    ("change", "columns", "message"),
    [
        ({}, "week,session_id", "no column 'week' of the id 'week,session_id'; it has day, session_id"),
        ({"day": [0.5] * 8}, "day,session_id", "column 'day' holds double, wanted integers, texts or dates"),
        (
            {"day": ["mon", None] + ["tue"] * 6},
            "day,session_id",
            "<dict>, row 2: column 'day,session_id' is null, wanted an id",
        ),
    ],
)
def test_wrong_parts_are_named(change: dict[str, Any], columns: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(DAYS | change, "iips", columns={"session_id": columns})
    assert message in str(caught.value)
