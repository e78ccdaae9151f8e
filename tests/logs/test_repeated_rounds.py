"""Repeated ids of rounds, counted in parts of any size and compared with the exact number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import ope
from rankeval.logs import Log, RepeatedRounds, fold
from rankeval.logs.repeated_rounds import SAMPLE_SIZE

Array = np.ndarray[Any, Any]


def found_in(ids: Array, parts: int = 7, counts: Array | None = None) -> RepeatedRounds:
    """The repeated rounds of a log that is read in several parts."""
    found = RepeatedRounds()
    for rows in np.array_split(np.arange(len(ids)), parts):
        log = Log({"round_id": ids[rows], "reward": np.zeros(len(rows))})
        some = None if counts is None else counts[rows]
        found = fold(
            log,
            ["round_id"],
            lambda sessions, some=some, before=found: before.merge(
                RepeatedRounds.of(sessions, "round_id", some)
            ),
            RepeatedRounds.merge,
            1,
        )
    return found


@pytest.mark.parametrize("shuffled", [False, True])
def test_exact_in_small_logs(shuffled: bool) -> None:
    ids = np.repeat(np.arange(1000), 1 + np.arange(1000) % 4)
    if shuffled:
        ids = np.random.default_rng(1).permutation(ids)
    found = found_in(ids)
    assert (found.number, found.exact) == (1500, True)
    assert found_in(np.arange(2500)).number == 0


def test_neighbours_are_exact_in_logs_of_any_size() -> None:
    """Parts begin within a round, which has three rows."""
    found = found_in(np.repeat(np.arange(SAMPLE_SIZE * 2), 3), parts=8)
    assert found.zeros > 0
    assert (found.number, found.exact) == (SAMPLE_SIZE * 4, True)


def test_a_shuffled_fan_out_is_estimated() -> None:
    """About 49,000 sampled rows of 16,000 rounds; a round adds 3 rows with probability 1 / 16, or none."""
    ids = np.random.default_rng(2).permutation(np.repeat(np.arange(250_000), 4))
    found = found_in(ids)
    assert len(found.sample) <= SAMPLE_SIZE
    assert not found.exact
    assert found.number == pytest.approx(750_000, rel=0.05)
    assert found_in(np.random.default_rng(2).permutation(1_000_000)).number == 0


def test_rows_that_do_not_count_are_no_repetition() -> None:
    ids = np.array([1, 1, 2, 2, 3])
    assert found_in(ids, 2, np.array([1.0, 0.0, 1.0, 1.0, 5.0])).number == 1


def bandit(ids: list[Any], **more: Any) -> dict[str, Any]:
    n = len(ids)
    columns = {"reward": [1.0, 0.0] * (n // 2), "propensity": [0.5] * n, "target_propensity": [0.5] * n}
    return {"round_id": ids, **columns, **more}


def test_ope_warns_of_a_fan_out() -> None:
    ids = ["a", "b", "a", "b", "c", "d", "e", None]
    (warning,) = (text for text in ope(bandit(ids)).warnings if "repeat" in text)
    assert warning.startswith("2 of 7 rows repeat the 'round_id' of another row (1.4 rows each), as a join")
    assert not any("repeat" in text for text in ope(bandit([*"abcdefgh"])).warnings)
    assert not any("repeat" in text for text in ope(bandit([*"abcdefgh"], weight=[4] * 8)).warnings)
    assert not any("repeat" in text for text in ope(bandit([*"aabbccdd"]), cluster="round_id").warnings)
