"""The judged items of the queries of a batch, and those of a run that has the grades itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import argsort_each, as_float64, is_null, kernel, offsets_of, read_only
from rankeval.evaluation.subtopic_rows import ItemTopics
from rankeval.logs import Sessions


@dataclass(frozen=True, slots=True)
class Judged:
    """``m`` judged items of the ``n`` queries of a batch, in descending order of grade for each query.

    Items of grade 0 may be absent from ``grade`` and ``row`` if no metric needs them.

    Attributes:
        offsets: (n + 1,) int64, where the items of each query start and end.
        grade: (m,) float64, ``>= 0``; negative for items of the pool that are not judged, if these are kept.
        row: (m,) int64, the item's row in the batch, -1 if it was not retrieved.
        judged: (n,) int64, number of judged items, always including those of grade 0.
        retrieved: (n,) int64, number of judged items of any grade that were retrieved.
        negative: number of retrieved items that count as unjudged because their grade is negative.
        topics: the subtopics of the items, where a metric asks for them.
    """

    offsets: Ints
    grade: Floats
    row: Ints
    judged: Ints
    retrieved: Ints
    negative: int = 0
    topics: ItemTopics | None = None

    def relevant(self, thresholds: Sequence[float]) -> Ints:
        """(n, t) int64: the number of items of each query with a grade of at least each of t thresholds."""
        return relevant_in(self.offsets, self.grade, thresholds)

    def without_rows(self, left_out: Bools) -> Judged:
        """The same without the items in the rows of the batch that are left out."""
        gone = (self.row >= 0) & left_out[self.row] if len(left_out) else np.zeros(len(self.row), bool)
        kept = ~gone
        places = np.flatnonzero(kept)
        of_batch = counts_in(self.offsets, gone & (self.grade >= 0.0))
        return replace(
            self,
            offsets=offsets_of(kept)[self.offsets],
            grade=self.grade[kept],
            row=self.row[kept],
            judged=self.judged - of_batch,
            retrieved=self.retrieved - of_batch,
            topics=None if self.topics is None else self.topics.of(places),
        )

    def without_pool(self) -> Judged:
        """The same without the items of a negative grade."""
        kept = self.grade >= 0.0
        if kept.all():
            return self
        offsets = offsets_of(kept)[self.offsets]
        topics = None if self.topics is None else self.topics.of(np.flatnonzero(kept))
        return replace(self, offsets=offsets, grade=self.grade[kept], row=self.row[kept], topics=topics)


def one_relevant(grade: float) -> Judged:
    """One query with one judged item of this grade, which was not retrieved."""
    one, none = np.ones(1, np.int64), np.zeros(1, np.int64)
    return Judged(np.array([0, 1]), np.full(1, grade), -one, one, none)


def judged_in_run(sessions: Sessions, lowest: float) -> Judged:
    """The judgements in the ``relevance`` column of a run, of items with a grade of at least ``lowest``.

    An item with a null or a negative grade is unjudged.

    Raises:
        DataError: a grade is NaN or infinite.
    """
    relevance = sessions.column("relevance")
    grade = read_only(as_float64(relevance))
    _require_grades(sessions, relevance, grade)
    offsets, row, judged = _in_batch(sessions.offsets, grade, lowest)
    row = row[: offsets[-1]]
    order = by_grade(offsets, grade[row])
    negative = int(np.count_nonzero(grade < 0))
    return Judged(offsets, grade[row][order], row[order], judged, judged, negative)


def relevant_in(offsets: Ints, grade: Floats, thresholds: Sequence[float]) -> Ints:
    """(n, t) int64: the number of items of each query with a grade of at least each of t thresholds."""
    return np.stack([counts_in(offsets, grade >= threshold) for threshold in thresholds], axis=1)


def counts_in(offsets: Ints, mask: Bools) -> Ints:
    """(n,) int64: the number of true values of a flat mask in each stretch."""
    return np.diff(offsets_of(mask)[offsets])


def _require_grades(sessions: Sessions, relevance: pa.Array, grade: Floats) -> None:
    bad = ~np.isfinite(grade)
    if bad.any():
        bad &= ~is_null(relevance)
        if bad.any():
            item = int(np.argmax(bad))
            raise sessions.error("relevance", item, grade[item], "a finite grade, or null where unjudged")


@kernel
def _in_batch(offsets: Ints, grade: Floats, lowest: float) -> tuple[Ints, Ints, Ints]:
    """Offsets and rows of items with a grade of at least ``lowest``; judged items per query."""
    judged = np.zeros(offsets.size - 1, np.int64)
    kept_offsets = np.zeros(offsets.size, np.int64)
    rows = np.empty(grade.size, np.int64)
    count = 0
    for query in range(offsets.size - 1):
        for row in range(offsets[query], offsets[query + 1]):
            judged[query] += grade[row] >= 0.0
            if grade[row] >= lowest:
                rows[count] = row
                count += 1
        kept_offsets[query + 1] = count
    return kept_offsets, rows, judged


def by_grade(offsets: Ints, grade: Floats) -> Ints:
    """The order that sorts the items of each query by descending grade."""
    order = np.arange(len(grade))
    argsort_each(offsets, grade, order)
    return order
