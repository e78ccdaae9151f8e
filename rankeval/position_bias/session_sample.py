"""A sample of the sessions of a ranking log, for tests of the user model that need all of their clicks.

The sample has the sessions whose hashed ids end with enough zeros, as in distinct sampling (Gibbons 2001), so
that it is the same however the log is read. Shuffled sessions have a test of their own
(:mod:`rankeval.position_bias.shuffled_arm`) and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Bools, Hashes, Ints
from rankeval.arrays import hashes_of, kernel, mix64, quick_hashes_of, read_only
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, pair_roles, pair_rows
from rankeval.position_bias.shuffle import design_of
from rankeval.position_bias.shuffled_arm import arms_of

#: Largest number of items in a sample.
MOST_ITEMS = 1 << 20
#: The arm of sessions of a swap experiment, and its hash.
SWAPPED = "swapped sessions"
ARM_BITS = 20
_SWAPPED = (1 << ARM_BITS) - 1


@dataclass(frozen=True, eq=False)
class SessionSample:
    """Sampled sessions with their shown items.

    Attributes:
        ids: (n,) uint64, hash of the id of each session.
        arms: (n,) int64, hash of its arm: a ranker, or the swap experiment.
        lengths: (n,) int64, number of its items.
        pairs: (items,) uint64, key of the pair of query and item.
        positions, clicks: (items,) int64.
        names: hash of an arm -> its name.
        zeros: the number of zeros with which the hashes of the sampled ids end.
    """

    ids: Hashes
    arms: Ints
    lengths: Ints
    pairs: Hashes
    positions: Ints
    clicks: Ints
    names: Mapping[int, str]
    zeros: int

    @classmethod
    def of(cls, sessions: Sessions, top: int, batches: int) -> SessionSample | None:
        """The sample of one of so many batches, down to position ``top``.

        None if the batch lacks what estimators do not need, such as the id of an item.
        """
        expected = int(sessions.offsets[-1]) * batches // MOST_ITEMS
        zeros = expected.bit_length()
        shuffled = arms_of(sessions)[1]
        ids = hashes_of(sessions.per_session(sessions.session or "session_id"))
        drawn = np.flatnonzero(_ending(ids, zeros) & ~shuffled)
        try:
            rows = pair_rows(sessions.chosen(drawn), top)
        except DataError:
            return None
        chosen = rows.sessions
        ranked = arms_of(chosen)[0]
        arms, names = np.zeros(len(chosen), np.int64), {0: "the ranker"}
        if "ranker" in chosen:
            column = chosen.per_session("ranker")
            arms = np.asarray(mix64(quick_hashes_of(column)) >> np.uint64(64 - ARM_BITS), np.int64)
            _, first = np.unique(arms, return_index=True)
            names = {int(arms[row]): str(column[int(row)].as_py()) for row in first}
        if not ranked.all():
            arms = np.where(ranked, arms, _SWAPPED)
            names[_SWAPPED] = SWAPPED
        return cls(ids[drawn], arms, chosen.lengths, rows.pairs, rows.positions, rows.clicks, names, zeros)

    def merge(self, other: SessionSample) -> SessionSample:
        """The sample of both parts, of which ``self`` is the earlier."""
        zeros = max(self.zeros, other.zeros)
        one, two = self._ending(zeros), other._ending(zeros)
        merged = SessionSample(
            np.concatenate([one.ids, two.ids]),
            np.concatenate([one.arms, two.arms]),
            np.concatenate([one.lengths, two.lengths]),
            np.concatenate([one.pairs, two.pairs]),
            np.concatenate([one.positions, two.positions]),
            np.concatenate([one.clicks, two.clicks]),
            {**one.names, **two.names},
            zeros,
        )
        while len(merged.pairs) > MOST_ITEMS:
            merged = merged._ending(merged.zeros + 1)
        return merged

    def _ending(self, zeros: int) -> SessionSample:
        if zeros == self.zeros:
            return self
        kept = _ending(self.ids, zeros)
        items = np.repeat(kept, self.lengths)
        return SessionSample(
            self.ids[kept],
            self.arms[kept],
            self.lengths[kept],
            self.pairs[items],
            self.positions[items],
            self.clicks[items],
            self.names,
            zeros,
        )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def offsets(self) -> Ints:
        """(n + 1,) int64, the items of session i are ``offsets[i]:offsets[i + 1]``."""
        return read_only(np.concatenate([[0], np.cumsum(self.lengths)]))

    @cached_property
    def owner(self) -> Ints:
        """(items,) int64, the session of each item."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def held(self) -> Ints:
        """(n,) int64, 1 for sessions that are held out, else 0."""
        return np.asarray(mix64(self.ids, 1) & np.uint64(1), np.int64)

    @cached_property
    def last(self) -> Ints:
        """(n,) int64, the position of the last click of each session; 0 without a click."""
        return _last_clicks(self.offsets, read_only(self.positions), read_only(self.clicks))


def sample_roles(log: Log) -> list[str]:
    """The roles of the columns to read."""
    ranker = ["ranker"] if log.has("ranker") else []
    return list(dict.fromkeys([*pair_roles(log), *design_of(log), *ranker]))


def _ending(ids: Hashes, zeros: int) -> Bools:
    return np.asarray(mix64(ids, 2) & np.uint64((1 << zeros) - 1) == 0)


@kernel
def _last_clicks(offsets: Ints, positions: Ints, clicks: Ints) -> Ints:
    """(n,) the position of the last click of each session; 0 without one."""
    found = np.zeros(offsets.size - 1, np.int64)
    for s in range(offsets.size - 1):
        for i in range(offsets[s], offsets[s + 1]):
            if clicks[i] == 1:
                found[s] = max(found[s], positions[i])
    return found
