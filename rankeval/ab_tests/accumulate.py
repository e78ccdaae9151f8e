"""The moments of each arm, in all and in each segment, from one pass over a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.ab_tests.cluster_sample import ALL, ClusterSample
from rankeval.ab_tests.unit_values import UnitValues
from rankeval.array_types import Ints
from rankeval.arrays import Segmented, encoded, hashes_of, in_order, is_null, take, to_numpy
from rankeval.errors import DataError
from rankeval.inference import Functional, Moments, NamedKeys, pairs_needed
from rankeval.logs import Grouping, Log, Sessions, Units, fold, scan


@dataclass(frozen=True)
class ArmSums:
    """The sums of a pass.

    Attributes:
        moments: ``(whether of a segment, segment, arm)`` -> the moments of its units.
        clusters: the clusters of each arm; None without a column of clusters.
    """

    moments: Segmented[Moments | None]
    clusters: ClusterSample | None

    def merge(self, other: ArmSums) -> ArmSums:
        """The sums of both parts; merge parts in the order of the log."""
        clusters = None
        if self.clusters is not None and other.clusters is not None:
            clusters = self.clusters.merge(other.clusters)
        return ArmSums(self.moments.merge(other.moments, _merged), clusters)

    @property
    def arms(self) -> list[str]:
        """The arms, in ascending order."""
        return sorted(arm for of_segment, _, arm in self.moments.segments if not of_segment)

    def parts(self) -> list[tuple[Any, dict[str, Moments]]]:
        """All units under the segment None, then each segment with a value: arm -> moments."""
        values = {segment: 0 for of_segment, segment, _ in self.moments.segments if of_segment}
        keys = [(False, None), *((True, value) for value in in_order(values) if value is not None)]
        return [
            (segment, {arm: self._of(of_segment, segment, arm) for arm in self._in(of_segment, segment)})
            for of_segment, segment in keys
        ]

    def _in(self, of_segment: bool, segment: Any) -> list[str]:
        return [arm for arm in self.arms if (of_segment, segment, arm) in self.moments.segments]

    def _of(self, of_segment: bool, segment: Any, arm: str) -> Moments:
        found = self.moments.segments[of_segment, segment, arm]
        assert found is not None
        return found


def _merged(left: Moments | None, right: Moments | None) -> Moments | None:
    return left if right is None else right if left is None else left.merge(right)


def accumulate(
    values: UnitValues,
    arm: str | None,
    grouping: Grouping,
    functionals: Sequence[Functional],
    threads: int | None,
) -> ArmSums:
    """The moments of the arms of a log, from one pass.

    Args:
        values: the terms of units.
        arm: role of the column of arms; None: all units are in one arm without a name.
        grouping: how units are grouped.
        functionals: the functionals of the terms whose errors are wanted.
        threads: number of threads; None: all.

    Raises:
        DataError: a value, an arm or a cluster is missing or changes within a session.
        UsageError: there are too many segments.
    """
    units = Units.of(values.log, "session_id", grouping)
    pairs = pairs_needed(functionals)

    # The largest hash that is kept so far. A thread that sees an older one only sorts more.
    smallest = [ALL]

    def merge(left: ArmSums, right: ArmSums) -> ArmSums:
        both = left.merge(right)
        if both.clusters is not None:
            smallest[0] = min(smallest[0], both.clusters.below)
        return both

    def work(sessions: Sessions) -> ArmSums:
        terms, keys, counts = values.over(sessions), units.keys(sessions), units.counts(sessions)
        users = units.users_of(sessions)
        arms = arm_rows(sessions, arm)

        def of_rows(rows: Ints) -> Moments:
            named = None if units.users is None or users is None else NamedKeys(units.users, users[rows])
            return Moments.of(
                np.take(terms, rows, axis=1),
                pairs,
                None if keys is None else keys[rows],
                None if counts is None else counts[rows],
                named,
            )

        found: dict[Any, Moments | None] = {(False, None, name): of_rows(rows) for name, rows in arms.items()}
        for segment, rows in units.segments(sessions).items():
            for name, of_arm in arms.items():
                both = np.intersect1d(rows, of_arm, assume_unique=True)
                if len(both):
                    found[True, segment, name] = of_rows(both)
        clusters = None
        if grouping.cluster is not None and keys is not None:
            clusters = ClusterSample.of(keys, arms, smallest[0])
        return ArmSums(Segmented(None, found, units.most_segments), clusters)

    roles = [*values.roles, *([] if arm is None else [arm]), *units.roles]
    if values.log.session is not None:
        roles = [values.log.session, *roles]
    found = fold(values.log, list(dict.fromkeys(roles)), work, merge, threads)
    if arm is not None and found.clusters is not None:
        _require_one_arm(values.log, arm, grouping.cluster, found.clusters, threads)
    return found


def arm_rows(sessions: Sessions, arm: str | None) -> Mapping[str, Ints]:
    """Arm -> the indices of its units, ascending.

    Raises:
        DataError: a unit has no arm, or two.
    """
    if arm is None:
        return {"": np.arange(len(sessions))}
    column = encoded(sessions.per_session(arm))
    if column.null_count or column.indices.null_count:
        unit = int(np.argmax(is_null(column)))
        raise sessions.error_once(arm, unit, None, "an arm")
    codes = to_numpy(column.indices)
    found = {
        str(name): np.flatnonzero(codes == code) for code, name in enumerate(column.dictionary.to_pylist())
    }
    return {name: rows for name, rows in found.items() if len(rows)}


def _require_one_arm(
    log: Log, arm: str, cluster: str | None, sample: ClusterSample, threads: int | None
) -> None:
    """Check that no cluster is in two arms.

    Raises:
        DataError: one is.
    """
    crossing = sample.crossing()
    if crossing is None or cluster is None:
        return
    number, key, arms = crossing

    def work(sessions: Sessions) -> list[Any]:
        ids = sessions.per_session(cluster)
        return list(take(ids, np.flatnonzero(hashes_of(ids) == np.uint64(key))[:1]).to_pylist())

    roles = [cluster] if log.session is None else [log.session, cluster]
    first = next((ids[0] for ids in scan(log, roles, work, threads) if ids), None)
    also = "" if number == 1 else f", as are {number - 1:,} more{'' if sample.complete else ' of a sample'}"
    raise DataError(
        f"{log.origin}: column {log.name(cluster)!r}: {first!r} is in arms {arms[0]!r} and {arms[1]!r} of "
        f"column {log.name(arm)!r}{also}, wanted every one in a single arm"
    )
