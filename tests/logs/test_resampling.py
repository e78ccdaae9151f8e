"""Draws of the units of a log: Poisson counts by the hash of the key, whole units, the same in any layout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, fold, grouped, resampled, unit_keys

ROUNDS = pa.table(
    {"round_id": np.arange(20_000), "reward": np.arange(20_000) % 7, "user": np.arange(20_000) // 10}
)


def drawn(log: Log, role: str) -> list[Any]:
    """The values of a role in the drawn sessions, in order."""

    def work(sessions: Sessions) -> list[Any]:
        return list(sessions.column(role).to_pylist())

    return fold(log, [role], work, lambda a, b: a + b, 1)


def test_counts_are_poisson() -> None:
    ids = drawn(resampled(Log(ROUNDS), None, 0, 1), "round_id")
    counts = np.bincount(np.array(ids, np.int64), minlength=20_000)
    shares = np.bincount(counts, minlength=5)[:5] / 20_000
    wanted = [math.exp(-1.0) / math.factorial(k) for k in range(5)]
    for share, p in zip(shares, wanted, strict=True):
        assert abs(share - p) < 4.0 * math.sqrt(p * (1.0 - p) / 20_000)


def test_draws_are_independent_of_each_other_and_of_the_seed() -> None:
    sets = [
        np.bincount(
            np.array(drawn(resampled(Log(ROUNDS), None, *key), "round_id"), np.int64), minlength=20_000
        )
        for key in ((0, 0), (0, 1), (1, 0))
    ]
    correlations = np.corrcoef(sets)[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 4.0 / math.sqrt(20_000)


def test_clusters_are_drawn_as_wholes() -> None:
    users = np.array(drawn(resampled(Log(ROUNDS), "user", 0, 0), "user"), np.int64)
    counts = np.bincount(users, minlength=2000)
    assert (counts % 10 == 0).all()
    assert 0.3 < np.mean(counts == 0) < 0.44


def test_rounds_without_ids_are_drawn_by_row_and_copies_keep_the_row() -> None:
    table = ROUNDS.select(["reward"])

    def keys(sessions: Sessions) -> list[int]:
        return unit_keys(sessions, None, (0,)).tolist()

    rows = fold(resampled(Log(table), None, 0, 0), ["reward"], keys, lambda a, b: a + b, 1)
    assert len(set(rows)) < len(rows)
    rewards = drawn(resampled(Log(table), None, 0, 0), "reward")
    assert rewards == [row % 7 for row in rows]
    parts = [table.slice(0, 777), table.slice(777)]
    assert drawn(resampled(Log(parts), None, 0, 0), "reward") == rewards


def test_long_nested_and_ungrouped_sessions_are_drawn_alike() -> None:
    sizes = np.arange(300) % 4 + 1
    ids = np.repeat(np.arange(300), sizes)
    position = np.concatenate([np.arange(1, size + 1) for size in sizes])
    long = pa.table({"session_id": ids, "position": position, "click": (ids + position) % 2})
    ends = np.cumsum(sizes)
    lists = [(position[end - size : end].tolist(), (i + position[end - size : end]) % 2) for i, (end, size) in
             enumerate(zip(ends, sizes, strict=True))]  # fmt: skip
    nested = pa.table(
        {
            "session_id": np.arange(300),
            "position": [places for places, _ in lists],
            "click": [clicks.tolist() for _, clicks in lists],
        }
    )

    def clicks(log: Log) -> list[Any]:
        def work(sessions: Sessions) -> list[Any]:
            ids, places = sessions.per_session("session_id").to_pylist(), np.cumsum(sessions.lengths)[:-1]
            lists = np.split(sessions.numbers("click"), places)
            return [(id, sorted(clicked)) for id, clicked in zip(ids, lists, strict=True)]

        return sorted(fold(resampled(log, None, 3, 4), ["session_id", "click"], work, lambda a, b: a + b, 1))

    of_long = clicks(Log(long))  # sessions at the edges of a batch come last
    assert clicks(Log(nested)) == of_long
    shuffled = long.take(np.random.default_rng(0).permutation(len(ids)))
    with grouped(Log(shuffled), ["session_id", "click"], 1) as log:
        assert clicks(log) == of_long


def test_a_draw_of_nothing() -> None:
    one, missed = Log(ROUNDS.slice(0, 1)), 0
    for replicate in range(100):
        try:
            drawn(resampled(one, None, 0, replicate), "reward")
        except DataError:
            missed += 1
    assert 20 < missed < 55
