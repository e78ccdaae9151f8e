"""The ranks that a candidate ranker gives to the items of a session, shown items and others."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import Keys, argsort_each, argsort_ids, is_null, kernel, keys_of, read_only, take
from rankeval.logs.sessions import Sessions, counting

#: Overlap compares the top half of the lists, but at most this many positions.
LONGEST_TOP = 10
#: Sessions of at most so many items are ranked by comparing all pairs, which is faster than to sort them.
_ALL_PAIRS = 128


@dataclass(frozen=True)
class Candidates:
    """The items of some sessions, which a candidate ranker orders by descending score.

    Items with equal scores are ordered by descending item id (strings by bytes, integers as numbers), or by
    logged position if there are no ids.

    Attributes:
        shown: the sessions with their shown items.
        order: (n,) int64, the order that sorts the shown items of each session by position; None if they
            already are in this order.
        unshown: the same sessions with their other items; None if there are no others to rank.
    """

    shown: Sessions
    order: Ints | None
    unshown: Sessions | None = None
    _known: dict[str, tuple[Floats, Floats]] = field(default_factory=dict, repr=False, compare=False)

    def ranks(self, role: str) -> tuple[Floats, Floats]:
        """Ranks by the scores of a role, from 1; shown and other items are ranked together.

        Returns:
            The ranks of the shown items, (n,) float64 in order of position, and of the other items, (m,)
            float64 in row order.

        Raises:
            DataError: a score is null, NaN or infinite; an item id is null and some scores are equal.
        """
        if role not in self._known:
            self._known[role] = self._ranks(role)
        return self._known[role]

    def _ranks(self, role: str) -> tuple[Floats, Floats]:
        parts = [part.numbers(role) for part in self._parts]
        scores = parts[0] if len(parts) == 1 else np.concatenate(parts)
        scores = read_only(scores if self._rows is None else scores[self._rows])
        ranks, distinct = np.empty(len(scores)), False
        if np.diff(self._offsets).max(initial=0) <= _ALL_PAIRS:
            distinct = compare_all(self._offsets, scores, ranks)
        if not distinct:
            ranks = ranks_of(self._offsets, self._sorted(scores))
        if self.unshown is None:
            return ranks, ranks[:0]
        shown, unshown = self._places
        return ranks[shown], ranks[unshown]

    def _sorted(self, scores: Floats) -> Ints:
        """The joint order, sorted by score and then by item id."""
        order = counting(len(scores)).copy()
        argsort_each(self._offsets, scores, order)
        if "item_id" in self.shown and has_ties(self._offsets, scores, order):
            order_ties(self._offsets, scores, self._keys, order)
        return order

    @property
    def _parts(self) -> list[Sessions]:
        return [self.shown] if self.unshown is None else [self.shown, self.unshown]

    @cached_property
    def _offsets(self) -> Ints:
        return read_only(np.sum([part.offsets for part in self._parts], axis=0))

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Indices of the shown and of the other items in the joint order.

        The joint order goes session by session, with the shown items of a session before its other items.
        """
        assert self.unshown is not None
        shown, unshown = self.shown.offsets, self.unshown.offsets
        return (
            counting(int(shown[-1])) + np.repeat(unshown[:-1], self.shown.lengths),
            counting(int(unshown[-1])) + np.repeat(shown[1:], self.unshown.lengths),
        )

    @cached_property
    def _rows(self) -> Ints | None:
        """For each index of the joint order, the row in the shown items followed by the other items.

        None if the rows are in the joint order.
        """
        if self.unshown is None:
            return self.order
        shown, unshown = self._places
        rows = np.empty(len(shown) + len(unshown), np.int64)
        rows[shown] = counting(len(shown)) if self.order is None else self.order
        rows[unshown] = len(shown) + counting(len(unshown))
        return rows

    @cached_property
    def _keys(self) -> Keys:
        for part in self._parts:
            ids = part.column("item_id")
            if ids.null_count:
                raise part.error("item_id", int(np.argmax(is_null(ids))), None, "an id")
        ids = pa.concat_arrays([part.column("item_id") for part in self._parts])
        return keys_of(ids if self._rows is None else take(ids, self._rows))


@kernel
def compare_all(offsets: Ints, scores: Floats, ranks: Floats) -> bool:
    """Write the rank of each item: how many items of its session have a score at least as high.

    Returns:
        Whether no scores of a session are equal. Else the ranks of equal scores are too large.
    """
    excess = 0
    for row in range(offsets.size - 1):
        own = scores[offsets[row] : offsets[row + 1]]  # a stretch from 0 to n, which is compiled to vectors
        for i in range(own.size):
            rank = np.int32(0)
            for j in range(own.size):
                rank += np.int32(own[j] >= own[i])
            ranks[offsets[row] + i] = rank
            excess += int(rank) - (i + 1)
    return excess == 0


@kernel
def has_ties(offsets: Ints, scores: Floats, order: Ints) -> bool:
    """Whether two items of a session that are neighbours in ``order`` have equal scores."""
    for row in range(offsets.size - 1):
        for i in range(offsets[row] + 1, offsets[row + 1]):
            if scores[order[i]] == scores[order[i - 1]]:
                return True
    return False


@kernel
def order_ties(offsets: Ints, scores: Floats, items: Keys, order: Ints) -> None:
    """Sort items of equal score, which are neighbours in ``order``, by descending id, in place.

    Items with equal ids keep their order.
    """
    scratch = np.empty_like(order)
    for row in range(offsets.size - 1):
        begin, end = offsets[row], offsets[row + 1]
        while begin < end:
            stop = begin + 1
            while stop < end and scores[order[stop]] == scores[order[begin]]:
                stop += 1
            if stop > begin + 1:
                _reverse(order, begin, stop)
                argsort_ids(items, 0, order[begin:stop], scratch[begin:stop])
                _reverse(order, begin, stop)
            begin = stop


@kernel
def _reverse(order: Ints, begin: int, stop: int) -> None:
    while begin < stop - 1:
        order[begin], order[stop - 1] = order[stop - 1], order[begin]
        begin, stop = begin + 1, stop - 1


@kernel
def ranks_of(offsets: Ints, order: Ints) -> Floats:
    """(n,) float64, the rank of each item in the order of its session, from 1."""
    ranks = np.empty(order.size)
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            ranks[order[i]] = i - offsets[row] + 1
    return ranks


@kernel
def at_ranks(offsets: Ints, values: Floats, rank_offsets: Ints, ranks: Floats) -> Floats:
    """(m,) float64, the value at each rank within its session; 0 if the session has fewer values.

    Args:
        offsets: (s + 1,) int64, where the values of each session start.
        values: (n,) float64, the values at ranks 1, 2, ... of each session.
        rank_offsets: (s + 1,) int64, where the ranks of each session start.
        ranks: (m,) float64, from 1.
    """
    found = np.zeros(ranks.size)
    for row in range(offsets.size - 1):
        begin, length = offsets[row], offsets[row + 1] - offsets[row]
        for i in range(rank_offsets[row], rank_offsets[row + 1]):
            if ranks[i] <= length:
                found[i] = values[begin + np.int64(ranks[i]) - 1]
    return found


@kernel
def overlaps(offsets: Ints, ranks: Floats, longest: int) -> Floats:
    """(s,) float64, the share of the top k items that are also in the top k by ``ranks``.

    ``k = min(longest, ceil(K / 2))`` for a session of K items. The share is 1 for a session without items.

    Args:
        offsets: (s + 1,) int64, where the items of each session start.
        ranks: (n,) float64, the rank of each item by another ranker, from 1; items are in order of position.
        longest: the largest k.
    """
    share = np.ones(offsets.size - 1)
    for row in range(share.size):
        begin = offsets[row]
        k = min(longest, (offsets[row + 1] - begin + 1) // 2)
        found = 0
        for i in range(begin, begin + k):
            found += ranks[i] <= k
        if k > 0:
            share[row] = found / k
    return share
