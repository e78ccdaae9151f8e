"""What a metric sees: where the judged items of a batch of queries stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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

    offsets: NDArray[np.int64]
    above: NDArray[np.int64]
    tied: NDArray[np.int64]
    grade: NDArray[np.float64]
    retrieved: NDArray[np.int64]
    relevant: NDArray[np.int64]
    nonrelevant: NDArray[np.int64]
    ideal_start: NDArray[np.int64]
    ideal_stop: NDArray[np.int64]
    ideal_grade: NDArray[np.float64]
    threshold: float = 1.0
