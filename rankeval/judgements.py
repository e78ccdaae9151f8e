"""Judgements joined to the rows of a run, by query and item, in any order of either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.errors import DataError
from rankeval.ids import NO_KEYS, Keys, build_table, compare, find, is_integer_id, keys_of, table_mask
from rankeval.kernels import kernel, read_only
from rankeval.log import Log, unnested
from rankeval.order import argsort_descending
from rankeval.sessions import Sessions, as_float64

WANTED = {"query_id": "an id", "item_id": "an id", "relevance": "a finite grade"}

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged items of ``n`` queries, by descending grade, and the row of a batch at which each stands.

    Attributes:
        offsets: (n + 1,) int64.
        grade: (m,) float64, ``>= 0``.
        row: (m,) int64, item of the batch, -1 where the item was not retrieved.
        judged: (n,) int64, number of judged items, those of grade 0 included even where they are left out
            of the other arrays because no metric asks for them.
        retrieved: (n,) int64, number of judged items, of any grade, that were retrieved.
        negative: number of retrieved items that a negative grade marks as unjudged.
    """

    offsets: Ints
    grade: Floats
    row: Ints
    judged: Ints
    retrieved: Ints
    negative: int = 0

    def relevant(self, threshold: float) -> Ints:
        """(n,) int64: judged items with a grade of ``threshold`` or more."""
        return counts_in(self.offsets, self.grade >= threshold)


def judged_in_run(sessions: Sessions, nonrelevant: bool) -> Judged:
    """Judgements that stand in the run itself, with those of grade 0 only where ``nonrelevant``.

    A null or a negative grade is an item unjudged.

    Raises:
        DataError: a grade that is NaN or infinite.
    """
    relevance = sessions.column("relevance")
    grade = read_only(as_float64(relevance))
    _require_grades(sessions, relevance, grade)
    offsets, row, judged = _in_batch(sessions.offsets, grade, nonrelevant)
    offsets, grades, rows = _sorted_by_grade(offsets, grade[row], row)
    negative = int(np.count_nonzero(grade < 0))
    return Judged(offsets, grades, rows, judged, judged, negative)


def counts_in(offsets: Ints, mask: NDArray[np.bool_]) -> Ints:
    """(n,) int64: how many of a flat mask are true in each stretch."""
    return np.diff(np.concatenate(([0], np.cumsum(mask)))[offsets])


def _require_grades(sessions: Sessions, relevance: pa.Array, grade: Floats) -> None:
    bad = ~np.isfinite(grade)
    if bad.any():
        bad &= ~np.asarray(relevance.is_null())
        if bad.any():
            item = int(np.argmax(bad))
            raise sessions.error("relevance", item, grade[item], "a finite grade, or null where unjudged")


@dataclass(frozen=True)
class Judgements:
    """All judgements of a file in memory, grouped by query; queries keep the order of the file.

    Attributes:
        queries: Arrow array of the judged queries.
        offsets: (q + 1,) int64, judged items of each query, by descending grade.
        grade: (m,) float64, ``>= 0``; items with a negative grade are left out.
        items: keys of the judged items.
        negative: number of items left out for a negative grade.
    """

    queries: pa.Array
    query_keys: Keys
    query_slots: Ints
    offsets: Ints
    grade: Floats
    items: Keys
    negative: int
    integer_items: bool
    origin: str
    fields: dict[str, pa.Array]

    @classmethod
    def read(cls, log: Log, fields: Sequence[str] = (), max_grade: float = np.inf) -> Judgements:
        """Read a judgements file, with the columns ``fields`` that belong to a query.

        Raises:
            DataError: a null, a grade that is not a finite number or is above ``max_grade``, an item judged
                twice for a query, a field that changes within a query.
        """
        roles = ["query_id", "item_id", "relevance", *fields]
        log.require(roles)
        columns = _columns(log, roles)
        query, item, grade = columns["query_id"], columns["item_id"], as_float64(columns["relevance"])
        if grade.max(initial=0.0) > max_grade:
            row = int(np.argmax(grade))
            raise DataError(
                f"{_place(log, row, query)}: column {log.name('relevance')!r} is {grade[row]:g}, "
                f"wanted at most max_rel = {max_grade:g}, which err needs"
            )
        codes = query.dictionary_encode() if not pa.types.is_dictionary(query.type) else query
        order = np.argsort(np.asarray(codes.indices), kind="stable")
        counts = np.bincount(np.asarray(codes.indices), minlength=len(codes.dictionary))
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        keys = keys_of(item)
        duplicate = first_duplicate(read_only(offsets), keys.hashes[order], read_only(order), keys)
        if duplicate >= 0:
            raise DataError(
                f"{_place(log, duplicate, query)}: {log.name('item_id')} {item[duplicate].as_py()!r} "
                "is judged twice, wanted once for each query"
            )
        kept = grade[order] >= 0
        kept_before = np.concatenate(([0], np.cumsum(kept))).astype(np.int64)
        offsets_all = offsets
        offsets, grades, rows = _sorted_by_grade(kept_before[offsets], grade[order][kept], order[kept])
        query_keys = keys_of(codes.dictionary)
        return cls(
            queries=codes.dictionary,
            query_keys=query_keys,
            query_slots=build_table(query_keys)[0],
            offsets=offsets,
            grade=grades,
            items=keys_of(item.take(pa.array(rows))),
            negative=int(np.count_nonzero(~kept)),
            integer_items=is_integer_id(item.type),
            origin=log.origin,
            fields={name: _per_query(log, offsets_all, columns, order, name) for name in fields},
        )

    def relevant(self, threshold: float) -> Ints:
        """(q,) int64: relevant items of each query."""
        return counts_in(self.offsets, self.grade >= threshold)

    def positions(self, queries: pa.Array) -> Ints:
        """(n,) int64: index of each query among the judged ones, -1 where it is none of them."""
        return find(self.query_slots, self.query_keys, keys_of(queries))

    def match(self, positions: Ints, offsets: Ints, items: Keys) -> Judged:
        """The judgements of queries at these positions, found among the items of a batch.

        A position of -1 is a query without judgements; ``offsets`` (n + 1,) and ``items`` describe the batch.
        """
        lengths = np.where(positions >= 0, np.diff(self.offsets)[positions], 0)
        bounds = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        picked = np.repeat(self.offsets[:-1][positions] - bounds[:-1], lengths) + np.arange(bounds[-1])
        rows = find_rows(offsets, items, bounds, picked, self.items)
        return Judged(bounds, self.grade[picked], rows, lengths, counts_in(bounds, rows >= 0))

    def unretrieved(self, positions: Ints) -> Judged:
        """The judgements of queries at these positions, none of their items retrieved."""
        return self.match(positions, read_only(np.zeros(len(positions) + 1, np.int64)), NO_KEYS)


def _columns(log: Log, roles: Sequence[str]) -> dict[str, pa.Array]:
    """Columns of every row of a judgements file, checked."""
    parts: dict[str, list[pa.Array]] = {role: [] for role in roles}
    for leaf in log.leaves():
        origin = log.sources[leaf.source_index].name
        for batch, row in log.batches(leaf, roles):
            for role, column in _flat(log, batch, row, origin).items():
                parts[role].append(column)
    if not parts["query_id"]:
        raise DataError(f"{log.origin}: no rows, wanted at least one")
    return {role: _concatenated(columns) for role, columns in parts.items()}


def _place(log: Log, row: int, query: pa.Array) -> str:
    return f"{log.origin}, row {row}, {log.name('query_id')} {query[row].as_py()!r}"


def _per_query(log: Log, offsets: Ints, columns: dict[str, pa.Array], order: Ints, name: str) -> pa.Array:
    """One value of a column for each query."""
    rows = pa.array(order)
    items = {role: columns[role].take(rows) for role in ("query_id", name)}
    names = {role: log.name(role) for role in items}
    return Sessions(offsets, items, {}, order[offsets[:-1]], log.origin, names, "query_id").per_session(name)


def _concatenated(parts: list[pa.Array]) -> pa.Array:
    if pa.types.is_dictionary(parts[0].type):
        return pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    return pa.concat_arrays(parts) if len(parts) > 1 else parts[0]


def _flat(log: Log, batch: pa.RecordBatch, row: int, origin: str) -> dict[str, pa.Array]:
    columns = {role: batch.column(role) for role in batch.schema.names}
    names = {role: log.name(role) for role in columns}
    rows = row + np.arange(batch.num_rows, dtype=np.int64)
    if pa.types.is_list(columns["item_id"].type) or pa.types.is_large_list(columns["item_id"].type):
        offsets, items, fields = unnested(columns, rows, origin, names)
        nested = Sessions(offsets, items, fields, rows, origin, names)
        columns = {role: nested.column(role) for role in columns}
        rows = np.repeat(rows, nested.lengths)
    for role, column in columns.items():
        bad = np.asarray(column.is_null()) if column.null_count and role in WANTED else None
        if bad is None and role == "relevance":
            bad = ~np.isfinite(as_float64(column))
        if bad is not None and bad.any():
            index = int(np.argmax(bad))
            found = "null" if column[index].as_py() is None else column[index].as_py()
            raise DataError(f"{origin}, row {rows[index]}: column {names[role]!r} is {found}, wanted {WANTED[role]}")
    return columns


@kernel
def _in_batch(offsets: Ints, grade: Floats, nonrelevant: bool) -> tuple[Ints, Ints, Ints]:
    """Offsets and rows of the judged items (positive grades, or all), and how many each query has in all."""
    judged = np.zeros(offsets.size - 1, np.int64)
    kept_offsets = np.zeros(offsets.size, np.int64)
    rows = np.empty(grade.size, np.int64)
    count = 0
    for query in range(offsets.size - 1):
        for row in range(offsets[query], offsets[query + 1]):
            judged[query] += grade[row] >= 0.0
            if grade[row] > 0.0 or (nonrelevant and grade[row] == 0.0):
                rows[count] = row
                count += 1
        kept_offsets[query + 1] = count
    return kept_offsets, rows[:count].copy(), judged


@kernel
def _sorted_by_grade(offsets: Ints, grade: Floats, row: Ints) -> tuple[Ints, Floats, Ints]:
    """The same items, those of each query by descending grade."""
    order = np.arange(grade.size)
    scratch = np.empty(grade.size, np.int64)
    for query in range(offsets.size - 1):
        argsort_descending(grade, order, scratch, offsets[query], offsets[query + 1])
    return offsets, grade[order], row[order]


@kernel
def _same(keys: Keys, i: int, others: Keys, j: int) -> bool:
    return keys.hashes[i] == others.hashes[j] and compare(
        keys.data, keys.offsets, i, others.data, others.offsets, j
    ) == 0


@kernel
def first_duplicate(offsets: Ints, hashes: NDArray[np.uint64], rows: Ints, keys: Keys) -> int:
    """Row of the first item that occurs a second time within a query, -1 if none does.

    ``rows[i]`` is the row of ``keys`` at which the ``i``-th item, by query, stands; ``hashes[i]`` its hash.
    """
    longest = np.int64(1)
    for query in range(offsets.size - 1):
        longest = max(longest, offsets[query + 1] - offsets[query])
    slots = np.full(table_mask(longest) + 1, -1, np.int64)
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        mask = np.uint64(table_mask(end - begin))
        for i in range(begin, end):
            slot = hashes[i] & mask
            while slots[slot] >= begin:
                other = slots[slot]
                if hashes[other] == hashes[i] and _same(keys, rows[other], keys, rows[i]):
                    return max(rows[other], rows[i])
                slot = (slot + np.uint64(1)) & mask
            slots[slot] = i
    return -1


@kernel
def find_rows(offsets: Ints, items: Keys, wanted_offsets: Ints, wanted: Ints, judged: Keys) -> Ints:
    """(m,) int64: row of each wanted item among its query's items, -1 where it was not retrieved.

    Query ``q`` has the items ``offsets[q]:offsets[q + 1]`` and wants ``judged`` at
    ``wanted[wanted_offsets[q]:wanted_offsets[q + 1]]``.
    """
    longest = np.int64(1)
    for query in range(offsets.size - 1):
        longest = max(longest, offsets[query + 1] - offsets[query])
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
