"""The units of a log, rounds or sessions: what names each, and how many times it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.arrow import is_null
from rankeval.arrays.ids import hashes_of
from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting

#: What a unit may count at most, so that squares of sums are finite.
LARGEST_COUNT = 1e100


def unit_keys(sessions: Sessions, key: str | None, first_rows: Sequence[int]) -> NDArray[np.uint64]:
    """(n,) uint64 hash of the column ``key`` of each unit; without a key, its row in the whole input.

    Args:
        first_rows: the row at which each file starts (:meth:`rankeval.logs.log.Log.first_rows`); read only
            without a key.

    Raises:
        DataError: a key is null, or changes within a session.
    """
    if key is None:
        return (first_rows[sessions.source] + sessions.first_row + counting(len(sessions))).view(np.uint64)
    ids = sessions.per_session(key)
    if ids.null_count:
        raise sessions.error_once(key, int(np.argmax(is_null(ids))), None, "an id")
    return hashes_of(ids)


def weight_roles(log: Log) -> list[str]:
    """The column ``weight``, where the log has it."""
    return ["weight"] if log.has("weight") else []


def unit_counts(sessions: Sessions) -> NDArray[np.float64]:
    """(n,) float64, the column ``weight``: how many times each unit counts; 1 where it was not read.

    Raises:
        DataError: a weight is null, not finite, below 0 or above 1e100, or changes within a session.
    """
    if "weight" not in sessions:
        return np.ones(len(sessions))
    counts = sessions.numbers_per_session("weight")
    if counts.min(initial=0.0) < 0.0 or counts.max(initial=0.0) > LARGEST_COUNT:
        first = int(np.argmax((counts < 0.0) | (counts > LARGEST_COUNT)))
        wanted = "a number of at least 0" if counts[first] < 0.0 else f"a number of at most {LARGEST_COUNT:g}"
        raise sessions.error_once("weight", first, counts[first], wanted)
    return counts


def nothing_counts(log: Log) -> DataError:
    """The error for a log whose units all count 0 times."""
    rows = f"in all rows that match {log.where!r}" if log.where else "in all rows"
    return DataError(f"{log.origin}: column {log.name('weight')!r} is 0 {rows}, wanted some above 0")
