"""How terms such as weights are spread: their largest values, the index of their tail, and histograms.

The largest values of parts merge to those of the whole exactly, in memory that does not depend on the number
of units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.inference.histograms import Histogram

#: Number of the largest values of each term that count.
KEPT = 2048
#: Number that may be held, so that the largest are not picked out again for every block.
_HELD = 2 * KEPT
#: A tail of fewer distinct values has no index: discrete weights are no sample of a smooth tail.
FEW_DISTINCT = 50


@dataclass(frozen=True, eq=False)
class Tails:
    """The largest values and the histograms of some terms.

    Attributes:
        terms: the index of each term.
        largest: for each term the :data:`KEPT` largest values or all, and perhaps further ones, in any order.
        histograms: of each term.
        n: number of units.
    """

    terms: tuple[int, ...]
    largest: tuple[Floats, ...]
    histograms: tuple[Histogram, ...]
    n: int = 0

    @classmethod
    def empty(cls, terms: tuple[int, ...]) -> Tails:
        """The tails of no units."""
        return cls(terms, tuple(np.zeros(0) for _ in terms), tuple(Histogram.empty() for _ in terms))

    def added(self, block: Floats) -> Tails:
        """The tails with a block (p, m) of further units."""
        kept = tuple(_largest(old, block[term]) for term, old in zip(self.terms, self.largest, strict=True))
        pairs = zip(self.terms, self.histograms, strict=True)
        histograms = tuple(old.added(block[term]) for term, old in pairs)
        return Tails(self.terms, kept, histograms, self.n + block.shape[1])

    def merge(self, other: Tails) -> Tails:
        """The tails of both sets of units."""
        kept = tuple(_largest(a, b) for a, b in zip(self.largest, other.largest, strict=True))
        pairs = zip(self.histograms, other.histograms, strict=True)
        return Tails(self.terms, kept, tuple(a.merge(b) for a, b in pairs), self.n + other.n)

    def spread(self, terms: Ints) -> Tails:
        """The same tails, of terms that have other indices: term ``i`` becomes term ``terms[i]``."""
        return Tails(tuple(int(terms[i]) for i in self.terms), self.largest, self.histograms, self.n)

    def index(self, term: int) -> float | None:
        """The tail index of a term (:func:`pareto_k`); None if its largest values are not kept."""
        if term not in self.terms:
            return None
        return pareto_k(_at_most(KEPT, self.largest[self.terms.index(term)]), self.n)

    def histogram(self, term: int) -> Histogram | None:
        """The histogram of a term; None if none is kept."""
        return self.histograms[self.terms.index(term)] if term in self.terms else None


def _largest(held: Floats, values: Floats) -> Floats:
    """The largest values of both arrays, and perhaps further ones: at most :data:`_HELD`, as in ``held``."""
    if len(held) >= KEPT:  # none below these is among the largest
        values = values[np.flatnonzero(values > held.min())]
        if not len(values):
            return held
    together = np.concatenate([held, values])
    return together if len(together) <= _HELD else _at_most(KEPT, together)


def _at_most(kept: int, values: Floats) -> Floats:
    return values if len(values) <= kept else np.partition(values, len(values) - kept)[-kept:]


def pareto_k(largest: Floats, n: int) -> float | None:
    """The shape k of a generalised Pareto distribution that is fitted to the tail of ``n`` values.

    The tail has the ``m = min(n / 5, 3 sqrt(n))`` largest values, as in Pareto smoothed importance sampling
    (Vehtari et al. 2024); fewer if fewer are kept. The fit is that of Zhang & Stephens (2009), drawn to 1/2
    as by 10 observations. Moments of order ``1 / k`` and more are infinite.

    Args:
        largest: the largest values; at least m of them, in any order.
        n: number of values.

    Returns:
        k; None if the tail has fewer than :data:`FEW_DISTINCT` distinct values.
    """
    m = min(math.ceil(min(0.2 * n, 3.0 * math.sqrt(n))), len(largest) - 1)
    if m < FEW_DISTINCT:
        return None
    ordered = np.sort(largest)
    excess = ordered[-m:] - ordered[-m - 1]
    excess = excess[excess > 0.0]
    if len(np.unique(excess)) < FEW_DISTINCT:
        return None
    return (len(excess) * _zhang_stephens(excess) + 10.0 * 0.5) / (len(excess) + 10.0)


def _zhang_stephens(x: Floats) -> float:
    """The shape of a generalised Pareto sample (ascending, above 0): ``k`` of ``(1 + k x / s)^(-1/k)``.

    ``theta = -k / s`` has the posterior mean over a grid, by the profile likelihood (Zhang & Stephens 2009).
    """
    n = len(x)
    grid = 30 + int(math.sqrt(n))
    quartile = x[int(n / 4.0 + 0.5) - 1]
    points = np.arange(1, grid + 1, dtype=np.float64)
    theta = 1.0 / x[-1] + (1.0 - np.sqrt(grid / (points - 0.5))) / (3.0 * quartile)
    k = -np.array([np.log1p(-one * x).mean() for one in theta])
    likelihood = n * (np.log(theta / k) + k - 1.0)
    weights = np.exp(likelihood - likelihood.max())
    mean = float((theta * weights).sum() / weights.sum())
    return float(np.log1p(-mean * x).mean())
