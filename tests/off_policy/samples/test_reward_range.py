"""Rewards and predictions outside a stated range."""

from __future__ import annotations

import math
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import UsageError, ope
from rankeval.off_policy.samples.reward_range import Outside, RangeCheck, RewardRange, parse_range
from tests import naive_off_policy, naive_rankings
from tests.log_files import nested, write_parts
from tests.readers.helpers import error_of

BANDIT = naive_off_policy.random_log(500, seed=1)
RANKING = naive_rankings.random_log(200, seed=1)


def with_values(log: dict[str, Any], name: str, values: dict[int, float]) -> dict[str, Any]:
    column = np.array(log[name], dtype=float)
    column[list(values)] = list(values.values())
    return log | {name: column}


def outside(log: Any, *estimators: str, reward_range: Any = (0, 1), **options: Any) -> list[str]:
    """The warnings of the predictions outside; of values they are in test_value_range.py."""
    result = ope(log, estimators, reward_range=reward_range, **options)
    return [note.text for note in result.notes if note.code == "predictions_outside_range"]


# What is stated.


@pytest.mark.parametrize(
    "value", ["0,1", " 0 , 1.0 ", (0, 1), [0.0, 1.0], ("0", "1"), np.array([0, 1]), np.float32([0, 1])]
)
def test_a_range(value: Any) -> None:
    assert parse_range(value) == RewardRange(0.0, 1.0)
    assert ope(BANDIT, "ips", reward_range=value).inputs["reward_range"] == [0.0, 1.0]


def test_no_range() -> None:
    assert parse_range(None) is None
    assert ope(BANDIT, "ips").inputs["reward_range"] is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        "1,0",
        "0,0",
        "0,1,2",
        "a,b",
        "0,inf",
        "nan,1",
        "0;1",
        (1,),
        (1, 0),
        (0, math.nan),
        5,
        {},
        (0, None),
    ],
)
def test_what_is_no_range(value: Any) -> None:
    parts = ("reward_range", repr(value), "LOW,HIGH", "finite")
    error_of(lambda: ope(BANDIT, "ips", reward_range=value), *parts, kind=UsageError)


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(0, 1, "[0, 1]"), (-0.5, 1.25, "[-0.5, 1.25]"), (0.1234567, 1e20, "[0.1234567, 1e+20]")],
)
def test_a_range_is_shown_as_it_is(low: float, high: float, shown: str) -> None:
    assert str(RewardRange(float(low), float(high))) == shown


# Rewards.


@pytest.mark.parametrize("value", [1.5, -0.25, math.inf])
def test_a_reward_outside_is_an_error(tmp_path: Path, value: float) -> None:
    log = with_values(BANDIT, "reward", {300: value, 400: 7.0})
    folder = write_parts(tmp_path / "log", pa.table(log), row_group_size=90, files=2)
    parts = ("part-001.parquet, row 51: column 'reward' is", str(value), "a reward in the range [0, 1]")
    for threads in (1, 3):
        error_of(lambda threads=threads: ope(folder, "ips", reward_range="0,1", threads=threads), *parts)


@pytest.mark.parametrize("name", ["reward", "click"])
def test_a_reward_outside_names_session_and_position(name: str) -> None:
    log = {(name if column == "reward" else column): values for column, values in RANKING.items()}
    item = int(np.flatnonzero(RANKING["position"] == 3)[4])
    table = pa.table(with_values(log, name, {item: 2.0}))
    session = int(RANKING["session_id"][item])
    parts = (f"session_id {session}: column {name!r} is 2.0 at position 3", "[0, 1]")
    error_of(lambda: ope(table, "iips", reward_range="0,1"), f"row {item + 1}, ", *parts)
    shuffled = np.lexsort((np.random.default_rng(0).random(table.num_rows), RANKING["session_id"]))
    error_of(lambda: ope(table.take(shuffled), "iips", reward_range="0,1"), *parts)
    lists = nested(table, "session_id", ("country", "user"))
    error_of(lambda: ope(lists, "iips", reward_range="0,1"), f"row {session + 1}, ", *parts)
    ordered = lists.drop_columns("position")
    error_of(lambda: ope(ordered, "iips", reward_range="0,1"), f"row {session + 1}, ", *parts)


def test_a_computed_reward_is_shown_as_it_was_written() -> None:
    log = with_values(BANDIT, "reward", {7: 1.0})
    parts = ("row 8", "'2*reward - 0.5' is 1.5", "[-0.5, 1.25]")
    log["reward"][:7] = 0.0
    error_of(lambda: ope(log, "ips", reward="2*reward - 0.5", reward_range="-0.5,1.25"), *parts)


def test_null_is_no_number_to_be_outside() -> None:
    log = with_values(BANDIT, "reward", {300: math.nan})
    error_of(lambda: ope(log, "ips", reward_range="0,1"), "row 301", "finite number")


def test_rounding_is_not_outside() -> None:
    log = BANDIT | {"reward": np.full(500, 0.1, np.float32), "q_logged": np.full(500, 0.3 * 3)}
    assert outside(log, "dr", reward_range=(0, 0.1)) != []
    assert outside(log, "dr", reward_range=(0, 0.9)) == []
    assert outside(BANDIT, "ips", reward="reward + reward*2 - 3*reward + 3*0.1", reward_range=(0, 0.3)) == []
    error_of(lambda: ope(log, "ips", reward_range=(0, 0.09999)), "row 1")


# Predictions.


def test_predictions_outside_are_counted() -> None:
    log = with_values(BANDIT, "q_logged", {3: 1.5, 4: -0.75, 5: 1.0})
    log = with_values(log, "q_target", {490: -2.0})
    notes = [
        "2 of 500 values in column 'q_logged' lie outside the range of rewards [0, 1], the furthest is -0.75",
        "1 of 500 values in column 'q_target' lie outside the range of rewards [0, 1], the furthest is -2.0",
    ]
    assert sorted(outside(log, "dr")) == sorted(notes)
    assert outside(log, "dm") == notes[1:]
    assert outside(log, "ips") == []
    assert outside(log, "dr", reward_range=(-2, 1.5)) == []
    assert [note for note in ope(log, "dr").warnings if "outside" in note] == []


def test_columns_go_by_their_names_and_targets() -> None:
    log = with_values(BANDIT, "q_target", {490: -2.0})
    log["predicted"] = log.pop("q_target")
    options: dict[str, Any] = {"columns": {"q_target": "predicted"}}
    for each in ({}, {"target": {"new": "target_propensity"}}):
        (note,) = outside(log, "dr", **options, **each)
        assert "1 of 500 values in column 'predicted'" in note


def test_weights_do_not_count_but_the_filter_does() -> None:
    log = with_values(BANDIT, "q_target", {490: -2.0, 10: 3.5}) | {"weight": np.full(500, 3)}
    (note,) = outside(log, "dr", where="round_id >= 100", by="country")
    assert note.startswith("1 of 400 values")
    assert note.endswith("the furthest is -2.0")


def test_candidates_are_counted_one_by_one() -> None:
    q = [[0.5, 1.5, 0.1], [0.2, -0.1], [1.0, 0.0]]
    log = {
        "action": [0, 1, 1],
        "reward": [1.0, 0.0, 1.0],
        "candidate_propensities": [[0.5, 0.25, 0.25], [0.5, 0.5], [0.5, 0.5]],
        "candidate_target_propensities": [[0.25, 0.5, 0.25], [0.5, 0.5], [0.5, 0.5]],
        "candidate_q": q,
    }
    (note,) = outside(log, "dr")
    assert note.startswith("2 of 7 values in column 'candidate_q' lie outside")
    assert note.endswith("the furthest is 1.5")
    assert outside(log, "dr", reward_range=(-0.1, 1.5)) == []


def test_predictions_of_the_reward_to_go_may_be_as_large_as_what_is_left() -> None:
    lengths = np.bincount(RANKING["session_id"])[RANKING["session_id"]]
    left = lengths - RANKING["position"] + 1
    log = RANKING | {"q_logged": 1.0 * left, "q_target": 1.0 * left}
    assert outside(log, "cascade_dr") == []
    item = int(np.flatnonzero((lengths == 4) & (RANKING["position"] == 2))[0])
    log = with_values(log, "q_logged", {item: 3.5})
    table = pa.table(log)
    lists = nested(table, "session_id", ("country", "user"))
    order = np.random.default_rng(0).permutation(len(left))
    for each in (table, lists, lists.drop_columns("position"), table.take(order)):
        (note,) = outside(each, "cascade_dr")
        assert note == (
            f"1 of {len(left):,} values in column 'q_logged' lie outside the range of rewards [0, 1] "
            "times the positions left of the list, the furthest is 3.5"
        )


def test_the_least_reward_counts_for_each_position_left_too() -> None:
    log = RANKING | {"reward": RANKING["reward"] + 1.0, "q_target": RANKING["q_target"] + 1.0}
    lengths = np.bincount(RANKING["session_id"])[RANKING["session_id"]]
    left = lengths - RANKING["position"] + 1
    log["q_logged"] = 1.5 * left
    log["q_target"] = np.full(len(left), 1.5)
    (note,) = outside(log, "cascade_dr", reward_range=(1, 2))
    assert note.startswith(f"{np.count_nonzero(left > 1):,} of {len(left):,} values in column 'q_target'")


# Properties.

examples = settings(max_examples=40, deadline=None, derandomize=True, database=None)
numbers = st.floats(-5, 5)


def test_any_split_gives_the_same(tmp_path: Path) -> None:
    values = dict(zip(range(3, 480, 7), np.random.default_rng(0).normal(0.5, 2.0, 69).tolist(), strict=False))
    log = with_values(with_values(BANDIT, "q_logged", values), "q_target", values)
    wanted = outside(log, "dr")
    assert len(wanted) == 2
    for files, rows in ((1, 11), (4, 50), (7, 500)):
        folder = write_parts(tmp_path / f"{files}", pa.table(log), row_group_size=rows, files=files)
        for threads in (1, 4):
            assert outside(folder, "dr", threads=threads) == wanted


@examples
@given(st.lists(numbers, min_size=1, max_size=30), numbers, st.floats(0.01, 5))
def test_same_as_one_value_at_a_time(values: list[float], low: float, width: float) -> None:
    stated = RewardRange(low, low + width)
    allowed = 1e-6 * max(abs(stated.low), abs(stated.high))
    distances = [max(stated.low - value, value - stated.high) for value in values]
    beyond = [distance for distance in distances if distance > allowed]
    n = len(values)
    log = naive_off_policy.random_log(n, 1) | {"reward": np.full(n, low), "q_target": values}
    notes = outside(log, "dm", reward_range=(stated.low, stated.high))
    assert len(notes) == bool(beyond)
    for note in notes:
        assert note.startswith(f"{len(beyond)} of {n} values")
        assert float(note.split()[-1]) == values[distances.index(max(distances))]


@examples
@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=10), st.integers(0, 10))
def test_merging_is_associative(distances: list[float], cut: int) -> None:
    parts = [RangeCheck({"q_logged": Outside(2, 1, i, each)}) for i, each in enumerate(distances)]
    whole = reduce(RangeCheck.merge, parts)
    left, right = parts[:cut], parts[cut:]
    halves = [reduce(RangeCheck.merge, half) for half in (left, right) if half]
    assert reduce(RangeCheck.merge, halves) == whole
    found = whole.columns["q_logged"]
    assert (found.n, found.count) == (2 * len(parts), len(parts))
    assert found.furthest == distances.index(max(distances))
    assert RangeCheck().merge(whole) == whole.merge(RangeCheck()) == whole


# Relevance.


@pytest.mark.parametrize("layout", ["long", "nested"])
def test_predicted_relevance_is_of_one_reward_whatever_the_position(layout: str) -> None:
    log: dict[str, Any] = {
        "session_id": ["s"] * 3 + ["t"] * 3,
        "item_id": ["a", "b", "c"] * 2,
        "position": pa.array([1, 2, None] * 2),
        "click": pa.array([1, 0, None] * 2),
        "score": [0.3, 0.2, 0.1] * 2,
        "q_logged": [1.5, 0.5, 1.2, 1.0, 0.0, -0.1],
    }
    table = pa.table(log)
    data = nested(table, "session_id") if layout == "nested" else table
    (note,) = outside(data, "click_dr", position_bias=[1, 0.5], estimand="full")
    assert note == (
        "3 of 6 values in column 'q_logged' lie outside the range of rewards [0, 1], the furthest is 1.5"
    )


def test_a_reward_outside_beside_items_that_were_not_shown() -> None:
    log = {
        "session_id": ["s", "s"],
        "item_id": ["a", "b"],
        "position": pa.array([None, 1]),
        "click": pa.array([None, 7]),
        "score": [0.3, 0.2],
    }
    error_of(
        lambda: ope(log, "click_ips", position_bias=[1], reward_range=(0, 1)),
        "<dict>, row 2, session_id 's': column 'click' is 7.0 at position 1, wanted a reward",
    )
