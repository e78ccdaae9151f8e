"""From scores to places: where the judged items of each query stand, under a stated rule for ties."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rankeval.ids import Keys, compare
from rankeval.judgements import Judged
from rankeval.kernels import kernel
from rankeval.metrics import Ranking
from rankeval.order import argsort_descending, argsort_each

Ties = Literal["trec", "item", "expected", "best", "worst"]

#: Each rule for ties, and what it does with items of equal score.
TIES: dict[Ties, str] = {
    "trec": "by item id, descending, as trec_eval",
    "item": "by item id, ascending",
    "expected": "exact expectation over every order",
    "best": "most favourable order: higher grades first",
    "worst": "least favourable order: lower grades first",
}
_CODES: dict[Ties, int] = {"expected": 0, "trec": 1, "item": 2, "best": 3, "worst": 4}

#: Up to this many comparisons, counting the better items of each entry beats sorting all of them.
COUNTING = 1 << 14

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def place(
    offsets: Ints, scores: Floats, items: Keys, judged: Judged, ties: Ties, threshold: float, nonrelevant: bool
) -> Ranking:
    """Where each judged item stands among its query's items, by descending score.

    Args:
        offsets: (n + 1,) items of each query.
        scores: flat, finite.
        items: keys of the items, for ties by id.
        judged: judged items of the same queries, by descending grade.
        ties: see :data:`TIES`.
        threshold: grade from which an item is relevant.
        nonrelevant: whether items of grade 0 are wanted too.
    """
    entry_offsets, entries, count = _retrieved(judged.offsets, judged.row, judged.grade, nonrelevant)
    entries = entries[:count]
    rows, grades = judged.row[entries], judged.grade[entries]
    above, tied = _count_above(offsets, scores, entry_offsets, rows)
    if ties != "expected":
        above = _resolve(offsets, scores, items, entry_offsets, rows, above, tied, _CODES[ties])
        tied = np.ones_like(tied)
    order = np.arange(len(above))
    argsort_each(entry_offsets, -above.astype(np.float64), order)
    relevant, positive = _counts(judged.offsets, judged.grade, threshold)
    return Ranking(
        offsets=entry_offsets,
        above=above[order],
        tied=tied[order],
        grade=grades[order],
        retrieved=np.diff(offsets),
        relevant=relevant,
        nonrelevant=judged.judged - relevant,
        ideal_start=judged.offsets[:-1],
        ideal_stop=judged.offsets[:-1] + positive,
        ideal_grade=judged.grade,
        threshold=threshold,
    )


@kernel
def _retrieved(offsets: Ints, row: Ints, grade: Floats, nonrelevant: bool) -> tuple[Ints, Ints, int]:
    """The judged items that were retrieved: offsets by query, and their indices."""
    kept_offsets = np.zeros(offsets.size, np.int64)
    kept = np.empty(row.size, np.int64)
    count = 0
    for query in range(offsets.size - 1):
        for i in range(offsets[query], offsets[query + 1]):
            if row[i] >= 0 and (nonrelevant or grade[i] > 0.0):
                kept[count] = i
                count += 1
        kept_offsets[query + 1] = count
    return kept_offsets, kept, count


@kernel
def _count_above(offsets: Ints, scores: Floats, entry_offsets: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """For each entry, the number of items of its query with a greater score, and with an equal one."""
    above = np.zeros(rows.size, np.int64)
    tied = np.zeros(rows.size, np.int64)
    order = np.empty(0, np.int64)
    scratch = np.empty(0, np.int64)
    values = np.empty(0, np.float64)
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        first, last = entry_offsets[query], entry_offsets[query + 1]
        if (last - first) * (end - begin) <= COUNTING:
            for i in range(first, last):
                score = scores[rows[i]]
                greater, equal = 0, 0
                for j in range(begin, end):
                    greater += scores[j] > score
                    equal += scores[j] == score
                above[i], tied[i] = greater, equal
        else:
            if order.size < end - begin:
                order = np.empty(end - begin, np.int64)
                scratch = np.empty(end - begin, np.int64)
                values = np.empty(end - begin, np.float64)
            for j in range(end - begin):
                order[j], values[j] = j, scores[begin + j]
            argsort_descending(values, order, scratch, 0, end - begin)
            for i in range(first, last):
                above[i] = _items_at_least(values, order, end - begin, scores[rows[i]], True)
                tied[i] = _items_at_least(values, order, end - begin, scores[rows[i]], False) - above[i]
    return above, tied


@kernel
def _items_at_least(scores: Floats, order: Ints, n: int, score: float, strictly: bool) -> int:
    """Number of ``n`` sorted items whose score is at least (``strictly``: greater than) ``score``, by bisection."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        other = scores[order[middle]]
        if other > score or (other == score and not strictly):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _resolve(
    offsets: Ints, scores: Floats, items: Keys, entry_offsets: Ints, rows: Ints, above: Ints, tied: Ints, ties: int
) -> Ints:
    """The number of items above each entry once ties are resolved.

    Entries of a query come by descending grade, so an entry's place among the tied entries before it is its
    place by grade.
    """
    resolved = above.copy()
    for query in range(offsets.size - 1):
        first, last = entry_offsets[query], entry_offsets[query + 1]
        for i in range(first, last):
            if tied[i] == 1:
                continue
            if ties >= 3:
                better = 0
                for j in range(first, i):
                    better += above[j] == above[i]
                resolved[i] += better if ties == 3 else tied[i] - 1 - better
            else:
                resolved[i] += _tied_before(offsets[query], offsets[query + 1], scores, items, rows[i], ties)
    return resolved


@kernel
def _tied_before(begin: int, end: int, scores: Floats, items: Keys, row: int, ties: int) -> int:
    """Number of items with the score of ``row`` that come before it by id."""
    before = 0
    for j in range(begin, end):
        if scores[j] == scores[row] and j != row:
            sign = compare(items.data, items.offsets, j, items.data, items.offsets, row)
            before += sign > 0 if ties == 1 else sign < 0
    return before


@kernel
def _counts(offsets: Ints, grade: Floats, threshold: float) -> tuple[Ints, Ints]:
    """Judged items with a grade of ``threshold`` or more, and with a positive one, of each query."""
    relevant = np.zeros(offsets.size - 1, np.int64)
    positive = np.zeros(offsets.size - 1, np.int64)
    for query in range(offsets.size - 1):
        for i in range(offsets[query], offsets[query + 1]):
            relevant[query] += grade[i] >= threshold
            positive[query] += grade[i] > 0.0
    return relevant, positive
