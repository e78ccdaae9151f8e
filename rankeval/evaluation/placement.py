"""From scores to places: where the judged items of each query stand, under a stated rule for ties."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import Keys, argsort_descending, argsort_each, argsort_ids, compare, kernel
from rankeval.evaluation.judgements import Judged, counts_in
from rankeval.metrics import Ranking

Ties = Literal["trec", "item", "expected", "best", "worst"]

#: Each rule for ties, and what it does with items of equal score.
TIES: dict[Ties, str] = {
    "trec": "by item id, descending, as trec_eval",
    "item": "by item id, ascending",
    "expected": "exact expectation over every order",
    "best": "most favourable order: higher grades first",
    "worst": "least favourable order: lower grades first",
}
#: Up to this many comparisons, counting the items before each entry beats sorting all of them.
COUNTING = 1 << 14


def place(
    offsets: Ints,
    scores: Floats,
    items: Keys,
    judged: Judged,
    ties: Ties,
    threshold: float,
    nonrelevant: bool,
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
    if ties in ("best", "worst"):
        above = _by_grade(entry_offsets, above, tied, ties == "best")
    elif ties != "expected":
        resolve = _by_id_sorted if _compared(offsets, entry_offsets, tied) > COUNTING else _by_id
        above = resolve(offsets, scores, items, entry_offsets, rows, above, tied, ties == "trec")
    if ties != "expected":
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
    """Number of ``n`` sorted items whose score is at least (``strictly``: above) ``score``, by bisection."""
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
def _by_grade(entry_offsets: Ints, above: Ints, tied: Ints, best: bool) -> Ints:
    """The number of items above each entry where higher grades come first, or last, among equal scores.

    Entries of a query come by descending grade, so an entry's place among the tied entries before it is its
    place by grade.
    """
    resolved = above.copy()
    for query in range(entry_offsets.size - 1):
        first = entry_offsets[query]
        for i in range(first, entry_offsets[query + 1]):
            better = 0
            for j in range(first, i if tied[i] > 1 else first):
                better += above[j] == above[i]
            resolved[i] += better if best else tied[i] - 1 - better
    return resolved


def _compared(offsets: Ints, entry_offsets: Ints, tied: Ints) -> int:
    """Largest number of comparisons that any query takes where each tied entry is compared with all items."""
    return int((counts_in(entry_offsets, tied > 1) * np.diff(offsets)).max(initial=0))


@kernel
def _by_id(
    offsets: Ints,
    scores: Floats,
    items: Keys,
    entry_offsets: Ints,
    rows: Ints,
    above: Ints,
    tied: Ints,
    falling: bool,
) -> Ints:
    """The number of items above each entry where ids rise or fall among equal scores."""
    resolved = above.copy()
    for query in range(offsets.size - 1):
        for i in range(entry_offsets[query], entry_offsets[query + 1]):
            for j in range(offsets[query], offsets[query + 1] if tied[i] > 1 else offsets[query]):
                if scores[j] == scores[rows[i]] and j != rows[i]:
                    sign = compare(items.data, items.offsets, j, items.data, items.offsets, rows[i])
                    resolved[i] += sign > 0 if falling else sign < 0
    return resolved


@kernel
def _by_id_sorted(
    offsets: Ints,
    scores: Floats,
    items: Keys,
    entry_offsets: Ints,
    rows: Ints,
    above: Ints,
    tied: Ints,
    falling: bool,
) -> Ints:
    """The same by sorting the items of each query that has tied entries; compiled where it is needed only."""
    resolved = above.copy()
    position = np.empty(scores.size, np.int64)
    for query in range(offsets.size - 1):
        first, last = entry_offsets[query], entry_offsets[query + 1]
        unresolved = False
        for i in range(first, last):
            unresolved |= tied[i] > 1
        if unresolved:
            _rank(offsets[query], offsets[query + 1], scores, items, falling, position)
            for i in range(first, last):
                resolved[i] = position[rows[i]]
    return resolved


@kernel
def _rank(begin: int, end: int, scores: Floats, items: Keys, falling: bool, position: Ints) -> None:
    """Write the number of items above each of the items ``begin:end``."""
    n = end - begin
    order, scratch, values = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.float64)
    for i in range(n):
        order[i], values[i] = i, scores[begin + i]
    argsort_ids(items, begin, order, scratch)
    for i in range(n):
        scratch[i] = order[n - 1 - i] if falling else order[i]
    argsort_descending(values, scratch, order, 0, n)
    for i in range(n):
        position[begin + scratch[i]] = i


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
