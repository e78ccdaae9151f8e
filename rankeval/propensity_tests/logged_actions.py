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
from rankeval.arrays import mix64
from rankeval.propensity_tests.group_sums import GroupSums
from rankeval.propensity_tests.listed_actions import CERTAIN


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
        drawn = propensities < CERTAIN
        rows = np.flatnonzero(drawn)
        inverse = 1.0 / propensities[rows]
        counted = [np.ones(len(propensities)), drawn.astype(np.float64)]
        return cls(
            GroupSums.of(strata, counted, lambda row: name(row)[0], [drawn.astype(np.float64)], clusters),
            GroupSums.of(
                mix64(strata[rows]) ^ actions[rows],
                [np.ones(len(rows)), inverse, inverse**2, inverse**3],
                lambda row: (int(strata[rows[row]]), name(int(rows[row]))[1]),
                [inverse],
                None if clusters is None else clusters[rows],
            ),
            len(propensities),
            len(propensities) - len(rows),
        )

    def merge(self, other: LoggedActions) -> LoggedActions:
        """The sums of both parts."""
        return LoggedActions(
            self.strata.merge(other.strata),
            self.cells.merge(other.cells),
            self.rounds + other.rounds,
            self.certain + other.certain,
        )
