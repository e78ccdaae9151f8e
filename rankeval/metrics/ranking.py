"""The input of a metric: the ranks of the judged items of a batch of queries."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ``m`` judged and retrieved items ("entries") of ``n`` queries, and counts for each query.

    The entries of query ``i`` are ``offsets[i]:offsets[i + 1]``, in the order of ascending ``above``, then
    descending ``grade``. The rank of an entry is uniform over ``above + 1 .. above + tied``. Where ties are
    resolved, ``tied`` is 1 and the rank is ``above + 1``. Where they are not (rule ``expected``), all entries
    of a tied group have the same ``above`` and ``tied``. One formula therefore serves both cases. Entries
    with grade 0 are present only if a metric needs them (``Metric.needs_nonrelevant``).

    Attributes:
        offsets: (n + 1,) int64, where the entries of each query start and end.
        above: (m,) int64, number of retrieved items that are certainly ranked above the entry.
        tied: (m,) int64, size of the entry's tied group, counted over all retrieved items, judged or not.
        grade: (m,) float64, ``>= 0``.
        retrieved: (n,) int64, length of the ranking.
        relevant: (n,) int64, number of relevant items (grade >= threshold), retrieved or not.
        nonrelevant: (n,) int64, number of items judged not relevant, retrieved or not.
        ideal_start, ideal_stop: (n,) int64, slice of ``ideal_grade`` that holds the query's positive grades.
        ideal_grade: flat float64, the grades of judged items, retrieved or not; descending for each query.
        threshold: the smallest grade of a relevant item.
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
