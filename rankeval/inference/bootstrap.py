"""The bootstrap over hashed buckets of units: any number of replicates after one pass over the data.

A replicate draws ``BUCKETS`` buckets with replacement. Its mean of a term is the sum of the drawn bucket sums
divided by the sum of the drawn bucket **counts**. (With a fixed count as denominator, the varying number of
units in a replicate would inflate the error.) All units of a cluster are in one bucket, so units with and
without clusters need the same code. Squares are those of bucket sums centred at the means of the data, so
that large means cost no precision.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.arrays import BUCKET_BITS, BUCKET_MASK, BUCKETS, GOLDEN, finalise, kernel, word
from rankeval.inference.functionals import Functional
from rankeval.inference.moments import Moments

# A sum whose parts cancel to less than this share of their size is a rounding error, and set to 0.
ROUNDING = 1e-13

_BETWEEN = BUCKETS / (BUCKETS - 1)
_DRAWS_PER_WORD = 5  # of 12 bits each
_SEED_MASK = (1 << 64) - 1


def without_rounding(parts: list[Any]) -> Any:
    """The elementwise sum of ``parts``, or 0 where it is negative or no more than a rounding error.

    NaN where the parts are not finite, so that the sum is unknown.
    """
    total, size = sum(parts), sum(np.abs(part) for part in parts)
    return np.where(total <= ROUNDING * size, np.where(np.isfinite(size), 0.0, np.nan), total)


def centred_buckets(moments: Moments, buckets: Floats) -> Floats:
    """(BUCKETS, p + 1) float64: for each bucket, the count and the centred sum of each term.

    A centred sum is the sum of the term minus its mean, over the bucket's units. It is 0 where it is no more
    than a rounding error.
    """
    count, sums = buckets[:, :1], buckets[:, 1:]
    centred = sums - count * moments.mean
    centred[np.abs(centred) <= ROUNDING * np.abs(sums)] = 0.0
    return np.hstack([count, centred])


class Bootstrap:
    """Bootstrap replicates of the means of one :class:`Moments`, drawn once for all functionals.

    Args:
        moments: the moments, with the pairs of terms that every functional needs.
        buckets: (BUCKETS, p + 1) float64, the bucket sums of these moments.
        replicates: number of replicates.
        seed: the same seed gives the same bits on every machine, with any number of threads.

    Attributes:
        means: (replicates, p) float64, not finite where a replicate holds no unit. This happens only with
            fewer than about a dozen units.
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
        """(replicates,) float64: the value in each replicate, NaN where it is not finite."""
        values = functional.value(self.means) + self._by_curve(functional)
        return np.where(np.isfinite(values), values, np.nan)

    def _by_curve(self, functional: Functional) -> Any:
        """(replicates,) float64: the change of the value by a random error of the position-bias curve.

        Each replicate draws the error of the curve from a normal distribution. 0 without an uncertain curve.
        """
        by_curve = functional.by_curve(self._moments.mean)
        if np.ndim(by_curve) == 0:
            return by_curve
        draws = np.random.default_rng([self._seed & _SEED_MASK, 1]).standard_normal(
            (self._replicates, by_curve.size)
        )
        return np.sum(draws * by_curve, axis=1)

    def std_error(self, functional: Functional) -> float:
        """The standard error from the variance between buckets, ``sqrt(B / (B - 1) sum e_b^2) / n``.

        B is the number of buckets and ``e_b`` the linearised residual of bucket b.
        """
        means, squares = self._moments.mean[np.newaxis], self._squares.sum(axis=0, keepdims=True)
        return float(self._std_errors(functional, means, np.array([self._moments.n]), squares)[0])

    def std_errors(self, functional: Functional) -> Floats:
        """(replicates,) float64: the same standard error in each replicate, about the replicate's means."""
        with np.errstate(all="ignore"):
            return self._std_errors(functional, self.means, self._counts, self._squared_sums)

    @cached_property
    def _squares(self) -> Floats:
        """(BUCKETS, 1 + p + c) float64: products of each bucket's count and centred sums.

        The columns are the square of the count, the count times each sum, and the product of the two sums of
        each pair of terms.
        """
        rows = centred_buckets(self._moments, self._buckets)
        count, sums = rows[:, :1], rows[:, 1:]
        i, j = self._moments.pairs.T
        return np.hstack([count * count, count * sums, sums[:, i] * sums[:, j]])

    @cached_property
    def _squared_sums(self) -> Floats:
        return self._resample(self._squares)

    def _resample(self, rows: Floats) -> Floats:
        """(replicates, q) float64: sums of drawn ``rows`` (BUCKETS, q), with the same draws at every call."""
        return resampled_sums(rows, self._replicates, self._seed)

    def _std_errors(
        self,
        functional: Functional,
        means: Floats,
        counts: Floats,
        squares: Floats,
    ) -> Floats:
        """Between-bucket standard errors (R,) at ``means`` (R, p) from sums of ``_squares`` (R, 1 + p + c).

        The linearised residual of a bucket is ``e = sum_j g_j sum_j - a count``. Here g is the gradient, and
        ``a = sum_j g_j (means_j - m_j)``, where m are the means at which the sums are centred. The square of
        e is therefore a linear combination of the columns of ``_squares``.
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


def resampled_sums(rows: Floats, replicates: int, seed: int) -> Floats:
    """(replicates, q) float64: sums of ``rows`` (BUCKETS, q) drawn with replacement.

    A seed gives the same draws for any rows.
    """
    sums = np.zeros((replicates, rows.shape[1]))
    _resampled_sums(rows, np.asarray(rows.any(axis=1)), word(seed), sums)
    return sums


@kernel
def _resampled_sums(rows: Floats, filled: NDArray[np.bool_], seed: np.uint64, sums: Floats) -> None:
    """Add the drawn rows of each replicate to ``sums``, in the order of the draws.

    SplitMix64 generates the draws, 12 bits for each. Rows that are not ``filled`` are all 0: a small log
    leaves most buckets empty.
    """
    state = finalise(seed + GOLDEN)
    for replicate in range(sums.shape[0]):
        total = sums[replicate]
        drawn = 0
        while drawn < BUCKETS:
            state += GOLDEN
            bits = finalise(state)
            for _ in range(min(_DRAWS_PER_WORD, BUCKETS - drawn)):
                bucket = bits & BUCKET_MASK
                bits >>= BUCKET_BITS
                drawn += 1
                if not filled[bucket]:
                    continue
                row = rows[bucket]
                for column in range(rows.shape[1]):
                    total[column] += row[column]
