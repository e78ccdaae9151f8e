"""The reward of a whole session: counted once, however many rows the session has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, RankevalError, UsageError, ope
from rankeval.estimators import ESTIMATORS, parse
from tests import naive_rankings as naive
from tests.log_files import nested

# Sessions of three positions; list weights 2, 0.5, 1.5 and rewards 4, 2.5, 2.
PER_SESSION: dict[str, list[float]] = {
    "purchase": [4.0, 2.5, 2.0],
    "propensity_list": [0.25, 0.5, 0.2],
    "target_propensity_list": [0.5, 0.25, 0.3],
}
LONG: dict[str, Any] = {
    "session_id": np.repeat([1, 2, 3], 3),
    "position": [1, 2, 3] * 3,
    **{name: np.repeat(values, 3) for name, values in PER_SESSION.items()},
}
VALUE = (2 * 4.0 + 0.5 * 2.5 + 1.5 * 2.0) / 3
ROLE = {"session_reward": "purchase"}
BY_POSITION = [name for name, each in ESTIMATORS.items() if each.of_rankings and not each.of_lists]


def values(log: Any, estimators: str, **options: Any) -> list[float | None]:
    return [row.value.value for row in ope(log, estimators, **options).estimates]


def message_of(kind: type[RankevalError], log: Any, estimators: str, **options: Any) -> str:
    with pytest.raises(kind) as raised:
        ope(log, estimators, **options)
    return str(raised.value)


def test_values_by_hand() -> None:
    result = ope(LONG, "sips,snsips,sips:max_weight=1", columns=ROLE)
    found = [row.value.value for row in result.estimates]
    clipped = (1 * 4.0 + 0.5 * 2.5 + 1 * 2.0) / 3
    assert found == pytest.approx([VALUE, VALUE * 3 / (2 + 0.5 + 1.5), clipped], rel=1e-14)
    assert result.logged.value == pytest.approx(8.5 / 3, rel=1e-14)
    assert not any(note.code == "reward_repeated" for note in result.notes)


def test_a_reward_that_stands_in_every_row_says_that_it_is_counted_there() -> None:
    result = ope(LONG, "sips", columns={"reward": "purchase"})
    assert result.estimates[0].value.value == pytest.approx(3 * VALUE)
    (note,) = (note for note in result.notes if note.code == "reward_repeated")
    assert note.text == (
        "all rows of each session have the same 'purchase', and it is counted in each of them: a reward of "
        "the whole session has the role session_reward"
    )
    assert note.numbers == {"sessions": 3}


def test_rewards_that_differ_within_one_session_are_rewards_of_positions() -> None:
    log = naive.random_log(300, seed=1)
    assert not any(note.code == "reward_repeated" for note in ope(log, "sips").notes)
    equal = LONG | {"purchase": np.ones(9)}
    notes = ope(equal, "sips", columns={"reward": "purchase"}).notes
    assert not any(note.code == "reward_repeated" for note in notes)


@pytest.mark.parametrize("name", ["sips", "snsips", "pi"])
def test_the_sum_of_rewards_by_position_as_reward_of_the_session(name: str, tmp_path: Path) -> None:
    """The same value and error as from the rewards by position, in every layout."""
    table = pa.table(naive.random_log(300, seed=2))
    totals = naive.totals(naive.sessions_of(naive.random_log(300, seed=2)))
    sizes = [len(session["reward"]) for session in naive.sessions_of(naive.random_log(300, seed=2))]
    whole = table.drop_columns(["reward"]).append_column("session_reward", pa.array(np.repeat(totals, sizes)))
    (wanted,) = ope(table, name, cluster="user").estimates
    lists = nested(whole, "session_id", ("country", "user", "session_reward"))
    plain = lists.rename_columns([{"session_reward": "reward"}.get(n, n) for n in lists.schema.names])
    pq.write_table(whole, tmp_path / "log.parquet", row_group_size=70)
    for log in (
        whole,
        tmp_path / "log.parquet",
        lists,
        plain,
        nested(whole, "session_id", ("country", "user")),
    ):
        (row,) = ope(log, name, cluster="user").estimates
        assert row.value.value == pytest.approx(wanted.value.value, rel=1e-12)
        assert row.gain.std_error == pytest.approx(wanted.gain.std_error, rel=1e-9)


@pytest.mark.parametrize("name", BY_POSITION)
def test_estimators_of_rewards_by_position_say_so(name: str) -> None:
    asked = f"{name}@1" if ESTIMATORS[name].cutoff == "required" else name
    label = parse(asked).label
    assert message_of(DataError, LONG, asked, columns=ROLE) == (
        f"<dict>: {label} needs rewards by position, and column 'purchase' holds one a session; wanted sips, "
        "pi, snsips, or a column of rewards by position"
    )


def test_both_rewards_in_one_call() -> None:
    log = LONG | {"click": [1, 0, 0] * 3, "propensity": np.full(9, 0.5), "target_propensity": np.full(9, 0.5)}
    assert "wanted one call for sips, pi, snsips and another for iips" in message_of(
        UsageError, log, "sips,iips", columns=ROLE
    )
    result = ope(log, "iips", columns=ROLE)
    assert result.logged.value == 1.0
    assert "column 'purchase' is not used: the reward is that of positions" in result.warnings
    assert values(log, "sips", columns=ROLE) == [pytest.approx(VALUE)]
    assert values(log, "sips", columns=ROLE, reward="2*click") == [pytest.approx(2 * (2 + 0.5 + 1.5) / 3)]


def test_a_session_with_two_rewards_is_an_error() -> None:
    log = LONG | {"purchase": [4.0, 4, 4, 2.5, 2.5, 9, 2, 2, 2]}
    message = message_of(DataError, log, "sips", columns=ROLE)
    found = "row 6, session_id 2: column 'purchase' is 9.0"
    assert message.endswith(f"{found}, wanted one value throughout a session")
    unknown = LONG | {"purchase": [np.nan] * 9}
    message = message_of(DataError, unknown, "sips", columns=ROLE)
    assert message.endswith("column 'purchase' is nan, wanted a finite number")


NESTED: dict[str, Any] = {"session_id": [1, 2, 3], "item_id": [["a", "b", "c"], ["a"], []], **PER_SESSION}


def test_a_number_in_nested_layout_is_the_reward_of_the_session() -> None:
    """Also of a session that shows nothing, and if an expression computes it."""
    log = {("reward" if name == "purchase" else name): column for name, column in NESTED.items()}
    assert values(log, "sips") == values(NESTED, "sips", columns=ROLE) == [pytest.approx(VALUE)]
    result = ope(NESTED, reward="2*purchase")
    assert [(row.label, row.value.value) for row in result.estimates] == [("sips", pytest.approx(2 * VALUE))]


def test_a_number_leaves_no_reward_by_position_to_fall_back_on() -> None:
    """An expression of numbers does not give way to a list in column ``reward``."""
    log = NESTED | {"reward": [[1.0, 0, 0], [1.0], []], "propensity": [[0.5] * 3, [0.5], []]}
    log |= {"target_propensity": log["propensity"]}
    assert values(log, "iips") == [pytest.approx(2 / 3)]
    needs = "iips needs rewards by position, and column '2*purchase' holds one a session"
    for names in ("iips", "sips,iips"):
        assert needs in message_of(DataError, log, names, reward="2*purchase")
    plain = log | {"reward": [4.0, 2.5, 2.0], "click": log["reward"]}
    assert "column 'reward' holds one a session" in message_of(DataError, plain, "iips")
    assert values(plain, "sips") == [pytest.approx(VALUE)]


def test_the_range_is_that_of_the_session() -> None:
    ope(NESTED, "sips", columns=ROLE, reward_range="0,4")
    for log in (NESTED, LONG):
        message = message_of(DataError, log, "sips", columns=ROLE, reward_range="0,3")
        found = "row 1, session_id 1: column 'purchase' is 4.0"
        assert message.endswith(f"{found}, wanted a reward in the range [0, 3]")
    result = ope(LONG | {"target_propensity_list": [1.0] * 9}, "sips", columns=ROLE, reward_range="0,4")
    (note,) = (note for note in result.notes if note.code == "value_outside_range")
    assert note.text.endswith("outside [0, 4], the range of rewards [0, 4]")
