from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, Log, ope
from rankeval.arrays.ids import hashes_of
from rankeval.logs.layout import first_rows
from rankeval.logs.passes import scan
from rankeval.logs.units import unit_counts, unit_keys
from tests.log_files import write_parts


def test_without_a_key_a_unit_is_its_row_in_the_whole_input(tmp_path: Path) -> None:
    log = Log(write_parts(tmp_path / "log", pa.table({"reward": np.arange(10.0)}), 3, files=3))
    before = first_rows(log.sources)
    keys = scan(log, ["reward"], lambda rounds: unit_keys(rounds, None, before))
    assert np.concatenate(keys).tolist() == list(range(10))


def test_keys_are_hashed_values_of_the_column() -> None:
    log = Log({"reward": [1.0, 2.0, 3.0], "user": ["a", "b", "a"]})
    (keys,) = scan(log, ["user"], lambda rounds: unit_keys(rounds, "user", []))
    assert keys.tolist() == hashes_of(pa.array(["a", "b", "a"])).tolist()


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("user", ["a", None], "row 2: column 'user' is null, wanted an id"),
        ("weight", [1.0, -1.0], "row 2: column 'weight' is -1.0, wanted a number of at least 0"),
        ("weight", [1.0, 1e101], "row 2: column 'weight' is 1e+101, wanted a number of at most 1e+100"),
        ("weight", [None, 1.0], "row 1: column 'weight' is null, wanted a finite number"),
    ],
)
def test_bad_values_get_one_line(column: str, values: list[Any], message: str) -> None:
    log = Log({"reward": [1.0, 2.0], column: values})
    with pytest.raises(DataError) as caught:
        scan(log, [column], lambda s: unit_keys(s, column, []) if column == "user" else unit_counts(s))
    assert str(caught.value) == f"<dict>, {message}"


@pytest.mark.parametrize("estimator", ["ips", "ips:loggers=weighted"])
def test_a_log_that_counts_as_nothing(estimator: str) -> None:
    log = {"reward": [1.0, 2.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
    log |= {"logger": ["a", "b"], "weight": [0.0, 1.0]}
    with pytest.raises(DataError) as caught:
        ope(log, estimator, where="reward < 2")
    assert str(caught.value) == (
        "<dict>: column 'weight' is 0 in all rows that match 'reward < 2', wanted some above 0"
    )


def test_a_session_without_items_is_named_by_its_own_row() -> None:
    log = Log({"session_id": [7, 8], "click": [[1], []], "user": ["a", None], "weight": [1.0, -2.0]})
    for column, found, wanted in (("user", "null", "an id"), ("weight", "-2.0", "a number of at least 0")):
        with pytest.raises(DataError) as caught:
            scan(
                log,
                ["session_id", "click", column],
                lambda s: unit_keys(s, "user", []) if "user" in s else unit_counts(s),
            )
        place = "<dict>, row 2, session_id 8"
        assert str(caught.value) == f"{place}: column {column!r} is {found}, wanted {wanted}"
