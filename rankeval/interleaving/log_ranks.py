"""The ranks that an interleaved log says its items have in A and in B, checked."""

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
#: Ranks beyond it would make tables of weights by rank large.
LARGEST_RANK = 1_000_000
#: Longest rankings.
MOST_ITEMS = 10**9


@dataclass(frozen=True, eq=False)
class SessionRanks:
    """Ranks of the items of some sessions, by position.

    Attributes:
        rank_a, rank_b: (items,) int64 from 1, 0 where a ranking lacks the item.
        length_a, length_b: (n,) int64 items of each ranking, ``UNKNOWN`` where nobody says.
    """

    rank_a: Ints
    rank_b: Ints
    length_a: Ints
    length_b: Ints

    def known(self, offsets: Ints) -> tuple[Ints, Ints]:
        """(n,) lengths, those that are unknown taken to be the largest rank shown."""
        found = []
        for ranks, lengths in ((self.rank_a, self.length_a), (self.rank_b, self.length_b)):
            found.append(np.where(lengths == UNKNOWN, _largest(offsets, ranks), lengths))
        return found[0], found[1]


@dataclass(frozen=True)
class RankReader:
    """Reads the ranks of a log.

    Args:
        ranking_length: of both rankings in every session, where the log has no ``length_a`` and ``length_b``.

    Raises:
        DataError: a column missing or of the wrong type.
        UsageError: a length that is no whole number of at least 1.
    """

    log: Log
    ranking_length: int | None = None

    def __post_init__(self) -> None:
        length = self.ranking_length
        fits = isinstance(length, int) and not isinstance(length, bool) and 1 <= length <= MOST_ITEMS
        if length is not None and not fits:
            wanted = f"a whole number of at least 1, {MOST_ITEMS:,} at most"
            raise UsageError(f"ranking_length: found {shown(length)}, wanted {wanted}")

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return [*RANKS, *(role for role in LENGTHS if self.log.has(role))]

    @property
    def lengths_known(self) -> bool:
        """Whether the lengths of rankings are known."""
        return self.ranking_length is not None or all(self.log.has(role) for role in LENGTHS)

    def read(self, sessions: Sessions, order: Ints | None) -> SessionRanks:
        """The ranks by position; ``order`` puts items there.

        Raises:
            DataError: a rank that is no whole number from 1, or twice in a session, or beyond the end of its
                ranking; an item that neither ranking has.
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
    """(items,) int64, 0 where null."""
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
    """The first item whose rank another one of its session has too, above it; -1 where there is none."""
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
    """The error for an item that a team draft cannot show where it stands."""
    item = place if order is None else int(order[place])
    found = f"{ranks.rank_a[place] or 'null'} and 'rank_b' {ranks.rank_b[place] or 'null'} here"
    wanted = "ranks that a team draft could have put in this order: the best item left of A or of B"
    return sessions.error("rank_a", item, found, wanted)


def names_of(roles: Sequence[str], log: Log) -> str:
    """Columns of these roles, for messages."""
    return " and ".join(repr(log.name(role)) for role in roles)
