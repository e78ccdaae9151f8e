"""The units of a log, which are rounds or sessions: their keys, weights and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import (
    MOST_SEGMENTS,
    hashes_of,
    is_null,
    mix64,
    require_few_segments,
    segments_of,
    take,
)
from rankeval.errors import DataError
from rankeval.logs.layout import first_rows as first_rows_of
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.logs.users import user_column, user_keys

#: Largest number of segments in a pass with bucket sums. The sums of one segment take about half a megabyte.
MAX_BUCKETED_SEGMENTS = 1000
#: The id of a round, which a log need not have.
ROUND = "round_id"
#: Largest weight of a unit; squares of sums then stay finite.
LARGEST_COUNT = 1e100


@dataclass(frozen=True)
class Grouping:
    """How the units of a log are grouped.

    Attributes:
        bucketed: whether a pass keeps sums by hashed key; the bootstrap and clusters need them.
        by: role of the column that splits the units into segments; None: no segments.
        cluster: role of the column that names the cluster of each unit. Clusters are independent; units of
            one cluster need not be. None: units are independent.
    """

    bucketed: bool = False
    by: str | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class Units:
    """Reads the keys, the weights and the segments of units in a pass.

    Attributes:
        log: the log.
        key: role of the column that is hashed into buckets; None: the row number is hashed.
        bucketed: whether the pass needs keys.
        by: role of the column that splits the units into segments; None: no segments.
        first_rows: number of rows before each file; read only if the row number is the key.
        users: the column of users where no cluster is named; None: there is none.
    """

    log: Log
    key: str | None
    bucketed: bool
    by: str | None
    first_rows: Sequence[int] = ()
    users: str | None = None

    @classmethod
    def of(cls, log: Log, id: str, grouping: Grouping) -> Units:
        """Units with the cluster column as key if there is one, else the column ``id``, else the row.

        Without bucket sums, ``id`` and the row are not read.
        """
        by_id = id if grouping.bucketed and log.has(id) else None
        key = by_id if grouping.cluster is None else grouping.cluster
        first_rows = first_rows_of(log.sources) if grouping.bucketed and key is None else ()
        users = user_column(log) if grouping.cluster is None else None
        return cls(log, key, grouping.bucketed, grouping.by, first_rows, users)

    @property
    def most_segments(self) -> int:
        """The largest number of segments of a pass."""
        return MAX_BUCKETED_SEGMENTS if self.bucketed else MOST_SEGMENTS

    @property
    def roles(self) -> list[str]:
        """The roles of the columns to read."""
        columns = (self.key, self.by, self.users)
        return [*(name for name in columns if name is not None), *weight_roles(self.log)]

    def keys(self, sessions: Sessions) -> Hashes | None:
        """(n,) uint64, the hashed key of each unit; None if no bucket sums are kept."""
        return unit_keys(sessions, self.key, self.first_rows) if self.bucketed else None

    def users_of(self, sessions: Sessions) -> Hashes | None:
        """(n,) uint64, the hashed user of each unit; None without a column of users, or with a cluster."""
        return None if self.users is None else user_keys(sessions, self.users)

    def counts(self, sessions: Sessions) -> Floats | None:
        """(n,) float64, the weight of each unit; None if every unit counts once."""
        return unit_counts(sessions) if "weight" in sessions else None

    def segments(self, sessions: Sessions) -> dict[Any, Ints]:
        """Segments: value of the column ``by`` -> indices of its units; empty without ``by``.

        Raises:
            UsageError: the column has more values than ``most_segments``.
        """
        if self.by is None:
            return {}
        segments = segments_of(sessions.per_session(self.by))
        column = f"column {self.log.name(self.by)!r} of {self.log.origin}"
        require_few_segments(len(segments), self.most_segments, column)
        return segments


def unit_keys(sessions: Sessions, key: str | None, first_rows: Sequence[int]) -> Hashes:
    """(n,) uint64, the hash of the column ``key`` of each unit; without a key, its row number in the input.

    Args:
        sessions: the units.
        key: role of the key column; None: the row number is the key.
        first_rows: number of rows before each file (:func:`rankeval.logs.layout.first_rows`); used only
            without a key.

    Raises:
        DataError: a key is null, or changes within a session. But rounds without an id are of their own.
    """
    if key is None:
        return (first_rows[sessions.source] + sessions.row_numbers).view(np.uint64)
    ids = sessions.per_session(key)
    if ids.null_count and key == ROUND:
        keys = mix64(sessions.row_numbers.view(np.uint64), sessions.source + 1)
        known = np.flatnonzero(~is_null(ids))
        keys[known] = hashes_of(take(ids, known))
        return keys
    if ids.null_count:
        raise sessions.error_once(key, int(np.argmax(is_null(ids))), None, "an id")
    return hashes_of(ids)


def weight_roles(log: Log) -> list[str]:
    """The roles to read for the weights of units: ``weight``, or none if the log lacks it."""
    return ["weight"] if log.has("weight") else []


def unit_counts(sessions: Sessions) -> Floats:
    """(n,) float64, the column ``weight``: how many times each unit counts; 1 if it was not read.

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


def sampling_roles(log: Log) -> list[str]:
    """The roles to read for all weights of units: those of :func:`weight_roles`, and ``sampling_weight``."""
    return [*weight_roles(log), *(["sampling_weight"] if log.has("sampling_weight") else [])]


def sampling_weights(sessions: Sessions) -> Floats | None:
    """(n,) float64, the column ``sampling_weight``: 1 over the probability that a unit was kept.

    None if it was not read.

    Raises:
        DataError: a weight is null, not finite, not above 0 or above 1e100, or changes within a session.
    """
    if "sampling_weight" not in sessions:
        return None
    weights = sessions.numbers_per_session("sampling_weight")
    bad = (weights <= 0.0) | (weights > LARGEST_COUNT)
    if bad.any():
        first = int(np.argmax(bad))
        wanted = "a number above 0" if weights[first] <= 0.0 else f"a number of at most {LARGEST_COUNT:g}"
        raise sessions.error_once("sampling_weight", first, weights[first], wanted)
    return weights


def unit_weights(sessions: Sessions) -> Floats:
    """(n,) float64, the weight of each unit in a mean: its count times its sampling weight."""
    counts, sampling = unit_counts(sessions), sampling_weights(sessions)
    return counts if sampling is None else counts * sampling


def nothing_counts(log: Log) -> DataError:
    """The error for a log whose units all have weight 0."""
    rows = f"in all rows that match {log.where!r}" if log.where else "in all rows"
    return DataError(f"{log.origin}: column {log.name('weight')!r} is 0 {rows}, wanted some above 0")
