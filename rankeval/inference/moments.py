"""All that inference needs of the data, in one pass: means, co-moments and hashed bucket sums of terms.

Units (sessions, queries, rounds) come in blocks of a few thousand. A block is summed twice, as it is and
about its means, so that nothing cancels; blocks and leaves are joined by the pairwise update of Chan, Golub
and LeVeque (1983). Sums run in independent lanes of fixed order: the loops vectorise without fast-math and
give the same bits on every machine. Totals are kept rather than means: those of whole numbers are exact
however the data is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import BUCKETS, words
from rankeval.inference.moment_sums import add_block, add_counted, add_to_buckets, join

__all__ = ["BUCKETS", "Moments", "MomentsAccumulator"]


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, totals, co-moments, extremes and bucket sums of ``p`` terms over ``n`` units.

    Attributes:
        n: number of units; where units count more or less than once, how many they count as.
        total: (p,) float64, ``sum x_i``.
        pairs: (c, 2) int64, the pairs ``i <= j`` of terms whose co-moment is kept.
        comoment: (c,) float64, ``sum (x_i - mean_i)(x_j - mean_j)``.
        low, high: (p,) float64, smallest and largest value; ``inf`` and ``-inf`` where ``n`` is 0.
        buckets: (BUCKETS, p + 1) float64, per bucket of the units' keys the count of units and the sum of
            each term; None where no keys were given.
        whole: whether every unit counts a whole number of times. If not they stand for a distribution, and
            variances are divided by ``n``, not ``n - 1``.
    """

    n: float
    total: Floats
    pairs: Ints
    comoment: Floats
    low: Floats
    high: Floats
    buckets: Floats | None
    whole: bool = True

    @classmethod
    def of(
        cls,
        terms: Floats,
        pairs: Ints,
        keys: Hashes | None = None,
        counts: Floats | None = None,
    ) -> Moments:
        """Moments of ``terms`` (p, n), summed as a single block."""
        accumulator = MomentsAccumulator(len(terms), pairs, bucketed=keys is not None)
        accumulator.add(terms, keys, counts)
        return accumulator.moments()

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets of units; ``other`` must have the same terms and pairs.

        Exact but for rounding, which depends on the order: fold leaves from the left in their order.
        """
        total, comoment = self.total.copy(), self.comoment.copy()
        join(float(self.n), total, comoment, self.pairs, float(other.n), other.total, other.comoment)
        buckets = None
        if self.buckets is not None and other.buckets is not None:
            buckets = self.buckets + other.buckets
        return Moments(
            n=self.n + other.n,
            total=total,
            pairs=self.pairs,
            comoment=comoment,
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            buckets=buckets,
            whole=self.whole and other.whole,
        )

    def spread(self, terms: Ints, p: int, pairs: Ints) -> Moments:
        """The same among ``p`` terms: term ``i`` becomes ``terms[i]``, all others are 0 for every unit.

        ``pairs`` (c, 2) holds the pairs of these moments and any others.
        """
        index = {pair: c for c, pair in enumerate(map(tuple, pairs.tolist()))}
        places = [index[tuple(sorted(pair))] for pair in terms[self.pairs].tolist()]
        comoment = np.zeros(len(pairs))
        comoment[places] = self.comoment
        total = np.zeros(p)
        total[terms] = self.total
        unset = 0.0 if self.n else np.inf
        low, high = np.full(p, unset), np.full(p, -unset)
        low[terms], high[terms] = self.low, self.high
        buckets = None
        if self.buckets is not None:
            buckets = np.zeros((BUCKETS, p + 1))
            buckets[:, 0], buckets[:, 1 + terms] = self.buckets[:, 0], self.buckets[:, 1:]
        return Moments(self.n, total, pairs, comoment, low, high, buckets, self.whole)

    @cached_property
    def constant(self) -> Bools:
        """(p,) whether all values of a term are the same."""
        same: Bools = self.low == self.high
        return same

    @cached_property
    def mean(self) -> Floats:
        """(p,), of a constant that very constant, 0 where ``n`` is 0."""
        return np.where(self.constant, self.low, self.total / (self.n or 1))

    def covariance(self, i: int, j: int) -> float:
        """``sum (x_i - mean_i)(x_j - mean_j) / freedom``; 0 for a constant and without freedom."""
        if self.freedom <= 0 or self.constant[i] or self.constant[j]:
            return 0.0
        value = float(self.comoment[self.pair_index[min(i, j), max(i, j)]]) / self.freedom
        return max(value, 0.0) if i == j else value

    @property
    def freedom(self) -> float:
        """``n - 1``, or ``n`` where units stand for a distribution."""
        return self.n - 1 if self.whole else self.n

    @cached_property
    def pair_index(self) -> dict[tuple[int, int], int]:
        """Where the co-moment of a pair ``i <= j`` stands."""
        return {(int(i), int(j)): c for c, (i, j) in enumerate(self.pairs)}


class MomentsAccumulator:
    """Adds blocks of units up to a :class:`Moments`; memory does not depend on how many come.

    Args:
        p: number of terms.
        pairs: (c, 2), the pairs ``i <= j`` whose co-moments are kept.
        bucketed: whether bucket sums are kept; :meth:`add` then needs keys.
    """

    def __init__(self, p: int, pairs: Ints, bucketed: bool) -> None:
        self._n: float = 0
        self._whole = True
        self._pairs = np.require(pairs, np.int64, ["C", "W"]).reshape(-1, 2)
        self._total = np.zeros(p)
        self._comoment = np.zeros(len(self._pairs))
        self._low = np.full(p, np.inf)
        self._high = np.full(p, -np.inf)
        self._buckets = np.zeros((BUCKETS, p + 1)) if bucketed else None

    def add(
        self,
        terms: Floats,
        keys: Hashes | None = None,
        counts: Floats | None = None,
    ) -> None:
        """Add a block: ``terms`` (p, m), finite; ``keys`` (m,), one for each unit or its cluster.

        ``counts`` (m,) says how many times each unit counts, at least 0; without it, once. Contiguous float64
        and uint64 are taken as they are. Blocks of a few thousand units stay in cache.
        """
        block = np.require(terms, np.float64, ["C", "W"])
        if counts is None:
            add_block(block, self._pairs, self._n, self._total, self._comoment, self._low, self._high)
            self._n += block.shape[1]
        else:
            self._add_counted(block, counts)
        if self._buckets is not None and keys is not None:
            each = np.ones(block.shape[1]) if counts is None else counts
            add_to_buckets(block, words(keys), self._buckets, each)

    def _add_counted(self, block: Floats, counts: Floats) -> None:
        there = counts > 0.0
        chosen, counts = np.ascontiguousarray(block[:, there]), counts[there]
        n = float(self._n)
        add_counted(chosen, counts, self._pairs, n, self._total, self._comoment)
        self._low = np.minimum(self._low, chosen.min(axis=1, initial=np.inf))
        self._high = np.maximum(self._high, chosen.max(axis=1, initial=-np.inf))
        self._n = n + float(counts.sum())
        self._whole = self._whole and bool((counts == np.floor(counts)).all())

    def moments(self) -> Moments:
        """What was added so far; later blocks do not change it."""
        return Moments(
            n=int(self._n) if self._n == int(self._n) else self._n,
            whole=self._whole,
            total=self._total.copy(),
            pairs=self._pairs,
            comoment=self._comoment.copy(),
            low=self._low.copy(),
            high=self._high.copy(),
            buckets=None if self._buckets is None else self._buckets.copy(),
        )
