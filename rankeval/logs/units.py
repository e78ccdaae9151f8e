"""The units of a log, rounds or sessions: what names each, and how many times it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import hashes_of, is_null, segments_of
from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting

#: Segments that a pass with bucket sums may hold: those of one take about half a megabyte.
MAX_BUCKETED_SEGMENTS = 1000
#: What a unit may count at most, so that squares of sums are finite.
LARGEST_COUNT = 1e100


@dataclass(frozen=True)
class Grouping:
    """How the units of a log are grouped.

    Attributes:
        bucketed: whether sums are kept by hashed key, for the bootstrap and for clusters.
        by: a column that splits the units into segments.
        cluster: a column whose values are independent, where units are not.
    """

    bucketed: bool = False
    by: str | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class Units:
    """How a pass reads what units are: their keys, how often they count, and their segments.

    Attributes:
        log: the log.
        key: role of the column whose values are hashed into buckets; None: the row is.
        bucketed: whether keys are read at all.
        by: a column that splits the units into segments.
        first_rows: the row at which each file starts, where the row is the key.
    """

    log: Log
    key: str | None
    bucketed: bool
    by: str | None
    first_rows: Sequence[int] = ()

    @classmethod
    def of(cls, log: Log, id: str, grouping: Grouping) -> Units:
        """Units named by the column ``id`` where the log has it, or by their cluster."""
        by_id = id if grouping.bucketed and log.has(id) else None
        key = by_id if grouping.cluster is None else grouping.cluster
        first_rows = log.first_rows() if grouping.bucketed and key is None else ()
        return cls(log, key, grouping.bucketed, grouping.by, first_rows)

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return [*(name for name in (self.key, self.by) if name is not None), *weight_roles(self.log)]

    def keys(self, sessions: Sessions) -> Hashes | None:
        """(n,) the hashed key of each unit; None where no bucket sums are kept."""
        return unit_keys(sessions, self.key, self.first_rows) if self.bucketed else None

    def counts(self, sessions: Sessions) -> Floats | None:
        """(n,) how many times each unit counts; None where every one counts once."""
        return unit_counts(sessions) if "weight" in sessions else None

    def segments(self, sessions: Sessions) -> dict[Any, Ints]:
        """Value of the column ``by`` -> its units.

        Raises:
            UsageError: more than 1,000 values, each of which would keep bucket sums.
        """
        if self.by is None:
            return {}
        segments = segments_of(sessions.per_session(self.by))
        if self.bucketed and len(segments) > MAX_BUCKETED_SEGMENTS:
            raise UsageError(
                f"by: column {self.log.name(self.by)!r} of {self.log.origin} has more than "
                f"{MAX_BUCKETED_SEGMENTS} values, wanted fewer with a bootstrap or clusters"
            )
        return segments


def unit_keys(sessions: Sessions, key: str | None, first_rows: Sequence[int]) -> Hashes:
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


def unit_counts(sessions: Sessions) -> Floats:
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
