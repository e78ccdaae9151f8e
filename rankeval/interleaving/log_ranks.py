"""Read and check the ranks of items in A and in B from an interleaved log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Ints
from rankeval.arrays import as_float64, is_null, kernel, read_only
from rankeval.errors import DataError, UsageError
from rankeval.interleaving.credit import UNKNOWN
from rankeval.logs import Log, Sessions
from rankeval.options import shown

RANKS = ("rank_a", "rank_b")
LENGTHS = ("length_a", "length_b")
#: Largest rank, and longest ranking: larger ones would make tables of weights by rank too large.
LARGEST_RANK = 1_000_000


@dataclass(frozen=True, eq=False)
class SessionRanks:
    """Ranks of the items of ``n`` sessions; the items of each session are ordered by position.

    Attributes:
        rank_a, rank_b: (items,) int64 from 1, 0 if the ranking lacks the item.
        length_a, length_b: (n,) int64, number of items of each ranking, ``UNKNOWN`` if it is unknown.
    """

    rank_a: Ints
    rank_b: Ints
    length_a: Ints
    length_b: Ints

    def known(self, offsets: Ints) -> tuple[Ints, Ints]:
        """(n,) lengths of A and of B; the largest rank that the session shows replaces an unknown length."""
        found = []
        for ranks, lengths in ((self.rank_a, self.length_a), (self.rank_b, self.length_b)):
            found.append(np.where(lengths == UNKNOWN, _largest(offsets, ranks), lengths))
        return found[0], found[1]


@dataclass(frozen=True)
class RankReader:
    """Reads the ranks of items from the sessions of a log.

    Args:
        log: the log.
        ranking_length: length of each ranking in every session, for a log without ``length_a`` and
            ``length_b``; None: unknown.

    Raises:
        UsageError: ``ranking_length`` is not a whole number from 1 to 1,000,000.
    """

    log: Log
    ranking_length: int | None = None

    def __post_init__(self) -> None:
        length = self.ranking_length
        fits = isinstance(length, int) and not isinstance(length, bool) and 1 <= length <= LARGEST_RANK
        if length is not None and not fits:
            wanted = f"a whole number of at least 1, {LARGEST_RANK:,} at most"
            raise UsageError(f"ranking_length: found {shown(length)}, wanted {wanted}")

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return [*RANKS, *(role for role in LENGTHS if self.log.has(role))]

    @property
    def lengths_known(self) -> bool:
        """Whether the lengths of both rankings are known."""
        return self.ranking_length is not None or all(self.log.has(role) for role in LENGTHS)

    def read(self, sessions: Sessions, order: Ints | None) -> SessionRanks:
        """The ranks of the items of some sessions.

        Args:
            sessions: the sessions.
            order: (items,) the order that sorts the items of each session by position; None if they are
                sorted.

        Raises:
            DataError: a rank is not a whole number from 1, occurs twice in a session, or is greater than the
                length of its ranking; neither ranking holds an item; a length is not a whole number from 0.
        """
        ranks = [_ranks(sessions, role) for role in RANKS]
        nowhere = (ranks[0] == 0) & (ranks[1] == 0)
        if nowhere.any():
            raise sessions.error("rank_a", int(np.argmax(nowhere)), None, "a rank here or in the other one")
        lengths = [self._lengths(sessions, *names) for names in zip(LENGTHS, RANKS, ranks, strict=True)]
        placed = [read_only(values if order is None else values[order]) for values in ranks]
        return SessionRanks(placed[0], placed[1], lengths[0], lengths[1])

    def _lengths(self, sessions: Sessions, role: str, rank_role: str, ranks: Ints) -> Ints:
        if role in sessions:
            values = sessions.numbers_per_session(role)
            bad = (values < 0.0) | (values != np.floor(values)) | (values > LARGEST_RANK)
            if bad.any():
                first = int(np.argmax(bad))
                raise sessions.error_once(role, first, f"{values[first]:g}", "a whole number from 0")
            lengths = values.astype(np.int64)
        else:
            lengths = np.full(len(sessions), self.ranking_length or UNKNOWN, np.int64)
        beyond = ranks > np.repeat(lengths, sessions.lengths)
        if beyond.any():
            item = int(np.argmax(beyond))
            session = int(np.searchsorted(sessions.offsets, item, side="right")) - 1
            wanted = f"at most {lengths[session]}, the length of the ranking"
            raise sessions.error(rank_role, item, ranks[item], wanted)
        return read_only(lengths)


def _ranks(sessions: Sessions, role: str) -> Ints:
    """(items,) int64, the checked ranks of a column; 0 for null."""
    column = sessions.column(role)
    values = np.where(is_null(column), 0.0, as_float64(column))
    bad = ~is_null(column) & ~((values >= 1.0) & (values == np.floor(values)) & (values <= LARGEST_RANK))
    if bad.any():
        item = int(np.argmax(bad))
        raise sessions.error(role, item, column[item].as_py(), "a whole rank from 1, or null")
    ranks = values.astype(np.int64)
    again = _first_repeat(sessions.offsets, read_only(ranks))
    if again >= 0:
        raise sessions.error(role, again, f"{ranks[again]} again", "each rank once in a session")
    return ranks


@kernel
def _first_repeat(offsets: Ints, ranks: Ints) -> int:
    """The first item whose rank an earlier item of its session has too; -1 if there is none."""
    for s in range(offsets.size - 1):
        for k in range(offsets[s], offsets[s + 1]):
            for above in range(offsets[s], k):
                if ranks[k] > 0 and ranks[k] == ranks[above]:
                    return int(k)
    return -1


@kernel
def _largest(offsets: Ints, ranks: Ints) -> Ints:
    """(n,) the largest rank of each session."""
    largest = np.zeros(offsets.size - 1, np.int64)
    for s in range(largest.size):
        for k in range(offsets[s], offsets[s + 1]):
            largest[s] = max(largest[s], ranks[k])
    return largest


def draft_error(sessions: Sessions, order: Ints | None, place: int, ranks: SessionRanks) -> DataError:
    """The error for the item at index ``place``, which a team draft cannot show at its position."""
    item = place if order is None else int(order[place])
    found = f"{ranks.rank_a[place] or 'null'} and 'rank_b' {ranks.rank_b[place] or 'null'} here"
    wanted = "ranks that a team draft could have put in this order: the best item left of A or of B"
    return sessions.error("rank_a", item, found, wanted)


def names_of(roles: Sequence[str], log: Log) -> str:
    """The quoted column names of these roles, for messages."""
    return " and ".join(repr(log.name(role)) for role in roles)
