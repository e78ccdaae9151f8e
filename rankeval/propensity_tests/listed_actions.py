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
from rankeval.arrays import BUCKETS, kernel, read_only
from rankeval.propensity_tests.group_sums import GroupSums, distinct

#: Largest weight ``1 / p`` of the harmonic test: rarer actions would carry its whole variance.
WEIGHT_BOUND = 100.0
#: Lower ends of the bins of propensities.
BINS = (0.0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
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
        keys: Hashes | None,
        name: Callable[[int], Any],
        clusters: Ints | None = None,
    ) -> ListedActions:
        """The sums of ``n`` rounds, at least one.

        Args:
            offsets: (n + 1,) the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``.
            propensities: (candidates,) in [0, 1].
            logged: (n,) index of the action taken among the candidates of all rounds.
            keys: (candidates,) uint64, the action that each candidate is, the same in all rounds; None: it
                is the index in its list.
            name: the name of the action of a candidate, by its index.
            clusters: (n,) the bucket of the cluster of each round; None: rounds are drawn independently.
        """
        rounds = read_only(offsets), read_only(propensities), read_only(logged)
        found, first, codes = _by_index(rounds[0]) if keys is None else distinct(keys)
        buckets = read_only(np.zeros(0, np.int64) if clusters is None else clusters)
        kept = clusters is not None
        actions, totals = np.zeros((len(found), 7)), np.zeros((len(found) * kept, 2, BUCKETS))
        bins, bin_totals = np.zeros((len(BINS), 3)), np.zeros(((len(BINS) + 1) * kept, BUCKETS))
        sums = np.zeros(4 + len(SHIFTS) + 3)
        _add_actions(*rounds, read_only(codes), buckets, actions, totals)
        _add_rounds(*rounds, buckets, bins, bin_totals, sums)
        names = tuple(map(name, first.tolist()))
        return cls(
            GroupSums(found, names, actions, totals if kept else None).limited(),
            bins,
            bin_totals[:-1] if kept else None,
            Match(sums[:-3], bin_totals[-1] if kept else None),
            int(sums[-3]),
            float(sums[-2]),
            float(sums[-1]),
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


def _by_index(offsets: Ints) -> tuple[Hashes, Ints, Ints]:
    """The indices in lists, a candidate of each, and (0,) codes: the indices stand for them."""
    lengths = np.diff(offsets)
    longest = int(np.argmax(lengths))
    first = offsets[longest] + np.arange(lengths[longest])
    return np.arange(len(first), dtype=np.uint64), first, np.zeros(0, np.int64)


@kernel
def bin_of(propensity: float) -> int:
    """The bin of a propensity; those of 1 have the last one for themselves."""
    if propensity >= CERTAIN:
        return len(BINS) - 1
    place = 0
    for low in range(1, len(BINS) - 1):
        place += propensity >= BINS[low]
    return place


@kernel
def _add_actions(
    offsets: Ints, p: Floats, logged: Ints, codes: Ints, clusters: Ints, sums: Floats, totals: Floats
) -> None:
    """Add the candidates of ``n`` rounds to the sums of their actions.

    Args:
        offsets, p, logged, clusters: as in :meth:`ListedActions.of`; ``clusters`` (0,) without them.
        codes: (candidates,) the row of the sums of each candidate; (0,): it is the index in its list.
        sums: (g, 7), totals: (g, 2, BUCKETS), as in :class:`ListedActions`.
    """
    for s in range(logged.size):
        for i in range(offsets[s], offsets[s + 1]):
            taken = 1.0 if i == logged[s] else 0.0
            spread = p[i] * (1.0 - p[i])
            weight = 1.0 / max(p[i], 1.0 / WEIGHT_BOUND) if p[i] > 0.0 else 0.0
            code = codes[i] if codes.size > 0 else i - offsets[s]
            row = sums[code]
            row[0] += p[i] > 0.0
            row[1] += taken
            row[2] += p[i]
            row[3] += spread
            row[4] += weight * taken
            row[5] += weight * p[i]
            row[6] += weight * weight * spread
            if clusters.size > 0:
                totals[code, 0, clusters[s]] += taken - p[i]
                totals[code, 1, clusters[s]] += weight * (taken - p[i])


@kernel
def _add_rounds(
    offsets: Ints, p: Floats, logged: Ints, clusters: Ints, bins: Floats, totals: Floats, sums: Floats
) -> None:
    """Add ``n`` rounds to the sums by bin and of ``p(A)``.

    In each round, the action lies in a bin with the sum of the propensities in it.

    Args:
        offsets, p, logged, clusters: as in :meth:`ListedActions.of`; ``clusters`` (0,) without them.
        bins: (bins, 3), as in :class:`ListedActions`.
        totals: (bins + 1, BUCKETS), those of the bins and, in the last row, of ``p(A)``.
        sums: those of :class:`Match`, then ``sums_off``, ``furthest`` and ``mass``.
    """
    within = np.empty(len(BINS))
    for s in range(logged.size):
        begin, end, a = offsets[s], offsets[s + 1], logged[s]
        within[:] = 0.0
        total, squares, cubes = 0.0, 0.0, 0.0
        for i in range(begin, end):
            within[bin_of(p[i])] += p[i]
            total += p[i]
            squares += p[i] * p[i]
            cubes += p[i] * p[i] * p[i]
        mine = bin_of(p[a])
        for b in range(len(BINS)):
            inside = 1.0 if within[b] >= (CERTAIN if b == len(BINS) - 1 else 1.0) else within[b]
            found = 1.0 if b == mine else 0.0
            bins[b, 0] += found
            bins[b, 1] += inside
            bins[b, 2] += inside * (1.0 - inside)
            if clusters.size > 0:
                totals[b, clusters[s]] += found - inside
        if clusters.size > 0:
            totals[len(BINS), clusters[s]] += p[a] - squares
        sums[0] += 1.0
        sums[1] += p[a]
        sums[2] += squares
        sums[3] += max(cubes - squares * squares, 0.0)
        for j in range(len(SHIFTS)):
            place = a + SHIFTS[j]
            if begin <= place < end:
                sums[4 + j] += p[place]
        away = abs(total - 1.0)
        sums[-3] += away > NOTICED
        sums[-2] = max(sums[-2], away)
        sums[-1] += total
