"""Sums over rounds whose log holds the propensity of the logged action alone.

Rounds with a propensity of 1 are left out: they drew nothing. In the others, the mean of ``1{A = a} / p`` is
1 for every action ``a`` that was possible in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKETS, kernel, mix64, read_only
from rankeval.propensity_tests.group_sums import GroupSums, distinct
from rankeval.propensity_tests.listed_actions import CERTAIN

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
        strata: Hashes,
        actions: Hashes,
        name: Callable[[int], tuple[Any, Any]],
        clusters: Ints | None = None,
    ) -> LoggedActions:
        """The sums of ``n`` rounds, at least one.

        Args:
            propensities: (n,) in (0, 1].
            strata: (n,) uint64, the stratum of each round.
            actions: (n,) uint64, the action of each round.
            name: the names of the stratum and the action of a round, by its index.
            clusters: (n,) the bucket of the cluster of each round; None: rounds are drawn independently.
        """
        buckets = read_only(np.zeros(0, np.int64) if clusters is None else clusters)
        kept = clusters is not None
        single = not strata.any()
        found, first, codes = distinct(actions if single else mix64(strata) ^ _ZERO ^ actions)
        sums, totals = np.zeros((len(found), 4)), np.zeros((len(found) * kept, 1, BUCKETS))
        _add_cells(read_only(propensities), read_only(codes), buckets, sums, totals)
        drawn = np.flatnonzero(sums[:, 0])  # a cell without drawn rounds is none
        names = tuple((int(strata[row]), name(row)[1]) for row in first[drawn].tolist())
        rounds, certain = len(propensities), len(propensities) - int(sums[:, 0].sum())
        cells = GroupSums(found[drawn], names, sums[drawn], totals[drawn] if kept else None).limited()
        if single and not kept:  # as in a bandit log: there is nothing more to count
            alone = np.array([[rounds, rounds - certain]], np.float64)
            return cls(GroupSums(strata[:1], (name(0)[0],), alone), cells, rounds, certain)
        return cls(_strata(propensities, strata, name, clusters), cells, rounds, certain)

    def merge(self, other: LoggedActions) -> LoggedActions:
        """The sums of both parts."""
        return LoggedActions(
            self.strata.merge(other.strata),
            self.cells.merge(other.cells),
            self.rounds + other.rounds,
            self.certain + other.certain,
        )


def _strata(
    propensities: Floats, strata: Hashes, name: Callable[[int], tuple[Any, Any]], clusters: Ints | None
) -> GroupSums:
    drawn = (propensities < CERTAIN).astype(np.float64)
    counted = [np.ones(len(drawn)), drawn]
    return GroupSums.of(strata, counted, lambda row: name(row)[0], [drawn], clusters)


@kernel
def _add_cells(p: Floats, codes: Ints, clusters: Ints, sums: Floats, totals: Floats) -> None:
    """Add rounds with ``p < 1`` to the sums (g, 4) of their cells, and to their totals (g, 1, BUCKETS)."""
    for i in range(p.size):
        if p[i] >= CERTAIN:
            continue
        inverse = 1.0 / p[i]
        row = sums[codes[i]]
        row[0] += 1.0
        row[1] += inverse
        row[2] += inverse * inverse
        row[3] += inverse * inverse * inverse
        if clusters.size > 0:
            totals[codes[i], 0, clusters[i]] += inverse
