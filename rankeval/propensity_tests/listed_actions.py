"""Sums over rounds whose log holds the propensities of all candidates.

Symbols: ``p(a)`` is the logged propensity of candidate ``a`` and ``A`` the action that was taken. If the
propensities are right, ``1{A = a} - p(a)`` has mean 0 and variance ``p(a) (1 - p(a))`` in every round,
whatever the context and whichever candidates there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import BUCKETS
from rankeval.propensity_tests.group_sums import GroupSums

#: Largest weight ``1 / p`` of the harmonic test: rarer actions would carry its whole variance.
WEIGHT_BOUND = 100.0
#: Lower ends of the bins of propensities.
BINS = np.array([0.0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0])
#: A propensity from here on counts as 1.
CERTAIN = 1.0 - 1e-9
#: A list whose sum is further from 1 is counted.
NOTICED = 0.001
#: Shifts of the index of the action that are tried.
SHIFTS = (-1, 1)


@dataclass(frozen=True, eq=False)
class Match:
    """How probable the actions taken were: sums over rounds.

    Attributes:
        sums: (4 + shifts,) float64: rounds; ``p(A)``; ``E p(A) = sum p^2``; its variance
            ``sum p^3 - (sum p^2)^2``; and ``p`` of the neighbours of ``A``.
        totals: (BUCKETS,) the totals of ``p(A) - sum p^2`` by cluster; None without clusters.
    """

    sums: Floats
    totals: Floats | None

    def merge(self, other: Match) -> Match:
        """The sums of both parts."""
        totals = None if self.totals is None or other.totals is None else self.totals + other.totals
        return Match(self.sums + other.sums, totals)


@dataclass(frozen=True, eq=False)
class ListedActions:
    """Sums over rounds with candidate lists.

    Attributes:
        actions: by action: rounds with ``p > 0``; times taken; ``p``; ``p (1 - p)``; and ``u 1{A = a}``,
            ``u p`` and ``u^2 p (1 - p)`` with ``u = min(1 / p, 100)``.
        bins: (bins, 3) float64: rounds whose action lies in the bin; expected rounds; variance.
        bin_totals: (bins, BUCKETS) differences of the first two by cluster; None without clusters.
        match: sums of ``p(A)``.
        sums_off: number of lists whose sum is not 1 within 0.001.
        furthest: the largest distance of a sum from 1.
        mass: the sum of all propensities.
    """

    actions: GroupSums
    bins: Floats
    bin_totals: Floats | None
    match: Match
    sums_off: int
    furthest: float
    mass: float

    @classmethod
    def of(
        cls,
        offsets: Ints,
        propensities: Floats,
        logged: Ints,
        keys: Hashes,
        name: Callable[[int], Any],
        clusters: Ints | None = None,
    ) -> ListedActions:
        """The sums of ``n`` rounds, at least one.

        Args:
            offsets: (n + 1,) the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``.
            propensities: (candidates,) in [0, 1].
            logged: (n,) index of the action taken among the candidates of all rounds.
            keys: (candidates,) uint64, the action that each candidate is, the same in all rounds.
            name: the name of the action of a candidate, by its index.
            clusters: (n,) the bucket of the cluster of each round; None: rounds are drawn independently.
        """
        n, p = len(logged), propensities
        owner = np.repeat(np.arange(n), np.diff(offsets))
        taken = np.zeros(len(p))
        taken[logged] = 1.0
        spread = p * (1.0 - p)
        weight = np.where(p > 0.0, 1.0 / np.maximum(p, 1.0 / WEIGHT_BOUND), 0.0)
        deviation = taken - p
        actions = GroupSums.of(
            keys,
            [(p > 0.0).astype(np.float64), taken, p, spread, weight * taken, weight * p, weight**2 * spread],
            name,
            [deviation, weight * deviation],
            None if clusters is None else clusters[owner],
        )
        bins, bin_totals = _binned(owner, n, p, logged, clusters)
        total = np.bincount(owner, p, n)
        away = np.abs(total - 1.0)
        return cls(
            actions,
            bins,
            bin_totals,
            _match(offsets, owner, p, logged, clusters),
            int(np.count_nonzero(away > NOTICED)),
            float(away.max(initial=0.0)),
            float(total.sum()),
        )

    def merge(self, other: ListedActions) -> ListedActions:
        """The sums of both parts."""
        totals = None
        if self.bin_totals is not None and other.bin_totals is not None:
            totals = self.bin_totals + other.bin_totals
        return ListedActions(
            self.actions.merge(other.actions),
            self.bins + other.bins,
            totals,
            self.match.merge(other.match),
            self.sums_off + other.sums_off,
            max(self.furthest, other.furthest),
            self.mass + other.mass,
        )


def bin_of(propensities: Floats) -> Ints:
    """The bin of each propensity; those of 1 have the last one for themselves."""
    bins = np.searchsorted(BINS, propensities, side="right") - 1
    return np.where(propensities >= CERTAIN, len(BINS) - 1, np.minimum(bins, len(BINS) - 2))


def _binned(
    owner: Ints, n: int, p: Floats, logged: Ints, clusters: Ints | None
) -> tuple[Floats, Floats | None]:
    """The sums by bin: in each round, the action lies in a bin with the sum of the propensities in it."""
    m = len(BINS)
    bins = bin_of(p)
    within = np.minimum(np.bincount(owner * m + bins, p, n * m).reshape(n, m), 1.0)
    within[:, -1] = np.where(within[:, -1] >= CERTAIN, 1.0, within[:, -1])
    found = np.zeros((n, m))
    found[np.arange(n), bins[logged]] = 1.0
    sums = np.stack([found.sum(axis=0), within.sum(axis=0), (within * (1.0 - within)).sum(axis=0)], axis=1)
    if clusters is None:
        return sums, None
    places = (np.arange(m) * BUCKETS + clusters[:, np.newaxis]).ravel()
    totals = np.bincount(places, (found - within).ravel(), m * BUCKETS)
    return sums, np.asarray(totals.reshape(m, BUCKETS), np.float64)


def _match(offsets: Ints, owner: Ints, p: Floats, logged: Ints, clusters: Ints | None) -> Match:
    n = len(logged)
    expected = np.bincount(owner, p * p, n)
    variance = np.bincount(owner, p**3, n) - expected**2
    beside = []
    for shift in SHIFTS:
        place = logged + shift
        inside = (place >= offsets[:-1]) & (place < offsets[1:])
        beside.append(float(p[np.where(inside, place, 0)][inside].sum()))
    found = p[logged]
    sums = np.array([n, found.sum(), expected.sum(), np.maximum(variance, 0.0).sum(), *beside])
    totals = None
    if clusters is not None:
        totals = np.asarray(np.bincount(clusters, found - expected, BUCKETS), np.float64)
    return Match(sums, totals)
