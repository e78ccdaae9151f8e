"""Ranks from scores: the rank of each judged item of a query, under a given rule for ties."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import Keys, argsort_descending, argsort_each, argsort_ids, compare, kernel
from rankeval.evaluation.judged import Judged, counts_in
from rankeval.metrics import Ranking, Subtopics

Ties = Literal["trec", "item", "expected", "best", "worst"]

#: Rule for ties -> the order of items with equal scores, in words.
TIES: dict[Ties, str] = {
    "trec": "by item id, descending, as trec_eval",
    "item": "by item id, ascending",
    "expected": "exact expectation over every order",
    "best": "most favourable order: higher grades first",
    "worst": "least favourable order: lower grades first",
}
#: The lowest grades of rankings: positive ones, all judged items, and those of the pool too.
POSITIVE, JUDGED, POOL = 5e-324, 0.0, -np.inf
#: Up to this number of comparisons, counting the items above each entry is faster than sorting all items.
COUNTING = 1 << 14


def place(
    offsets: Ints,
    scores: Floats,
    items: Keys,
    judged: Judged,
    ties: Ties,
    threshold: float,
    lowest: float,
) -> Ranking:
    """The ranking of each query's items by descending score, with the ranks of the judged items.

    Args:
        offsets: (n + 1,) int64, where the items of each query start and end.
        scores: flat float64, finite.
        items: keys of the items, to resolve ties by id.
        judged: judged items of the same queries, by descending grade.
        ties: rule for ties, a key of :data:`TIES`.
        threshold: the smallest grade of a relevant item.
        lowest: the smallest grade of the items that the ranking holds, such as :data:`POSITIVE`.
    """
    entry_offsets, entries, count = _retrieved(judged.offsets, judged.row, judged.grade, lowest)
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
        subtopics=_subtopics(judged, entries[order]),
    )


def _subtopics(judged: Judged, entries: Ints) -> Subtopics | None:
    """The subtopics of the judged items, with the item of each entry of the ranking."""
    topics = judged.topics
    if topics is None:
        return None
    return Subtopics(
        offsets=judged.offsets,
        start=topics.start,
        stop=topics.stop,
        code=topics.code,
        grade=topics.grade,
        codes=topics.codes,
        id_rank=topics.id_rank,
        item=entries,
    )


@kernel
def _retrieved(offsets: Ints, row: Ints, grade: Floats, lowest: float) -> tuple[Ints, Ints, int]:
    """The retrieved items of at least a grade: their offsets by query, their indices, and their number.

    Only the first entries of the indices, up to the number, are set.
    """
    kept_offsets = np.zeros(offsets.size, np.int64)
    kept = np.empty(row.size, np.int64)
    count = 0
    for query in range(offsets.size - 1):
        for i in range(offsets[query], offsets[query + 1]):
            if row[i] >= 0 and grade[i] >= lowest:
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
    """The number of ``n`` sorted items with a score >= ``score`` (``strictly``: >), by bisection."""
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
    """(m,) int64: the number of items above each entry, with equal scores ordered by grade.

    Higher grades come first if ``best``, else last. The entries of a query are in descending order of grade,
    so the tied entries before an entry are those with a grade that is at least as high.
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
    """The largest number of comparisons of any query if each tied entry is compared with all items."""
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
    """(m,) int64: the number of items above each entry, with equal scores ordered by id.

    Ids descend if ``falling``, else they ascend.
    """
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
    """The same as :func:`_by_id`, by sorting the items of each query with tied entries.

    It is a separate kernel so that it is compiled only if it is needed.
    """
    resolved = above.copy()
    position = np.empty(scores.size, np.int64)
    for query in range(offsets.size - 1):
        first, last = entry_offsets[query], entry_offsets[query + 1]
        unresolved = False
        for i in range(first, last):
            unresolved |= tied[i] > 1
        if unresolved:
            rank_items(offsets[query], offsets[query + 1], scores, items, falling, position)
            for i in range(first, last):
                resolved[i] = position[rows[i]]
    return resolved


@kernel
def rank_items(begin: int, end: int, scores: Floats, items: Keys, falling: bool, position: Ints) -> None:
    """Write the number of items above each of the items ``begin:end`` of a query to ``position``."""
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
    """(n,) int64 twice: judged items of each query with ``grade >= threshold``, and with ``grade > 0``."""
    relevant = np.zeros(offsets.size - 1, np.int64)
    positive = np.zeros(offsets.size - 1, np.int64)
    for query in range(offsets.size - 1):
        for i in range(offsets[query], offsets[query + 1]):
            relevant[query] += grade[i] >= threshold
            positive[query] += grade[i] > 0.0
    return relevant, positive
