"""Judgements, and their join with the rows of a run by query and item; neither must be sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import (
    NO_KEYS,
    Keys,
    build_table,
    compare,
    find,
    kernel,
    keys_like,
    keys_of,
    offsets_of,
    read_only,
    table_mask,
    take,
    taken_keys,
    to_numpy,
)
from rankeval.errors import DataError
from rankeval.evaluation.judged import Judged, by_grade, counts_in, relevant_in
from rankeval.evaluation.judgement_rows import GradeLimit, JudgementRows
from rankeval.evaluation.subtopic_rows import ItemTopics, MergedRows
from rankeval.logs import Log, differ

NO_LIMIT = GradeLimit()


@dataclass(frozen=True)
class Judgements:
    """All judgements of a file in memory, grouped by query; the ``q`` queries keep the order of the file.

    Attributes:
        queries: Arrow array (q,) of the judged queries.
        query_keys, query_slots: the keys of ``queries``, and the hash table of the keys.
        offsets: (q + 1,) int64, where the items of each query start and end; their grades descend.
        grade: (m,) float64, ``>= 0``; items with a negative grade are left out, unless the pool is kept.
        items: the keys (m,) of the judged items.
        negative: number of items that count as unjudged because their grade is negative.
        first: Arrow arrays (1,) with the first judged query and the first judged item, as examples of ids.
        origin: the file, for messages.
        fields: role -> Arrow array (q,), further columns with one value per query.
        topics: the subtopics of the judged items, where they were asked for.
    """

    queries: pa.Array
    query_keys: Keys
    query_slots: Ints
    offsets: Ints
    grade: Floats
    items: Keys
    negative: int
    first: tuple[pa.Array, pa.Array]
    origin: str
    fields: dict[str, pa.Array]
    topics: ItemTopics | None = None

    @classmethod
    def read(
        cls,
        log: Log,
        fields: Sequence[str] = (),
        limit: GradeLimit = NO_LIMIT,
        pool: bool = False,
        subtopics: bool = False,
    ) -> Judgements:
        """Read a judgements file, with the columns ``fields`` that have one value per query.

        With ``pool``, items with a negative grade are kept too. With ``subtopics``, an item has a row for
        each of its subtopics, and the largest of their grades.

        Raises:
            DataError: an id is null, a grade is not finite or above ``limit``, an item is judged twice for a
                query (and subtopic), or a field changes within a query.
        """
        asked = ["query_id", "item_id", "relevance", *(["subtopic"] if subtopics else []), *fields]
        table = JudgementRows.read(log, list(dict.fromkeys(asked)))
        table.require_at_most(limit)
        codes = _encoded(table.columns["query_id"])
        rows, offsets = _grouped(to_numpy(codes.indices), len(codes.dictionary))
        of_queries = {name: _per_query(table, rows, offsets, name) for name in fields}
        item, negative, topics = table.columns["item_id"], int(np.count_nonzero(table.grade < 0)), None
        if subtopics:
            merged = MergedRows.of(table, to_numpy(codes.indices).astype(np.int64))
            rows, offsets, grade, topics = merged.rows, merged.offsets, merged.grade, merged.topics
        else:
            _require_once(table, rows, offsets)
            grade = table.grade[rows]
        kept = np.flatnonzero((grade >= 0) | pool)
        judged_offsets = np.searchsorted(kept, offsets).astype(np.int64)
        kept = kept[by_grade(judged_offsets, grade[kept])]
        query_keys = keys_of(codes.dictionary)
        return cls(
            queries=codes.dictionary,
            query_keys=query_keys,
            query_slots=build_table(query_keys)[0],
            offsets=judged_offsets,
            grade=grade[kept],
            items=keys_of(take(item, rows[kept])),
            negative=negative,
            first=(codes.dictionary.slice(0, 1), item.slice(0, 1)),
            origin=log.origin,
            fields=of_queries,
            topics=None if topics is None else topics.of(kept),
        )

    def relevant(self, thresholds: Sequence[float]) -> Ints:
        """(q, t) int64: the number of items of each query that are relevant by each of t thresholds."""
        return relevant_in(self.offsets, self.grade, thresholds)

    def positions(self, queries: pa.Array) -> Ints:
        """(n,) int64: the index of each query in :attr:`queries`, -1 if it is not judged."""
        return find(self.query_slots, self.query_keys, keys_like(queries, self.queries.type))

    def without(self, left_out: Bools) -> Judgements:
        """The judgements without some of the judged items."""
        kept = np.flatnonzero(~left_out)
        return replace(
            self,
            offsets=np.searchsorted(kept, self.offsets).astype(np.int64),
            grade=self.grade[kept],
            items=taken_keys(self.items, kept),
            topics=None if self.topics is None else self.topics.of(kept),
        )

    def match(self, positions: Ints, offsets: Ints, items: Keys) -> Judged:
        """The judgements of the n queries of a batch, joined with its ``items`` by ``offsets`` (n + 1,).

        ``positions`` (n,) are indices in :attr:`queries`, or -1 for a query without judgements.
        """
        lengths = np.where(positions >= 0, np.diff(self.offsets)[positions], 0)
        bounds = offsets_of(lengths)
        picked = np.repeat(self.offsets[:-1][positions] - bounds[:-1], lengths) + np.arange(bounds[-1])
        rows, grade = find_rows(offsets, items, bounds, picked, self.items), self.grade[picked]
        topics = None if self.topics is None else self.topics.of(picked)
        if not self.negative:
            return Judged(bounds, grade, rows, lengths, counts_in(bounds, rows >= 0), topics=topics)
        judged = grade >= 0.0
        retrieved = counts_in(bounds, judged & (rows >= 0))
        return Judged(bounds, grade, rows, counts_in(bounds, judged), retrieved, topics=topics)

    def unretrieved(self, positions: Ints) -> Judged:
        """The judgements of queries at these positions, as if no item was retrieved."""
        return self.match(positions, read_only(np.zeros(len(positions) + 1, np.int64)), NO_KEYS)


def _encoded(queries: pa.Array) -> pa.Array:
    """The ids as a dictionary array without unused entries, which a row filter can leave."""
    if not pa.types.is_dictionary(queries.type):
        return queries.dictionary_encode()
    used = np.bincount(to_numpy(queries.indices), minlength=len(queries.dictionary)) > 0
    return queries if used.all() else queries.dictionary_decode().dictionary_encode()


def _grouped(codes: NDArray[np.int32], groups: int) -> tuple[Ints, Ints]:
    """The rows sorted by their codes (stable), and the offsets of the rows of each code."""
    offsets = offsets_of(np.bincount(codes, minlength=groups))
    return np.argsort(codes, kind="stable"), offsets


def _require_once(table: JudgementRows, rows: Ints, offsets: Ints) -> None:
    item = table.columns["item_id"]
    keys = keys_of(item)
    row = first_duplicate(read_only(offsets), keys.hashes[rows], read_only(rows), keys)
    if row >= 0:
        found = f"{table.log.name('item_id')} {item[row].as_py()!r} is judged twice"
        raise DataError(f"{table.place(row)}: {found}, wanted once for each query")


def _per_query(table: JudgementRows, rows: Ints, offsets: Ints, name: str) -> pa.Array:
    """The value of a column for each query; raises DataError if it changes within a query."""
    values = take(table.columns[name], rows)
    first = take(values, offsets[:-1])
    changed = differ(values, take(first, np.repeat(np.arange(len(first)), np.diff(offsets))))
    if changed.any():
        row = int(rows[np.argmax(changed)])
        found = f"column {table.log.name(name)!r} is {table.columns[name][row].as_py()}"
        raise DataError(f"{table.place(row)}: {found}, wanted one value for each query")
    return first


@kernel
def _same(keys: Keys, i: int, others: Keys, j: int) -> bool:
    return (
        keys.hashes[i] == others.hashes[j]
        and compare(keys.data, keys.offsets, i, others.data, others.offsets, j) == 0
    )


@kernel
def first_duplicate(offsets: Ints, hashes: Hashes, rows: Ints, keys: Keys) -> int:
    """The row of the first item that occurs a second time within a query, -1 if there is none.

    Query ``q`` has the items ``offsets[q]:offsets[q + 1]``. Item ``i`` has the index ``rows[i]`` in ``keys``
    and the hash ``hashes[i]``.
    """
    longest = 1
    for query in range(offsets.size - 1):
        longest = max(longest, int(offsets[query + 1] - offsets[query]))
    slots = np.full(table_mask(longest) + 1, -1, np.int64)
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        mask = np.uint64(table_mask(end - begin))
        for i in range(begin, end):
            slot = hashes[i] & mask
            while slots[slot] >= begin:
                other = slots[slot]
                if hashes[other] == hashes[i] and _same(keys, rows[other], keys, rows[i]):
                    return max(int(rows[other]), int(rows[i]))
                slot = (slot + np.uint64(1)) & mask
            slots[slot] = i
    return -1


@kernel
def find_rows(offsets: Ints, items: Keys, wanted_offsets: Ints, wanted: Ints, judged: Keys) -> Ints:
    """(m,) int64: the row of each wanted item in ``items``, -1 if its query does not have it.

    Query ``q`` has the items ``offsets[q]:offsets[q + 1]``. Its wanted items are the entries of ``judged`` at
    the indices ``wanted[wanted_offsets[q]:wanted_offsets[q + 1]]``.
    """
    longest = 1
    for query in range(offsets.size - 1):
        longest = max(longest, int(offsets[query + 1] - offsets[query]))
    slots = np.full(table_mask(longest) + 1, -1, np.int64)
    found = np.full(wanted.size, -1, np.int64)
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        mask = np.uint64(table_mask(end - begin))
        for row in range(begin, end):
            slot = items.hashes[row] & mask
            while slots[slot] >= begin:
                slot = (slot + np.uint64(1)) & mask
            slots[slot] = row
        for i in range(wanted_offsets[query], wanted_offsets[query + 1]):
            slot = judged.hashes[wanted[i]] & mask
            while slots[slot] >= begin:
                if _same(items, slots[slot], judged, wanted[i]):
                    found[i] = slots[slot]
                    break
                slot = (slot + np.uint64(1)) & mask
    return found
