"""The units of a log, rounds or sessions: what names each, and how many times it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rankeval.arrow import is_null
from rankeval.ids import hashes_of
from rankeval.sessions import Sessions, counting


def unit_keys(sessions: Sessions, key: str | None, first_rows: Sequence[int]) -> NDArray[np.uint64]:
    """(n,) uint64 hash of the column ``key`` of each unit; without a key, its row in the whole input.

    Args:
        first_rows: the row at which each file starts (:meth:`rankeval.log.Log.first_rows`); read only
            without a key.

    Raises:
        DataError: a key is null, or changes within a session.
    """
    if key is None:
        return (first_rows[sessions.source] + sessions.first_row + counting(len(sessions))).view(np.uint64)
    ids = sessions.per_session(key)
    if ids.null_count:
        first = int(sessions.offsets[int(np.argmax(is_null(ids)))])
        raise sessions.error(key, first, None, "an id")
    return hashes_of(ids)


def unit_counts(sessions: Sessions) -> NDArray[np.float64]:
    """(n,) float64, the column ``weight``: how many times each unit counts.

    Raises:
        DataError: a weight is null, not finite or below 0, or changes within a session.
    """
    counts = sessions.numbers_per_session("weight")
    if counts.min(initial=0.0) < 0.0:
        first = int(np.argmax(counts < 0.0))
        raise sessions.error("weight", int(sessions.offsets[first]), counts[first], "a number of at least 0")
    return counts
