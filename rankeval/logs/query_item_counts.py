"""Impressions and clicks of each pair of query and item at each position.

The key of a pair is a 64-bit hash of its ids. Among 10 million pairs, the probability that two pairs share a
key is 3e-6. A cell is a pair at a position. The number of cells stays small even for a long log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import (
    GOLDEN,
    argsort_each,
    decoded,
    finalise,
    hashes_of,
    is_integer_id,
    is_null,
    kernel,
    read_only,
    table_mask,
    take,
)
from rankeval.errors import DataError
from rankeval.logs.impressions import impression_roles, impressions_of
from rankeval.logs.log import Log
from rankeval.logs.passes import fold
from rankeval.logs.sessions import Sessions

#: Largest number of cells; they take about a gigabyte.
MAX_CELLS = 1 << 24
NO_IDS: Mapping[str, pa.Array] = {}


class PairRows(NamedTuple):
    """The ``n`` shown items of some sessions.

    Attributes:
        sessions: the sessions, each with its shown items only.
        pairs: (n,) uint64, the key of the pair of query and item.
        positions: (n,) int64, the position of each item, from 1; each at most once in its session.
        clicks: (n,) int64, 0 or 1.
    """

    sessions: Sessions
    pairs: Hashes
    positions: Ints
    clicks: Ints


def id_roles(log: Log) -> list[str]:
    """The roles of the columns that identify a pair: ``query_id``, if the log has it, and ``item_id``."""
    return [*(["query_id"] if log.has("query_id") else []), "item_id"]


def pair_roles(log: Log) -> list[str]:
    """The roles of the columns that :func:`pair_rows` reads."""
    return [*impression_roles(log), *id_roles(log)]


def pair_rows(sessions: Sessions, top: int | None = None) -> PairRows:
    """The keys, positions and clicks of the shown items, down to position ``top`` (None: all positions).

    Raises:
        DataError: an id is null; or as in :func:`rankeval.logs.impressions.impressions_of`.
    """
    shown = impressions_of(sessions, top)
    return PairRows(shown.sessions, pair_keys(shown.sessions), shown.positions, shown.clicks)


def pair_keys(sessions: Sessions) -> Hashes:
    """(n,) uint64, the key of each item's pair; without ``query_id``, the hash of the item id alone.

    Raises:
        DataError: an id is null.
    """
    items = _id_hashes(sessions, "item_id")
    return _joint(_id_hashes(sessions, "query_id"), items) if "query_id" in sessions else items


def _id_hashes(sessions: Sessions, role: str) -> Hashes:
    ids = sessions.column(role)
    if ids.null_count:
        raise sessions.error(role, int(np.argmax(is_null(ids))), None, "an id")
    return hashes_of(ids)


@kernel
def _joint(queries: Hashes, items: Hashes) -> Hashes:
    keys = np.empty(items.size, np.uint64)
    for i in range(items.size):
        keys[i] = finalise(items[i] ^ finalise(queries[i] + GOLDEN))
    return keys


@dataclass(frozen=True)
class PairCounts:
    """Impressions and clicks of ``P`` pairs, at each position at which they were shown.

    Attributes:
        keys: (P,) uint64, the keys of the pairs, ascending.
        offsets: (P + 1,) int64, the cells of pair ``p`` are ``offsets[p]:offsets[p + 1]``, by position.
        positions: (cells,) int64, from 1.
        impressions, clicks: (cells,) int64, counts.
        ids: role (``query_id``, ``item_id``) -> (P,) Arrow array, the ids of each pair.
    """

    keys: Hashes
    offsets: Ints
    positions: Ints
    impressions: Ints
    clicks: Ints
    ids: Mapping[str, pa.Array]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.keys)

    @property
    def length(self) -> int:
        """``K``, the largest position."""
        return int(self.positions.max(initial=0))

    @cached_property
    def pair(self) -> Ints:
        """(cells,) int64, the index of the pair of each cell."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def dense(self) -> tuple[Ints, Ints]:
        """Impressions and clicks, each (P, K) int64 by position; 0 where a pair was not shown."""
        shown, clicked = np.zeros((2, len(self), self.length), np.int64)
        shown[self.pair, self.positions - 1] = self.impressions
        clicked[self.pair, self.positions - 1] = self.clicks
        return shown, clicked


def count_pairs(log: Log, threads: int | None = None) -> PairCounts:
    """Count the impressions and clicks of the pairs of a ranking log in one pass.

    Raises:
        DataError: as in :func:`pair_rows`; there are more than 16,777,216 cells.
    """

    def work(sessions: Sessions) -> PairTable:
        return PairTable.of(pair_rows(sessions)).within(log)

    table: PairTable = fold(log, pair_roles(log), work, lambda a, b: a.merge(b).within(log), threads)
    return table.counts()


class PairTable:
    """A hash table of cells, in the order of their first row."""

    def __init__(self, ids: Mapping[str, pa.Array]) -> None:
        """An empty table with the id columns of ``ids``: role -> Arrow array of the right type."""
        self._size = 0
        self._pairs, self._numbers = np.zeros(0, np.uint64), np.zeros((3, 0), np.int64)
        self._slots = np.full(2, -1, np.int64)
        self._ids = {role: [values[:0]] for role, values in ids.items()}

    @classmethod
    def of(cls, rows: PairRows) -> PairTable:
        """The cells of rows, with the ids of their pairs."""
        ids = {role: _plain(rows.sessions.column(role)) for role in _IDS if role in rows.sessions}
        return cls.counted(rows.pairs, rows.positions, rows.clicks, ids)

    @classmethod
    def counted(
        cls, pairs: Hashes, positions: Ints, clicks: Ints, ids: Mapping[str, pa.Array] = NO_IDS
    ) -> PairTable:
        """The cells of rows that are given as columns, each (n,)."""
        table = cls(ids)
        table._add(pairs, np.stack([positions, np.ones(len(pairs), np.int64), clicks]), ids)
        return table

    def __len__(self) -> int:
        """Number of cells."""
        return self._size

    def within(self, log: Log) -> PairTable:
        """This table, after a check of its size.

        Raises:
            DataError: there are more than 16,777,216 cells.
        """
        if self._size > MAX_CELLS:
            raise DataError(
                f"{log.origin}: more than {MAX_CELLS:,} pairs of query and item at a position, wanted fewer: "
                "--where may take a part of the queries"
            )
        return self

    def merge(self, other: PairTable) -> PairTable:
        """Add the cells of another table to this one, in place; returns this table."""
        ids = {role: pa.concat_arrays(chunks) for role, chunks in other._ids.items()}
        self._add(other._pairs[: other._size], other._numbers[:, : other._size], ids)
        return self

    def _add(self, pairs: Hashes, numbers: Ints, ids: Mapping[str, pa.Array]) -> None:
        self._reserve(self._size + len(pairs))
        new = np.empty(len(pairs), np.int64)
        size = _tally(
            np.ascontiguousarray(pairs),
            np.ascontiguousarray(numbers),
            self._slots,
            self._pairs,
            self._numbers,
            self._size,
            new,
        )
        for role, values in ids.items():
            self._ids[role].append(take(values, new[: size - self._size]))
        self._size = size

    def _reserve(self, cells: int) -> None:
        """Make room for ``cells`` cells in total."""
        if cells > len(self._pairs):
            room = max(cells, len(self._pairs) * 3 // 2)
            self._pairs = np.concatenate([self._pairs[: self._size], np.empty(room - self._size, np.uint64)])
            numbers = np.empty((3, room), np.int64)
            numbers[:, : self._size] = self._numbers[:, : self._size]
            self._numbers = numbers
        if 2 * cells > len(self._slots):
            self._slots = np.full(table_mask(cells) + 1, -1, np.int64)
            _place(self._slots, self._pairs, self._numbers, self._size)

    def counts(self) -> PairCounts:
        """The cells, sorted by pair and position."""
        pairs, numbers = self._pairs[: self._size], self._numbers[:, : self._size]
        order = np.argsort(pairs)  # then by position within each pair: faster than a sort by both
        ordered = pairs[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: self._size])
        keys, offsets = ordered[starts], np.append(starts, self._size).astype(np.int64)
        argsort_each(read_only(offsets), read_only(-numbers[0].astype(np.float64)), order)
        positions, impressions, clicks = (row[order] for row in numbers)
        first = order[starts]
        ids = {role: take(pa.concat_arrays(chunks), first) for role, chunks in self._ids.items()}
        return PairCounts(keys, offsets, positions, impressions, clicks, ids)


_IDS = ("query_id", "item_id")


def _plain(ids: pa.Array) -> pa.Array:
    """Ids in one type for all files: integers are unchanged, all other ids become large strings."""
    return ids if is_integer_id(ids.type) else decoded(ids).cast(pa.large_string())


@kernel
def _slot(slots: Ints, pairs: Hashes, numbers: Ints, pair: np.uint64, position: int) -> np.uint64:
    """The slot of a cell, or the free slot for it if the cell is new."""
    mask = np.uint64(slots.size - 1)
    slot = finalise(pair + GOLDEN * np.uint64(position)) & mask
    while slots[slot] >= 0 and (pairs[slots[slot]] != pair or numbers[0, slots[slot]] != position):
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _place(slots: Ints, pairs: Hashes, numbers: Ints, size: int) -> None:
    for cell in range(size):
        slots[_slot(slots, pairs, numbers, pairs[cell], numbers[0, cell])] = cell


@kernel
def _tally(
    pairs: Hashes, rows: Ints, slots: Ints, cell_pairs: Hashes, cells: Ints, size: int, new: Ints
) -> int:
    """Add the impressions and clicks of rows to their cells; returns the new number of cells.

    ``rows`` and ``cells`` hold positions, impressions and clicks. ``new`` receives the index of each row that
    creates a cell.
    """
    opened = 0
    for i in range(pairs.size):
        slot = _slot(slots, cell_pairs, cells, pairs[i], rows[0, i])
        cell = slots[slot]
        if cell < 0:
            cell = size + opened
            slots[slot] = cell
            cell_pairs[cell] = pairs[i]
            cells[0, cell], cells[1, cell], cells[2, cell] = rows[0, i], 0, 0
            new[opened] = i
            opened += 1
        cells[1, cell] += rows[1, i]
        cells[2, cell] += rows[2, i]
    return size + opened
