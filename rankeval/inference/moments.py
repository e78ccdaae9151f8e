"""Moments of terms, computed in one pass over the data: means, co-moments and hashed bucket sums.

Inference needs no other data. Units (sessions, queries or rounds) arrive in blocks of a few thousand. A block
is summed twice: first the values, then the products of their deviations from the block's means. This avoids
cancellation. Blocks and leaves are merged by the pairwise update of Chan, Golub and LeVeque (1983). Sums run
in independent lanes of fixed order, so the loops vectorise without fast-math and give the same bits on every
machine. Totals are kept rather than means, because totals of whole numbers are exact for every division of
the data into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import BUCKETS, words
from rankeval.inference.moment_sums import add_block, add_counted, add_to_buckets, join, join_sizes, no_sizes
from rankeval.inference.tails import Tails
from rankeval.inference.unnamed_sums import NamedKeys, UnnamedClusters, spread_buckets

__all__ = ["BUCKETS", "Moments", "MomentsAccumulator"]


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, totals, co-moments, extremes and bucket sums of ``p`` terms over ``n`` units.

    Attributes:
        n: number of units; if units have counts, the sum of the counts.
        total: (p,) float64, ``sum x_i``.
        pairs: (c, 2) int64, the pairs ``i <= j`` of terms whose co-moment is kept.
        comoment: (c,) float64, ``sum (x_i - mean_i)(x_j - mean_j)``.
        sizes: (4, p) float64, smallest and largest value, which are ``inf`` and ``-inf`` where ``n`` is 0,
            ``sum |x_i|`` and ``sum x_i^4``.
        buckets: (BUCKETS, p + 1) float64, for each bucket of keys the number of units and the sum of each
            term; None if no keys are given.
        whole: whether every unit counts a whole number of times. If not, the units represent a distribution,
            and variances are divided by ``n`` instead of ``n - 1``.
        squared: if units have sampling weights ``s``, the moments with each unit counted ``s^2`` times. ``n``
            is then the sum of the weights.
        drawn: if units have sampling weights, the number of units.
        tails: the largest values of some terms; None: none are kept, or units have counts or weights.
        unnamed: the sums by a column that nobody named as cluster; None: there is no such column.
    """

    n: float
    total: Floats
    pairs: Ints
    comoment: Floats
    sizes: Floats
    buckets: Floats | None
    whole: bool = True
    squared: Moments | None = None
    drawn: float = 0
    unnamed: UnnamedClusters | None = None
    tails: Tails | None = None

    @classmethod
    def of(
        cls,
        terms: Floats,
        pairs: Ints,
        keys: Hashes | None = None,
        counts: Floats | None = None,
        unnamed: NamedKeys | None = None,
    ) -> Moments:
        """Moments of ``terms`` (p, n), added as one block; arguments as in :meth:`MomentsAccumulator.add`."""
        column = None if unnamed is None else unnamed.column
        accumulator = MomentsAccumulator(len(terms), pairs, bucketed=keys is not None, unnamed=column)
        accumulator.add(terms, keys, counts, unnamed=None if unnamed is None else unnamed.keys)
        return accumulator.moments()

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets of units together; ``other`` must have the same terms and pairs.

        The result is exact except for rounding, which depends on the order of merges. For reproducible bits,
        merge leaves one after the other in their order.
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
            sizes=join_sizes(self.sizes, other.sizes),
            buckets=buckets,
            whole=self.whole and other.whole,
            squared=None
            if self.squared is None or other.squared is None
            else self.squared.merge(other.squared),
            drawn=self.drawn + other.drawn,
            unnamed=None
            if self.unnamed is None or other.unnamed is None
            else self.unnamed.merge(other.unnamed),
            tails=None if self.tails is None or other.tails is None else self.tails.merge(other.tails),
        )

    def spread(self, terms: Ints, p: int, pairs: Ints) -> Moments:
        """Moments of the same units with ``p`` terms: term ``i`` becomes term ``terms[i]``.

        All other terms are 0 for every unit. ``pairs`` (c, 2) must contain the pairs of these moments and may
        contain others.
        """
        index = {pair: c for c, pair in enumerate(map(tuple, pairs.tolist()))}
        places = [index[tuple(sorted(pair))] for pair in terms[self.pairs].tolist()]
        comoment = np.zeros(len(pairs))
        comoment[places] = self.comoment
        total, sizes = np.zeros(p), no_sizes(p)
        sizes[:2] = 0.0 if self.n else sizes[:2]
        total[terms], sizes[:, terms] = self.total, self.sizes
        return Moments(
            n=self.n,
            total=total,
            pairs=pairs,
            comoment=comoment,
            sizes=sizes,
            buckets=None if self.buckets is None else spread_buckets(self.buckets, terms, p),
            whole=self.whole,
            squared=None if self.squared is None else self.squared.spread(terms, p, pairs),
            drawn=self.drawn,
            unnamed=None if self.unnamed is None else self.unnamed.spread(terms, p),
            tails=None if self.tails is None else self.tails.spread(terms),
        )

    @property
    def low(self) -> Floats:
        """(p,) float64, the smallest value of each term."""
        return np.asarray(self.sizes[0])

    @property
    def high(self) -> Floats:
        """(p,) float64, the largest value of each term."""
        return np.asarray(self.sizes[1])

    @cached_property
    def constant(self) -> Bools:
        """(p,) bool, whether all values of the term are equal."""
        same: Bools = self.low == self.high
        return same

    @cached_property
    def mean(self) -> Floats:
        """(p,) float64, the mean of each term: exact where the term is constant, 0 where ``n`` is 0."""
        return np.where(self.constant, self.low, self.total / (self.n or 1))

    def covariance(self, i: int, j: int) -> float:
        """``n`` times the covariance of the means of two terms.

        It is ``sum (x_i - mean_i)(x_j - mean_j) / freedom``; 0 for a constant term, or if ``freedom <= 0``.
        With sampling weights ``s`` of ``u`` units, the means are ratios ``sum s x / sum s`` (Hajek 1971),
        and it is linearised: ``u / freedom sum s^2 (x_i - mean_i)(x_j - mean_j) / n`` with ``n = sum s``
        (Saerndal, Swensson & Wretman 1992, section 5.7).
        """
        if self.freedom <= 0 or self.constant[i] or self.constant[j]:
            return 0.0
        if self.squared is None:
            value = float(self.comoment[self.pair_index[min(i, j), max(i, j)]]) / self.freedom
        else:
            value = self._squared_comoment(self.squared, i, j) * (self.units / self.freedom) / self.n
        return max(value, 0.0) if i == j else value

    def _squared_comoment(self, squared: Moments, i: int, j: int) -> float:
        """``sum s^2 (x_i - mean_i)(x_j - mean_j)``, about the means of these moments."""
        apart = squared.mean - self.mean
        about_own = float(squared.comoment[self.pair_index[min(i, j), max(i, j)]])
        return about_own + float(squared.n * apart[i] * apart[j])

    def sum_of_squares(self, i: int) -> float:
        """``sum x_i^2`` over units; with sampling weights ``s``, ``sum (s x_i)^2``."""
        return self.sum_of_products(i, i)

    def sum_of_products(self, i: int, j: int) -> float:
        """``sum x_i x_j`` over units, for a pair whose co-moment is kept; see :meth:`sum_of_squares`."""
        of = self.squared or self
        both = float(of.comoment[of.pair_index[min(i, j), max(i, j)]])
        return both + of.n * float(of.mean[i]) * float(of.mean[j])

    @property
    def units(self) -> float:
        """Number of units, from which errors follow: ``n``, unless units have sampling weights."""
        return self.n if self.squared is None else self.drawn

    @property
    def freedom(self) -> float:
        """The divisor of variances: ``units - 1``, or ``units`` where these represent a distribution."""
        return self.units - 1 if self.whole else self.units

    @cached_property
    def pair_index(self) -> dict[tuple[int, int], int]:
        """Pair ``i <= j`` of terms -> the index of its co-moment."""
        return {(int(i), int(j)): c for c, (i, j) in enumerate(self.pairs)}


class MomentsAccumulator:
    """Sums blocks of units to a :class:`Moments`; its memory does not depend on the number of units.

    Args:
        p: number of terms.
        pairs: (c, 2) int64, the pairs ``i <= j`` of terms whose co-moments are kept.
        bucketed: whether bucket sums are kept; if so, :meth:`add` needs keys.
        sampled: whether units have sampling weights; if so, :meth:`add` needs them.
        unnamed: the column that nobody named as cluster, by which sums are kept too; None: there is none.
        tails: the terms whose largest values are kept.
        sized: the terms whose ``absolute`` is right where they have both signs; None: all.
    """

    def __init__(
        self,
        p: int,
        pairs: Ints,
        bucketed: bool,
        sampled: bool = False,
        unnamed: str | None = None,
        tails: tuple[int, ...] = (),
        sized: tuple[int, ...] | None = None,
    ) -> None:
        self._sized = np.full(p, sized is None)
        self._sized[list(sized or ())] = True
        self._tails = Tails.empty(tails) if tails else None
        self._unnamed = None if unnamed is None else UnnamedClusters.empty(unnamed, p)
        self._squared = MomentsAccumulator(p, pairs, bucketed=False) if sampled else None
        self._n: float = 0
        self._drawn: float = 0
        self._whole = True
        self._pairs = np.require(pairs, np.int64, ["C", "W"]).reshape(-1, 2)
        self._total = np.zeros(p)
        self._comoment = np.zeros(len(self._pairs))
        self._sizes = no_sizes(p)
        self._buckets = np.zeros((BUCKETS, p + 1)) if bucketed else None

    def add(
        self,
        terms: Floats,
        keys: Hashes | None = None,
        counts: Floats | None = None,
        sampling: Floats | None = None,
        unnamed: Hashes | None = None,
    ) -> None:
        """Add a block of m units.

        Contiguous, writable arrays of the stated types are used without a copy.

        Args:
            terms: (p, m) float64, finite.
            keys: (m,) uint64, the key of each unit or of its cluster.
            counts: (m,) float64, how many times each unit counts, at least 0; without it, once.
            sampling: (m,) float64, 1 over the probability that the unit was drawn, above 0.
            unnamed: (m,) uint64, the key of each unit in the column that nobody named as cluster.
        """
        block = np.require(terms, np.float64, ["C", "W"])
        whole = counts is None or bool((counts == np.floor(counts)).all())
        if self._squared is not None and sampling is not None:
            counts = np.ones(block.shape[1]) if counts is None else counts
            self._squared.add(block, counts=counts * sampling * sampling)
            self._drawn += float(counts.sum())
            counts = counts * sampling
        if counts is None:
            add_block(block, self._pairs, self._n, self._total, self._comoment, self._sizes, self._sized)
            self._n += block.shape[1]
            self._tails = None if self._tails is None else self._tails.added(block)
        else:
            self._tails = None
            self._add_counted(block, counts)
            self._whole = self._whole and whole
        each = np.ones(block.shape[1]) if counts is None else counts
        if self._buckets is not None and keys is not None:
            add_to_buckets(block, words(keys), self._buckets, each)
        if self._unnamed is not None and unnamed is not None:
            self._unnamed.add(block, unnamed, each)

    def _add_counted(self, block: Floats, counts: Floats) -> None:
        there = counts > 0.0
        chosen, counts = np.ascontiguousarray(block[:, there]), counts[there]
        n = float(self._n)
        add_counted(chosen, counts, self._pairs, n, self._total, self._comoment)
        least, most = chosen.min(axis=1, initial=np.inf), chosen.max(axis=1, initial=-np.inf)
        powers = [np.sum(np.abs(chosen) ** power * counts, axis=1) for power in (1, 4)]
        self._sizes = join_sizes(self._sizes, np.array([least, most, *powers]))
        self._n = n + float(counts.sum())

    def moments(self) -> Moments:
        """The moments of all units added so far; later blocks do not change them."""
        return Moments(
            n=_whole_number(self._n),
            whole=self._whole,
            total=self._total.copy(),
            pairs=self._pairs,
            comoment=self._comoment.copy(),
            sizes=self._sizes.copy(),
            buckets=None if self._buckets is None else self._buckets.copy(),
            squared=None if self._squared is None else self._squared.moments(),
            drawn=_whole_number(self._drawn),
            unnamed=None if self._unnamed is None else self._unnamed.copy(),
            tails=self._tails,
        )


def _whole_number(n: float) -> float:
    """The number as an integer if it is one."""
    return int(n) if n == int(n) else n
