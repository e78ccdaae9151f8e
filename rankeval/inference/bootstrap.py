"""The bootstrap over hashed buckets of units: any number of replicates after one pass over the data.

A replicate draws as many buckets as there are, with replacement; its means are sums of sums over sums of
**counts** (with a fixed count as denominator the size of a replicate would inflate the error). No cluster is
in two buckets, so clustered and plain units need the same code. Squares are those of bucket sums about the
means of the data, so that large means cost no digits.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import BUCKET_BITS, BUCKET_MASK, BUCKETS, GOLDEN, finalise, kernel, word
from rankeval.inference.functionals import Functional
from rankeval.inference.moments import Moments

# A sum that cancels to within this share of its parts is rounding, and 0.
ROUNDING = 1e-13

_BETWEEN = BUCKETS / (BUCKETS - 1)
_DRAWS_PER_WORD = 5  # of 12 bits each
_SEED_MASK = (1 << 64) - 1


def without_rounding(parts: list[Any]) -> Any:
    """The sum of ``parts``, or 0 where it is negative or cancels to within rounding; elementwise.

    NaN where parts are so large that it is not known.
    """
    total, size = sum(parts), sum(np.abs(part) for part in parts)
    return np.where(total <= ROUNDING * size, np.where(np.isfinite(size), 0.0, np.nan), total)


def centred_buckets(moments: Moments, buckets: Floats) -> Floats:
    """(BUCKETS, p + 1): per bucket the count, then the sums of terms less their means (0 if rounding)."""
    count, sums = buckets[:, :1], buckets[:, 1:]
    centred = sums - count * moments.mean
    centred[np.abs(centred) <= ROUNDING * np.abs(sums)] = 0.0
    return np.hstack([count, centred])


class Bootstrap:
    """Replicates of the means of one :class:`Moments`, drawn once for all functionals.

    Args:
        moments: with the pairs of every functional.
        buckets: the bucket sums of these moments.
        replicates: how many.
        seed: the same seed gives the same bits on any machine, with any number of threads.

    Attributes:
        means: (replicates, p), not finite where a replicate holds no unit (with fewer than a dozen units).
    """

    def __init__(self, moments: Moments, buckets: Floats, replicates: int, seed: int) -> None:
        self._moments, self._replicates, self._seed = moments, replicates, seed
        self._buckets = buckets
        sums = self._resample(buckets)
        self._counts = sums[:, 0]
        with np.errstate(all="ignore"):
            self.means = sums[:, 1:] / sums[:, :1]
        self.means[:, moments.constant] = moments.mean[moments.constant]

    def values(self, functional: Functional) -> Floats:
        """(replicates,), NaN where a denominator is 0 or there are no units."""
        values = functional.value(self.means) + self._by_curve(functional)
        return np.where(np.isfinite(values), values, np.nan)

    def _by_curve(self, functional: Functional) -> Any:
        """(replicates,) what a position-bias curve, drawn anew for each replicate, changes."""
        by_curve = functional.by_curve(self._moments.mean)
        if np.ndim(by_curve) == 0:
            return by_curve
        draws = np.random.default_rng([self._seed & _SEED_MASK, 1]).standard_normal(
            (self._replicates, by_curve.size)
        )
        return np.sum(draws * by_curve, axis=1)

    def std_error(self, functional: Functional) -> float:
        """Standard error from the variance between buckets, ``sqrt(B / (B - 1) sum e_b^2) / n``."""
        means, squares = self._moments.mean[np.newaxis], self._squares.sum(axis=0, keepdims=True)
        return float(self._std_errors(functional, means, np.array([self._moments.n]), squares)[0])

    def std_errors(self, functional: Functional) -> Floats:
        """(replicates,) that standard error within each replicate, about the replicate's own value."""
        with np.errstate(all="ignore"):
            return self._std_errors(functional, self.means, self._counts, self._squared_sums)

    @cached_property
    def _squares(self) -> Floats:
        """(BUCKETS, 1 + p + c): the count squared, its products with the sums, and the products of pairs."""
        rows = centred_buckets(self._moments, self._buckets)
        count, sums = rows[:, :1], rows[:, 1:]
        i, j = self._moments.pairs.T
        return np.hstack([count * count, count * sums, sums[:, i] * sums[:, j]])

    @cached_property
    def _squared_sums(self) -> Floats:
        return self._resample(self._squares)

    def _resample(self, rows: Floats) -> Floats:
        """(replicates, q): sums of the drawn ``rows`` (BUCKETS, q); the same draws at every call."""
        sums = np.zeros((self._replicates, rows.shape[1]))
        _resampled_sums(rows, word(self._seed), sums)
        return sums

    def _std_errors(
        self,
        functional: Functional,
        means: Floats,
        counts: Floats,
        squares: Floats,
    ) -> Floats:
        """Between-bucket standard errors at ``means`` (R, p) from summed squares (R, 1 + p + c).

        The residual of a bucket is ``e = sum_j g_j sum_j - a count``, where ``a`` is how far the means are
        off those that the sums are centred at: its square is a form in the products.
        """
        first_pair = 1 + means.shape[1]
        gradient = functional.gradient(means)
        off_centre = means - self._moments.mean
        by_count = -sum(g * off_centre[:, j] for j, g in gradient.items())
        parts = [by_count * by_count * squares[:, 0]]
        parts += [2.0 * by_count * g * squares[:, 1 + j] for j, g in gradient.items()]
        for i, j in combinations_with_replacement(sorted(gradient), 2):
            times = 1.0 if i == j else 2.0
            column = first_pair + self._moments.pair_index[i, j]
            parts.append(times * gradient[i] * gradient[j] * squares[:, column])
        variances = without_rounding(parts) * _BETWEEN / counts**2
        by_curve = functional.by_curve(self._moments.mean)
        errors: Floats = np.sqrt(variances + np.sum(np.square(by_curve)))
        return errors


@kernel
def _resampled_sums(rows: Floats, seed: np.uint64, sums: Floats) -> None:
    """Add up the drawn rows of each replicate in the order of the draws (SplitMix64, 12 bits a draw)."""
    state = finalise(seed + GOLDEN)
    for replicate in range(sums.shape[0]):
        total = sums[replicate]
        drawn = 0
        while drawn < BUCKETS:
            state += GOLDEN
            bits = finalise(state)
            for _ in range(min(_DRAWS_PER_WORD, BUCKETS - drawn)):
                row = rows[bits & BUCKET_MASK]
                bits >>= BUCKET_BITS
                for column in range(rows.shape[1]):
                    total[column] += row[column]
                drawn += 1
