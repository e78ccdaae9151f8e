"""Sums over rounds whose log holds the propensity of the logged action alone.

Rounds with a propensity of 1 are left out: they drew nothing. In the others, the mean of ``1{A = a} / p`` is
1 for every action ``a`` that was possible in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKETS, kernel, mix64, read_only
from rankeval.propensity_tests.group_sums import MOST_GROUPS, GroupSums, distinct
from rankeval.propensity_tests.listed_actions import CERTAIN

#: The integers that tell actions apart: their numbers, or hashes of them.
Keys = NDArray[np.integer[Any]]
#: Makes the keys of the cells of stratum 0 those of their actions.
_ZERO = mix64(np.zeros(1, np.uint64))


@dataclass(frozen=True, eq=False)
class LoggedActions:
    """Sums by stratum, and by action in each stratum.

    A stratum is a set of rounds with the same possible actions: a whole bandit log, or the sessions of one
    query at one position.

    Attributes:
        strata: rounds, and rounds with ``p < 1``, by stratum.
        cells: for rounds with ``p < 1``: rounds and the sums of ``1 / p``, its square and its cube, by
            stratum and action. The name of a cell is ``(key of its stratum, name of its action)``.
        rounds: number of rounds.
        certain: number of rounds with ``p = 1``.
    """

    strata: GroupSums
    cells: GroupSums
    rounds: int
    certain: int

    @classmethod
    def of(
        cls,
        propensities: Floats,
        strata: Hashes | None,
        actions: Keys,
        name: Callable[[int], tuple[Any, Any]],
        clusters: Ints | None = None,
    ) -> LoggedActions:
        """The sums of ``n`` rounds, at least one.

        Args:
            propensities: (n,) in (0, 1].
            strata: (n,) uint64, the stratum of each round; None: there is one, as in a bandit log.
            actions: (n,) the action of each round, an integer or a key.
            name: the names of the stratum and the action of a round, by its index.
            clusters: (n,) the bucket of the cluster of each round; None: rounds are drawn independently.
        """
        n = len(propensities)
        cells = _small_cells(propensities, actions, name) if strata is None and clusters is None else None
        if cells is not None:
            drawn = cells.sums[:, 0].sum()
            alone = GroupSums(np.zeros(1, np.uint64), (name(0)[0],), np.array([[n, drawn]]))
            return cls(alone, cells, n, n - int(drawn))
        strata = np.zeros(n, np.uint64) if strata is None else strata
        cells = _cells(propensities, strata, actions, name, clusters)
        certain = n - int(cells.sums[:, 0].sum())
        return cls(_strata(propensities, strata, name, clusters), cells.limited(), n, certain)

    def merge(self, other: LoggedActions) -> LoggedActions:
        """The sums of both parts."""
        return LoggedActions(
            self.strata.merge(other.strata),
            self.cells.merge(other.cells),
            self.rounds + other.rounds,
            self.certain + other.certain,
        )


def _small_cells(
    propensities: Floats, actions: Keys, name: Callable[[int], tuple[Any, Any]]
) -> GroupSums | None:
    """The cells of one stratum whose actions are small numbers, as in most logs; None for other actions."""
    sums, first = np.zeros((MOST_GROUPS, 4)), np.full(MOST_GROUPS, -1)
    if not _add_small(read_only(propensities), read_only(actions.astype(np.int64, copy=False)), sums, first):
        return None
    found = np.flatnonzero(first >= 0)
    names = tuple((0, name(row)[1]) for row in first[found].tolist())
    return GroupSums(found.astype(np.uint64), names, sums[found])


def _cells(
    propensities: Floats,
    strata: Hashes,
    actions: Keys,
    name: Callable[[int], tuple[Any, Any]],
    clusters: Ints | None,
) -> GroupSums:
    kept, buckets = clusters is not None, np.zeros(0, np.int64) if clusters is None else clusters
    keys = np.asarray(actions, np.int64).view(np.uint64)
    found, first, codes = distinct(mix64(strata) ^ _ZERO ^ keys if strata.any() else keys)
    sums, totals = np.zeros((len(found), 4)), np.zeros((len(found) * kept, 1, BUCKETS))
    _add_cells(read_only(propensities), read_only(codes), read_only(buckets), sums, totals)
    drawn = np.flatnonzero(sums[:, 0])  # a cell without drawn rounds is none
    names = tuple((int(strata[row]), name(row)[1]) for row in first[drawn].tolist())
    return GroupSums(found[drawn], names, sums[drawn], totals[drawn] if kept else None)


def _strata(
    propensities: Floats, strata: Hashes, name: Callable[[int], tuple[Any, Any]], clusters: Ints | None
) -> GroupSums:
    drawn = (propensities < CERTAIN).astype(np.float64)
    counted = [np.ones(len(drawn)), drawn]
    return GroupSums.of(strata, counted, lambda row: name(row)[0], [drawn], clusters)


@kernel
def _add_row(p: float, row: Floats) -> None:
    inverse = 1.0 / p
    row[0] += 1.0
    row[1] += inverse
    row[2] += inverse * inverse
    row[3] += inverse * inverse * inverse


@kernel
def _add_small(p: Floats, actions: Ints, sums: Floats, first: Ints) -> bool:
    """Add rounds with ``p < 1`` to the sums (g, 4) of their actions.

    ``first`` (g,) gets the first round of each action; it holds -1.

    Returns:
        Whether all actions are in 0 to g - 1; if not, rounds are missing.
    """
    groups = np.uint64(sums.shape[0])
    for i in range(p.size):
        action = np.uint64(actions[i])  # without a sign, so that no index is tested for one
        if action >= groups:
            return False
        if p[i] < CERTAIN:
            _add_row(p[i], sums[action])
            if sums[action, 0] == 1.0:
                first[action] = i
    return True


@kernel
def _add_cells(p: Floats, codes: Ints, clusters: Ints, sums: Floats, totals: Floats) -> None:
    """Add rounds with ``p < 1`` to the sums (g, 4) of their cells, and to their totals (g, 1, BUCKETS)."""
    for i in range(p.size):
        if p[i] < CERTAIN:
            _add_row(p[i], sums[codes[i]])
            if clusters.size > 0:
                totals[codes[i], 0, clusters[i]] += 1.0 / p[i]
