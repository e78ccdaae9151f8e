"""Numbers that a bandit log holds twice must agree, and actions may count from 0 or 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, Log, UsageError, ope
from rankeval.off_policy.samples import redundancy
from tests.cli.helpers import call

# Four rounds of actions that count from 1: weights 2, 0.5, 0.5, 2 and rewards 1, 0, 1, 0.
FROM_ONE: dict[str, Any] = {
    "action": [1, 2, 2, 1],
    "reward": [1.0, 0.0, 1.0, 0.0],
    "propensity": [0.25, 0.5, 0.5, 0.25],
    "candidate_propensities": [[0.25, 0.5, 0.25]] * 4,
    "candidate_target_propensities": [[0.5, 0.25, 0.25]] * 4,
}
VALUE = (2 * 1 + 0.5 * 0 + 0.5 * 1 + 2 * 0) / 4
# Three rounds that hold everything twice.
TWICE: dict[str, Any] = {
    "reward": [1.0, 0.0, 2.0],
    "action": [1, 0, 2],
    "candidate_propensities": [[0.5, 0.25, 0.25], [0.5, 0.5], [0.2, 0.4, 0.4]],
    "candidate_target_propensities": [[0.0, 0.5, 0.5], [0.75, 0.25], [0.3, 0.5, 0.2]],
    "candidate_q": [[0.1, 0.2, 0.3], [0.4, 0.5], [0.6, 0.7, 0.8]],
    "propensity": [0.25, 0.5, 0.4],
    "target_propensity": [0.5, 0.75, 0.2],
    "q_logged": [0.2, 0.4, 0.8],
    "q_target": [0.25, 0.425, 0.69],
}


LISTS = ("reward", "action", "candidate_propensities", "candidate_target_propensities", "candidate_q")


def error_of(log: Any, estimators: str = "ips", **options: Any) -> str:
    with pytest.raises(DataError) as raised:
        ope(log, estimators, **options)
    return str(raised.value)


def value_of(log: Any, estimators: str = "ips", **options: Any) -> float:
    value = ope(log, estimators, **options).estimates[0].value.value
    assert value is not None
    return value


def test_actions_from_1_are_an_error_that_says_so() -> None:
    assert error_of(FROM_ONE) == (
        "<dict>, row 1: column 'propensity' is 0.25, wanted 0.5 as in 'candidate_propensities' at action 1; "
        "all 4 rows so far fit actions that count from 1: --first-action 1"
    )


def test_actions_from_1_by_hand() -> None:
    assert value_of(FROM_ONE, first_action=1) == VALUE == 0.625
    lists = {name: values for name, values in FROM_ONE.items() if name != "propensity"}
    assert value_of(lists, first_action=1) == VALUE
    assert value_of(Log(lists, first_action=1)) == VALUE


def test_first_action_is_the_same_as_numbers_that_count_from_0() -> None:
    rng = np.random.default_rng(1)
    n, names = 300, ["ips", "dr", "mips"]
    log = {
        "round_id": np.arange(n),
        "reward": rng.random(n),
        "action": rng.integers(0, 4, n),
        "candidate_propensities": rng.dirichlet(np.full(4, 5.0), n),
        "candidate_target_propensities": rng.dirichlet(np.full(4, 5.0), n),
        "embedding": rng.integers(0, 2, n),
        "age": rng.random(n),
    }
    options: dict[str, Any] = {"reward_model": "ridge", "features": "age", "model_weighting": "mrdr"}
    wanted = ope(log, names, **options)
    found = ope(log | {"action": log["action"] + 1}, names, first_action=1, **options)
    assert [row.value for row in found.estimates] == [row.value for row in wanted.estimates]
    assert found.inputs["first_action"] == 1


def test_on_the_command_line(tmp_path: Path) -> None:
    pq.write_table(pa.table(FROM_ONE), tmp_path / "log.parquet")
    assert "--first-action 1" in call("ope", tmp_path / "log.parquet", "-e", "ips").error
    called = call("ope", tmp_path / "log.parquet", "-e", "ips", "--first-action", 1, "--format", "csv")
    assert ",0.625," in called.out


def test_only_0_and_1_are_first_actions() -> None:
    with pytest.raises(UsageError, match="first_action: found 2, wanted 0 or 1"):
        ope(FROM_ONE, "ips", first_action=2)
    with pytest.raises(UsageError, match="first_action: found a Log, which has its own"):
        ope(Log(FROM_ONE), "ips", first_action=1)


def test_a_first_action_without_actions_changes_nothing_and_says_so() -> None:
    log = {"reward": [1.0, 0.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
    assert (
        "first_action: the log has no column 'action', so it changes nothing"
        in ope(log, "ips", first_action=1).warnings
    )


def test_an_action_that_no_integer_holds() -> None:
    lists = {name: values for name, values in TWICE.items() if name in LISTS}
    assert "is 9.22337e+18, wanted an index" in error_of(lists | {"action": [1, 2**63 - 1, 2]})


@pytest.mark.parametrize("name", ["propensity", "candidate_propensities"])
def test_a_column_that_is_there_twice(name: str) -> None:
    table = pa.table({each: TWICE[each] for each in (*LISTS, name)})
    message = error_of(table.append_column(name, table[name]), "ips,dr")
    assert f"found 2 columns named {name!r}, wanted one" in message


def test_an_action_past_the_list_says_so_too() -> None:
    lists = {name: values for name, values in FROM_ONE.items() if name != "propensity"}
    wanted = "an index from 0 to 2; all 4 rows so far fit actions that count from 1: --first-action 1"
    assert error_of(lists | {"action": [1, 3, 2, 1]}).endswith(f"column 'action' is 3, wanted {wanted}")
    assert error_of(lists | {"action": [0, 3, 2, 1]}).endswith("is 3, wanted an index from 0 to 2")
    message = error_of(lists | {"action": [0, 1, 2, 1]}, first_action=1)
    assert "is 0, wanted an index from 1 to 3; all 4 rows so far fit actions that count from 0" in message


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("propensity", "0.5 as in 'candidate_propensities' at action 0"),
        ("target_propensity", "0.75 as in 'candidate_target_propensities' at action 0"),
        ("q_logged", "0.4 as in 'candidate_q' at action 0"),
        ("q_target", "0.425, the sum of 'candidate_target_propensities' times 'candidate_q'"),
    ],
)
def test_every_number_that_stands_twice(column: str, wanted: str) -> None:
    """Also if the estimator reads only one of both; not if it reads no list at all."""
    lists = {name: values for name, values in TWICE.items() if name in (column, *LISTS)}
    assert value_of(lists, "dr") == pytest.approx(value_of(TWICE, "dr"), rel=1e-12)
    values = list(TWICE[column])
    values[1] = 0.3
    message = f"<dict>, row 2: column {column!r} is 0.3, wanted {wanted}"
    for name in ("ips", "dr"):
        assert error_of(lists | {column: values}, name) == message
    value_of(TWICE | {column: values}, "ips")


def test_float32_and_half_floats_are_no_contradiction() -> None:
    for kind in (pa.float32(), pa.float16()):
        typed = {
            name: pa.array(np.array(values), pa.float64()).cast(kind)
            for name, values in TWICE.items()
            if name in ("propensity", "target_propensity", "q_logged", "q_target")
        }
        del typed["target_propensity"]
        log = {name: TWICE[name] for name in LISTS} | typed
        assert value_of(log, "dr") == pytest.approx(value_of(TWICE, "dr"), rel=2e-3)
    lists = {name: TWICE[name] for name in LISTS}
    off = lists | {"propensity": [0.25, 0.5, 0.4 * 1.0001]}
    assert "column 'propensity' is 0.40004, wanted 0.4" in error_of(off)


def test_logged_predictions_that_a_model_replaces_are_not_compared() -> None:
    log = {name: values * 20 for name, values in TWICE.items()}
    log |= {"q_logged": [9.0] * 60, "age": [1.0, 2.0, 3.0] * 20}
    del log["target_propensity"]
    assert "column 'q_logged' is 9" in error_of(log, "dr")
    ope(log, "dr", reward_model="ridge", features="age")


def test_the_propensity_of_the_logger() -> None:
    log = {
        "reward": [1.0, 0.0],
        "propensity": [0.5, 0.25],
        "target_propensity": [0.4, 0.4],
        "logger": [1, 0],
        "logger_propensities": [[0.3, 0.5], [0.25, 0.5]],
    }
    value_of(log, "ips,ips:loggers=balanced")
    bad = log | {"logger": [0, 1]}
    value_of(bad)  # numbers of loggers need not be indices unless the lists are read
    wanted = "row 1: column 'propensity' is 0.5, wanted 0.3 as in 'logger_propensities' at logger 0"
    assert wanted in error_of(bad, "ips,ips:loggers=balanced")


@pytest.mark.parametrize("changed", [{"action": ["a", "b", "c"]}, {"action": None}, {"action": [1, None, 2]}])
def test_what_cannot_be_compared_is_left_to_the_pass(changed: dict[str, Any]) -> None:
    """Names of actions, no actions, an unknown action: plain columns and ``dm`` need none of them."""
    log = {name: values for name, values in (TWICE | changed).items() if values is not None}
    assert value_of(log, "ips") == pytest.approx((2 * 1 + 0.5 * 2) / 3)
    del log["q_target"]
    assert value_of(log, "dm") == pytest.approx(sum(TWICE["q_target"]) / 3)


def test_columns_that_are_read_anyway_are_compared_in_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others only in the first rows: their lists would cost more than the estimate."""
    monkeypatch.setattr(redundancy, "PEEKED", 2)
    unread = ("candidate_propensities", "q_logged", "q_target")
    log = {name: values for name, values in TWICE.items() if name not in unread} | {
        "target_propensity": [0.5, 0.75, 0.3]
    }
    assert value_of(log, "ips") == pytest.approx((2 * 1 + 0.75 * 2) / 3)
    assert "row 3: column 'target_propensity' is 0.3, wanted 0.2" in error_of(log, "dr")


def test_a_file_is_compared_in_its_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redundancy, "PEEKED", 3)
    pq.write_table(pa.table(FROM_ONE), tmp_path / "log.parquet")
    assert "; all 3 rows so far fit actions" in error_of(tmp_path / "log.parquet")
    assert "row 2: " in error_of(tmp_path / "log.parquet", where="reward == 0")
