"""The clusters of each arm: all of them while they are few, else a random sample of bounded size.

A cluster is kept if the hash of its id is small. The largest kept hash falls as clusters arrive, so that at
most :data:`KEPT` stay (the k minimum values of Bar-Yossef et al. 2002). What is kept depends on the ids
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Hashes, Ints

#: Number of clusters that are kept; with more, the rest is a random sample of about this size.
KEPT = 1 << 16
#: The hash below or at which all are.
ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True)
class ClusterSample:
    """The hashes of clusters by arm.

    Attributes:
        of_arms: arm -> (m,) uint64, ascending and distinct.
        below: the largest hash that is kept.
    """

    of_arms: Mapping[str, Hashes]
    below: np.uint64 = ALL

    @classmethod
    def of(cls, keys: Hashes, arms: Mapping[str, Ints], below: np.uint64 = ALL) -> ClusterSample:
        """The clusters of a batch.

        Args:
            keys: (n,) uint64, the hash of the cluster of each unit.
            arms: arm -> its units.
            below: a hash above which none of the whole log will be kept; fewer keys are then sorted.
        """
        small = {arm: keys[rows] for arm, rows in arms.items()}
        small = {arm: of[of <= below] for arm, of in small.items()}
        return _cut({arm: _distinct(np.sort(of)) for arm, of in small.items()}, below)

    def merge(self, other: ClusterSample) -> ClusterSample:
        """The clusters of both."""
        none = np.zeros(0, np.uint64)
        below = min(self.below, other.below)
        names = dict.fromkeys([*self.of_arms, *other.of_arms])
        joined = {
            name: _distinct(
                np.sort(
                    np.concatenate([self.of_arms.get(name, none), other.of_arms.get(name, none)]),
                    kind="stable",
                )
            )
            for name in names
        }
        return _cut(joined, below)

    @property
    def complete(self) -> bool:
        """Whether all clusters are kept."""
        return bool(self.below == ALL)

    @property
    def counts(self) -> dict[str, int]:
        """Arm -> the number of clusters that are kept."""
        return {name: len(keys) for name, keys in self.of_arms.items()}

    @property
    def number(self) -> float:
        """The number of clusters; estimated where not all are kept."""
        share = 1.0 if self.complete else float(self.below) / float(ALL)
        return sum(self.counts.values()) / share

    def crossing(self) -> tuple[int, int, tuple[str, str]] | None:
        """The number of kept clusters in two arms, the hash of one, and its arms; None if there is none."""
        keys = np.concatenate(list(self.of_arms.values()))
        found, times = np.unique(keys, return_counts=True)
        crossing = found[times > 1]
        if not len(crossing):
            return None
        first, second = [name for name, of in sorted(self.of_arms.items()) if crossing[0] in of][:2]
        return len(crossing), int(crossing[0]), (first, second)


def _distinct(keys: Hashes) -> Hashes:
    """The distinct keys of ascending ones."""
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def _cut(of_arms: Mapping[str, Hashes], below: np.uint64) -> ClusterSample:
    """The sample of the keys up to ``below``, or up to a smaller one where these are too many."""
    kept = {name: keys[: np.searchsorted(keys, below, side="right")] for name, keys in of_arms.items()}
    if sum(map(len, kept.values())) > KEPT:
        every = np.concatenate(list(kept.values()))
        below = np.partition(every, KEPT - 1)[KEPT - 1]
        kept = {name: keys[: np.searchsorted(keys, below, side="right")] for name, keys in kept.items()}
    return ClusterSample(kept, below)
