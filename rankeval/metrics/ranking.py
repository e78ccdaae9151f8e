"""The input of a metric: the ranks of the judged items of a batch of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.metrics.subtopics import Subtopics


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ``m`` judged and retrieved items ("entries") of ``n`` queries, and counts for each query.

    The entries of query ``i`` are ``offsets[i]:offsets[i + 1]``, in the order of ascending ``above``, then
    descending ``grade``. The rank of an entry is uniform over ``above + 1 .. above + tied``. Where ties are
    resolved, ``tied`` is 1 and the rank is ``above + 1``. Where they are not (rule ``expected``), all entries
    of a tied group have the same ``above`` and ``tied``. One formula therefore serves both cases. Entries
    with grade 0, and those of the pool with a negative grade, are present only if a metric needs them
    (``Definition.needs``).

    Attributes:
        offsets: (n + 1,) int64, where the entries of each query start and end.
        above: (m,) int64, number of retrieved items that are certainly ranked above the entry.
        tied: (m,) int64, size of the entry's tied group, counted over all retrieved items, judged or not.
        grade: (m,) float64, ``>= 0``, but negative for unjudged items of the pool.
        retrieved: (n,) int64, length of the ranking.
        relevant: (n,) int64, number of relevant items (grade >= threshold), retrieved or not.
        nonrelevant: (n,) int64, number of items judged not relevant, retrieved or not.
        ideal_start, ideal_stop: (n,) int64, slice of ``ideal_grade`` that holds the query's positive grades.
        ideal_grade: flat float64, the grades of judged items, retrieved or not; descending for each query.
        threshold: the smallest grade of a relevant item.
        subtopics: the subtopics of the judged items, where a metric asks for them.
    """

    offsets: Ints
    above: Ints
    tied: Ints
    grade: Floats
    retrieved: Ints
    relevant: Ints
    nonrelevant: Ints
    ideal_start: Ints
    ideal_stop: Ints
    ideal_grade: Floats
    threshold: float = 1.0
    subtopics: Subtopics | None = None

    def at_threshold(self, threshold: float) -> Ranking:
        """The same ranking where items are relevant from another grade on, which is above 0."""
        found = self._positive(self.ideal_grade >= threshold)
        judged = self.relevant + self.nonrelevant
        return replace(self, relevant=found, nonrelevant=judged - found, threshold=threshold)

    def with_gains(self, gains: Sequence[float]) -> Ranking:
        """The same ranking with the gain of each grade 0, 1, 2 ... in place of the grade.

        Grades must be whole numbers below ``len(gains)``; gains must not fall.
        """
        table = np.asarray(gains, np.float64)
        grade, ideal = (
            table.take(grades.astype(np.int64), mode="clip") for grades in (self.grade, self.ideal_grade)
        )
        stop = self.ideal_start + self._positive(ideal > 0.0)
        return replace(self, grade=grade, ideal_grade=ideal, ideal_stop=stop)

    def _positive(self, mask: Bools) -> Ints:
        """(n,) int64: the number of true values of a mask over the ideal grades of each query."""
        passed = np.concatenate([[0], np.cumsum(mask)])
        return np.asarray(passed[self.ideal_stop] - passed[self.ideal_start], np.int64)
