"""What a metric sees: where the judged items of a batch of queries stand."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Ranking:
    """Judged, retrieved items ("entries") of ``n`` queries, and what is known of each query.

    Entries of query ``i`` are ``offsets[i]:offsets[i + 1]``, by ascending ``above``, then descending
    ``grade``. An entry's rank is uniform over ``above + 1 .. above + tied``: with resolved ties ``tied``
    is 1 and the rank is ``above + 1``; with ``expected`` ties a tied group shares both numbers, and one
    formula serves both. Entries with grade 0 are present only if a metric asked for them
    (``Metric.needs_nonrelevant``).

    Attributes:
        offsets: (n + 1,) int64.
        above: (m,) int64, retrieved items that certainly stand above the entry.
        tied: (m,) int64, size of the entry's tied group over all retrieved items, judged or not.
        grade: (m,) float64, ``>= 0``.
        retrieved: (n,) int64, length of the ranking.
        relevant: (n,) int64, judged relevant items (grade >= threshold), retrieved or not.
        nonrelevant: (n,) int64, items judged not relevant, retrieved or not.
        ideal_start, ideal_stop: (n,) int64, slice of ``ideal_grade`` that belongs to the query.
        ideal_grade: flat float64, each query's positive grades, retrieved or not, descending.
        threshold: grade from which an item is relevant.
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
