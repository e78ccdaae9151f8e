"""Null rewards that count as 0, and how many there were."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, Log, UsageError, fit, interleave_analyse, ope, propensity
from rankeval.logs.passes import scan
from rankeval.logs.reader_notes import reader_notes
from rankeval.logs.sessions import Sessions

HALF = {"propensity": [0.5] * 4, "target_propensity": [0.25, 0.5, 0.5, 0.5]}
NOTE = "null_reward: {} rows had no reward (null or NaN), which counts as 0"


def read(log: Log, *roles: str) -> list[Sessions]:
    return scan(log, roles, lambda part: part, threads=1)


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_null_or_nan_counts_as_0(nothing: Any) -> None:
    log = HALF | {"reward": [1.0, nothing, 3.0, nothing]}
    with pytest.raises(DataError, match=r"column 'reward' is (null|nan), wanted a finite number"):
        ope(log, "ips")
    found = ope(log, "ips", null_reward="zero")
    assert found.estimates[0].value.value == (0.5 * 1.0 + 3.0) / 4
    assert NOTE.format(2) in found.warnings
    assert found.to_dict()["inputs"]["null_reward"] == "zero"


def test_whole_rewards_and_booleans_have_nulls_too() -> None:
    for rewards in ([1, None, 1, 0], [True, None, True, False]):
        found = ope(HALF | {"reward": rewards}, "ips", null_reward="zero")
        assert found.estimates[0].value.value == 1.5 / 4
        assert NOTE.format(1) in found.warnings


def test_without_nulls_nothing_is_said() -> None:
    found = ope(HALF | {"reward": [1, 0, 1, 0]}, "ips", null_reward="zero")
    assert not any("null_reward" in warning for warning in found.warnings)


def test_columns_of_an_expression_are_filled_and_rows_are_counted_once() -> None:
    log = HALF | {"click": [1, None, 1, None], "purchase": [None, None, 2.0, 1.0]}
    found = ope(log, "ips", reward="click + 5*purchase", null_reward="zero")
    assert found.estimates[0].value.value == (0.5 * 1 + 0 + 11 + 5) / 4
    assert NOTE.format(3) in found.warnings


def test_items_of_lists_are_filled() -> None:
    log = Log({"session_id": [1, 2, 3], "click": [[1, None], [None], []]}, null_reward="zero")
    (sessions,) = read(log, "session_id", "click")
    assert sessions.column("click").to_pylist() == [1.0, 0.0, 0.0]
    assert [note.text for note in reader_notes(log)] == [NOTE.format(2)]


def test_rows_are_counted_once_however_often_they_are_read(tmp_path: Any) -> None:
    table = pa.table({"session_id": [1, 2, 1, 2], "click": [None, 1, None, 0], "position": [1, 1, 2, 2]})
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=2)
    log = Log(str(tmp_path / "log.parquet"), null_reward="zero")  # sorted on disk, as its sessions are mixed
    for _ in range(2):
        read(log, "session_id", "click")
    assert [note.numbers for note in reader_notes(log)] == [{"rows": 2}]


def test_rewards_of_sessions_are_filled() -> None:
    log = {
        "session_id": [1, 2], "click": [[0, 1], [1]], "session_reward": [None, 4.0],
        "propensity_list": [0.5, 0.5], "target_propensity_list": [0.5, 0.25],
    }  # fmt: skip
    assert ope(log, "sips", null_reward="zero").estimates[0].value.value == 1.0


def test_every_command_takes_clicks_that_are_null() -> None:
    clicks = [1, None, None, 1, 1, None]
    log = {"session_id": [1, 1, 2, 2, 3, 3], "position": [1, 2] * 3, "click": clicks, "item_id": [5, 6] * 3}
    zeros = log | {"click": [click or 0 for click in clicks]}
    for command, options in (
        (propensity, {"method": "shuffle"}),
        (fit, {}),
        (interleave_analyse, {"columns": {"team": "item_id"}, "a": "5", "b": "6"}),
    ):
        found = command(log, **options, null_reward="zero")  # type: ignore[operator]
        plain = command(zeros, **options)  # type: ignore[operator]
        assert NOTE.format(3) in found.warnings
        assert [w for w in found.warnings if "null_reward" not in w] == list(plain.warnings)
        with pytest.raises(DataError, match="column 'click' is null, wanted 0 or 1"):
            command(log, **options)  # type: ignore[operator]


def test_the_choice_is_checked() -> None:
    with pytest.raises(UsageError, match="null_reward: found 'skip', wanted error or zero"):
        ope(HALF | {"reward": [1] * 4}, null_reward="skip")
    with pytest.raises(UsageError, match="null_reward: found a Log, which has its own"):
        ope(Log(HALF | {"reward": [1] * 4}), null_reward="zero")
