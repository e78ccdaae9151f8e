"""The credit and the winner of each session of an interleaved log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays import encoded, is_null, kernel, read_only, segments_of, to_numpy
from rankeval.errors import UsageError
from rankeval.interleaving.credit import balanced_outcomes, draft_credits, softmax_credits
from rankeval.interleaving.enumeration import rank_weights
from rankeval.interleaving.log_ranks import RankReader, SessionRanks, draft_error
from rankeval.interleaving.methods import INTERLEAVINGS, Method
from rankeval.interleaving.optimised import rank_credits
from rankeval.interleaving.patterns import TIED
from rankeval.interleaving.random_lists import NO_TEAM, TEAM_A, TEAM_B
from rankeval.logs import Log, Sessions, checked_clicks, order_by_position, position_roles, require_no_gaps

#: Indices of the terms of a session: its credit, whether A wins, whether B wins.
CREDIT, WIN_A, WIN_B = 0, 1, 2
#: The column with the name of the method that made a list; a log need not have it.
LOG_METHOD = ("method",)


@dataclass(frozen=True)
class Tally:
    """Counts for warnings.

    Attributes:
        sessions: number of sessions.
        clicks: number of clicks.
        items: number of items shown.
        items_without_team: number of items shown that are in neither team.
        clicks_without_team: number of clicks on items in neither team.
        items_of_a, items_of_b: number of items shown that are in each team.
    """

    sessions: int = 0
    clicks: int = 0
    items: int = 0
    items_without_team: int = 0
    clicks_without_team: int = 0
    items_of_a: int = 0
    items_of_b: int = 0

    def merge(self, other: Tally) -> Tally:
        """The sum of both tallies."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Crediting(ABC):
    """Computes the credit of the sessions of a log."""

    log: Log

    @property
    @abstractmethod
    def own_roles(self) -> list[str]:
        """The columns to read in addition to session, position and click."""

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return ["session_id", *position_roles(self.log), "click", *self.own_roles]

    @abstractmethod
    def terms(self, sessions: Sessions) -> tuple[Floats, Tally]:
        """(3, n) float64, the terms of the sessions, and the counts for warnings.

        Raises:
            DataError: a click is neither 0 nor 1; a position is invalid or repeated; or a value in the
                columns of this kind of credit is wrong.
        """


@dataclass(frozen=True)
class TeamCrediting(Crediting):
    """Credit by teams: a click counts for the ranking whose team the item is in.

    Attributes:
        a, b: names of the two teams in the column ``team``.

    Raises:
        UsageError: the two names are equal.
    """

    a: str
    b: str

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise UsageError(f"a, b: found {self.a!r} for both, wanted the names of two teams")

    @property
    def own_roles(self) -> list[str]:
        return ["team"]

    def terms(self, sessions: Sessions) -> tuple[Floats, Tally]:
        order_by_position(sessions)
        clicks, teams = checked_clicks(sessions), self._teams(sessions)
        credits = np.where(teams == NO_TEAM, 0.0, np.where(teams == TEAM_A, 1.0, -1.0))
        terms = _summed(sessions.offsets, read_only(clicks.astype(np.float64)), read_only(credits))
        without = teams == NO_TEAM
        of_teams = Tally(
            items_without_team=int(without.sum()),
            clicks_without_team=int(clicks[without].sum()),
            items_of_a=int((teams == TEAM_A).sum()),
            items_of_b=int((teams == TEAM_B).sum()),
        )
        return terms, _counted(sessions, clicks).merge(of_teams)

    def _teams(self, sessions: Sessions) -> NDArray[np.int8]:
        """(items,) int8, team of each item.

        Raises:
            DataError: a value is not ``a``, ``b`` or null.
        """
        column = encoded(sessions.column("team"))
        names = [None if value is None else str(value) for value in column.dictionary.to_pylist()]
        numbers = {self.a: TEAM_A, self.b: TEAM_B, None: NO_TEAM}
        codes = np.array([*(numbers.get(name, -2) for name in names), NO_TEAM], np.int8)
        teams = codes[np.where(is_null(column.indices), len(names), to_numpy(column.indices))]
        if (teams == -2).any():
            item = int(np.argmax(teams == -2))
            wanted = f"{self.a!r}, {self.b!r} or null"
            raise sessions.error("team", item, repr(sessions.column("team")[item].as_py()), wanted)
        return teams


@dataclass(frozen=True)
class RankCrediting(Crediting):
    """Credit by ranks: computed from the ranks of the items in A and in B.

    Attributes:
        method: the method that made the lists, with its credit.
        reader: reads the ranks.
    """

    method: Method
    reader: RankReader

    @property
    def own_roles(self) -> list[str]:
        return [*self.reader.roles, *(role for role in LOG_METHOD if self.log.has(role))]

    def terms(self, sessions: Sessions) -> tuple[Floats, Tally]:
        order = order_by_position(sessions)
        require_no_gaps(sessions, "credit by ranks")
        clicks = checked_clicks(sessions)
        self._require_method(sessions)
        ranks = self.reader.read(sessions, order)
        placed = read_only((clicks if order is None else clicks[order]).astype(np.float64))
        if self.method.credit == "balanced":
            outcomes = np.zeros(len(sessions))
            balanced_outcomes(sessions.offsets, ranks.rank_a, ranks.rank_b, placed, outcomes)
            terms = np.stack([outcomes, outcomes > 0.0, outcomes < 0.0]).astype(np.float64)
        else:
            credits = read_only(self._credits(sessions, order, ranks))
            terms = _summed(sessions.offsets, placed, credits)
        return terms, _counted(sessions, clicks)

    def _require_method(self, sessions: Sessions) -> None:
        """Check that the column ``method``, if there is one, names no other interleaving method.

        Values that name no interleaving method are ignored.

        Raises:
            DataError: it names another one.
        """
        if "method" not in sessions:
            return
        for value, rows in segments_of(sessions.per_session("method")).items():
            name = str(value).partition(":")[0]
            if name in INTERLEAVINGS and name != self.method.name:
                wanted = f"{self.method.name!r}, the method asked for"
                raise sessions.error_once("method", int(rows[0]), repr(value), wanted)

    def _credits(self, sessions: Sessions, order: Ints | None, ranks: SessionRanks) -> Floats:
        """(items,) credit of a click on each item; the items of a session are ordered by position.

        Raises:
            DataError: a team draft cannot have shown an item at its position.
        """
        offsets, credits = sessions.offsets, np.zeros(len(ranks.rank_a))
        if self.method.name == "team_draft":
            place = draft_credits(
                offsets, ranks.rank_a, ranks.rank_b, ranks.length_a, ranks.length_b, credits
            )
            if place >= 0:
                raise draft_error(sessions, order, place, ranks)
            return credits
        length_a, length_b = (read_only(length) for length in ranks.known(offsets))
        if self.method.name == "probabilistic":
            longest = max(int(length.max(initial=1)) for length in (length_a, length_b))
            weights = read_only(rank_weights(self.method.tau, longest))
            softmax_credits(offsets, ranks.rank_a, ranks.rank_b, length_a, length_b, weights, credits)
            return credits
        spread = (np.repeat(length, sessions.lengths) for length in (length_a, length_b))
        return rank_credits(self.method.credit, ranks.rank_a, ranks.rank_b, *spread)


def _counted(sessions: Sessions, clicks: Ints) -> Tally:
    return Tally(sessions=len(sessions), clicks=int(clicks.sum()), items=len(clicks))


@kernel
def _summed(offsets: Ints, clicks: Floats, credits: Floats) -> Floats:
    """(3, n) terms of sessions from clicks (items,) and the credit (items,) of a click on each item.

    A sum of credits that is 0 up to rounding is a tie.
    """
    terms = np.zeros((3, offsets.size - 1))
    for s in range(offsets.size - 1):
        total, size = 0.0, 0.0
        for k in range(offsets[s], offsets[s + 1]):
            total += clicks[k] * credits[k]
            size += clicks[k] * abs(credits[k])
        if abs(total) <= TIED * size:
            total = 0.0
        terms[0, s] = total
        terms[1, s] = 1.0 if total > 0.0 else 0.0
        terms[2, s] = 1.0 if total < 0.0 else 0.0
    return terms
