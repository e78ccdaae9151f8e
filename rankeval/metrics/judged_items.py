"""Input and output of the pooled metrics: the judged items of many queries, and a value with its influences.

Numba is imported where it is used, so that help and error messages are fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints
from rankeval.notes import Note


@dataclass(frozen=True, eq=False)
class JudgedItems:
    """The ``m`` judged items with a score of ``n`` queries. The order within a query has no meaning.

    Attributes:
        offsets: (n + 1,) int64, where the items of each query start and end.
        score: (m,) float64, finite.
        relevant: (m,) bool, whether the grade is at least the threshold.
    """

    offsets: Ints
    score: Floats
    relevant: Bools

    @property
    def counts(self) -> Ints:
        """(n,) int64, the number of items of each query."""
        return np.diff(self.offsets)

    @cached_property
    def query(self) -> Ints:
        """(m,) int64, the index of the query of each item."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def per_query(self, values: NDArray[np.float64] | Bools) -> Floats:
        """(n,) float64, the sum of ``values`` (m,) over the items of each query."""
        total = np.bincount(self.query, weights=values, minlength=len(self.offsets) - 1)
        return np.asarray(total, np.float64)

    def of(self, queries: Ints) -> JudgedItems:
        """The items of some queries, in the order of ``queries``."""
        from rankeval.arrays import offsets_of, places_of

        rows = places_of(self.offsets, queries)
        return JudgedItems(offsets_of(self.counts[queries]), self.score[rows], self.relevant[rows])

    @classmethod
    def joined(cls, parts: Sequence[JudgedItems]) -> JudgedItems:
        """The queries of all parts, one part after the other."""
        from rankeval.arrays import offsets_of

        return cls(
            offsets_of(np.concatenate([part.counts for part in parts])),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.relevant for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Pooled:
    """A pooled metric of ``n`` queries.

    Attributes:
        value: the value; NaN where it is undefined.
        influence: (n,) float64, the derivative of the value with respect to the weight of each query. The
            sum is 0, because equal weights change nothing.
        reason: why the value is undefined; empty where it is defined.
        notes: warnings about the value.
    """

    value: float
    influence: Floats
    reason: str = ""
    notes: tuple[Note, ...] = ()

    @classmethod
    def undefined(cls, items: JudgedItems, reason: str) -> Pooled:
        """No value, for this reason."""
        return cls(np.nan, np.zeros(len(items.offsets) - 1), reason)

    @classmethod
    def mean(cls, items: JudgedItems, losses: Floats, notes: tuple[Note, ...] = ()) -> Pooled:
        """The mean of ``losses`` (m,) over all items: a ratio of two sums over queries.

        The influence of query i is ``(L_i - mean n_i) / m`` with the sum ``L_i`` of its losses and its number
        of items ``n_i``.
        """
        value = float(np.sum(losses)) / len(losses)
        return cls(value, (items.per_query(losses) - value * items.counts) / len(losses), notes=notes)

    def terms(self) -> Floats:
        """(n,) float64, ``value + n influence``: the mean is the value, and the units have its variance."""
        return self.value + len(self.influence) * self.influence
