"""Sums by group, such as by action, in bounded memory; sums of parts of a log merge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKETS, kernel, read_only

#: The largest number of groups that are told apart; more of them share groups by their hash.
MOST_GROUPS = 1000
#: The same where the totals of clusters are kept for each group.
MOST_CLUSTERED = 250


@dataclass(frozen=True, eq=False)
class GroupSums:
    """Sums of ``q`` numbers over the rows of each group.

    While there are at most ``most`` groups, each has its own sums. As soon as there are more, group ``key``
    is added to group ``key % most``: tests of such groups are tests of several actions together.

    Attributes:
        keys: (g,) uint64, ascending.
        names: the name of each group; None for one that several groups share.
        sums: (g, q) float64.
        totals: (g, t, BUCKETS) float64, the totals of ``t`` numbers in each bucket of clusters; None without
            clusters.
        shared: whether groups are shared.
    """

    keys: Hashes
    names: tuple[Any, ...]
    sums: Floats
    totals: Floats | None = None
    shared: bool = False

    @classmethod
    def of(
        cls,
        keys: Hashes,
        values: Sequence[Floats],
        name: Callable[[int], Any],
        clustered: Sequence[Floats] = (),
        buckets: Ints | None = None,
    ) -> GroupSums:
        """The sums of ``m`` rows.

        Args:
            keys: (m,) uint64, the group of each row.
            values: ``q`` arrays (m,).
            name: the name of the group of a row, by the index of the row.
            clustered: ``t`` arrays (m,), whose totals by cluster are kept.
            buckets: (m,) int64, the bucket of the cluster of each row; None without clusters.
        """
        found, first, codes = distinct(keys)
        g = len(found)
        sums = np.stack([_by_code(codes, each, g) for each in values], axis=1)
        totals: Floats | None = None
        if buckets is not None:
            places = codes * BUCKETS + buckets
            totals = np.stack(
                [_by_code(places, each, g * BUCKETS).reshape(g, BUCKETS) for each in clustered], axis=1
            )
        return cls(found, tuple(map(name, first.tolist())), sums, totals).limited()

    def merge(self, other: GroupSums) -> GroupSums:
        """The sums of both parts."""
        one, two = (self._folded(), other._folded()) if self.shared or other.shared else (self, other)
        return one._joined(two).limited()

    def _joined(self, other: GroupSums) -> GroupSums:
        keys = np.concatenate([self.keys, other.keys])
        found, first, codes = np.unique(keys, return_index=True, return_inverse=True)
        names = (*self.names, *other.names)
        return GroupSums(
            found,
            tuple(names[row] for row in first.tolist()),
            _added(codes, len(found), np.concatenate([self.sums, other.sums])),
            None
            if self.totals is None or other.totals is None
            else _added(codes, len(found), np.concatenate([self.totals, other.totals])),
            self.shared or other.shared,
        )

    @property
    def most(self) -> int:
        """The largest number of groups that are told apart."""
        return MOST_GROUPS if self.totals is None else MOST_CLUSTERED

    def limited(self) -> GroupSums:
        """The same sums, with shared groups if there are too many."""
        return self._folded() if len(self.keys) > self.most else self

    def _folded(self) -> GroupSums:
        if self.shared:
            return self
        found, codes = np.unique(self.keys % np.uint64(self.most), return_inverse=True)
        totals = None if self.totals is None else _added(codes, len(found), self.totals)
        return GroupSums(
            found, (None,) * len(found), _added(codes, len(found), self.sums), totals, shared=True
        )


def distinct(keys: Hashes) -> tuple[Hashes, Ints, Ints]:
    """The distinct keys, ascending; the first row of each; and the place of the key of each row."""
    if not len(keys) or int(keys.max()) >= MOST_GROUPS:
        return np.unique(keys, return_index=True, return_inverse=True)
    rows = read_only(keys.view(np.int64))  # small numbers, as most logs have: no need to sort
    first = np.full(MOST_GROUPS, -1)
    _write_first(rows, first)
    found = np.flatnonzero(first >= 0)
    codes = rows if len(found) == found[-1] + 1 else (np.cumsum(first >= 0) - 1)[rows]
    return found.astype(np.uint64), first[found], codes


@kernel
def _write_first(keys: Ints, first: Ints) -> None:
    """Write the first row of each key into ``first``, which holds -1."""
    for row in range(keys.size):
        if first[keys[row]] < 0:
            first[keys[row]] = row


def _by_code(codes: Ints, values: Floats, groups: int) -> Floats:
    if groups == 1:
        return np.array([values.sum()], np.float64)
    return np.asarray(np.bincount(codes, values, groups), np.float64)


def _added(codes: Ints, groups: int, values: Floats) -> Floats:
    """The rows of ``values`` added by group, in their order."""
    sums = np.zeros((groups, *values.shape[1:]))
    np.add.at(sums, codes, values)
    return sums
