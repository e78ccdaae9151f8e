from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from rankeval.counts import counts_of
from rankeval.errors import DataError
from rankeval.log import Log
from rankeval.scan import scan

ROUNDS: dict[str, Any] = {"reward": [1.0, 0.0, 1.0], "weight": [2, 0, 1]}
SESSIONS: dict[str, Any] = {"session_id": [7, 7, 7], "click": [0, 1, 0], "weight": [1.5, 1.5, 1.5]}


def counts(log: dict[str, Any], *roles: str) -> list[float]:
    found: list[list[float]] = scan(Log(log), roles, lambda sessions: counts_of(sessions).tolist(), 1)
    return list(chain.from_iterable(found))


def test_units_count_as_the_weight_says_or_once() -> None:
    assert counts(ROUNDS, "reward", "weight") == [2.0, 0.0, 1.0]
    assert counts(ROUNDS, "reward") == [1.0, 1.0, 1.0]
    assert counts(SESSIONS, "session_id", "weight") == [1.5]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, -1, 1], "row 2: column 'weight' is -1.0, wanted a number of at least 0"),
        ([1, 1, None], "row 3: column 'weight' is null, wanted a finite number"),
    ],
)
def test_bad_weights_get_one_line(weight: list[float | None], message: str) -> None:
    with pytest.raises(DataError, match=message):
        counts(ROUNDS | {"weight": weight}, "reward", "weight")
