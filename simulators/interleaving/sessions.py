"""Interleaved sessions, whose lists mix two rankings: made block by block, and turned into tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Ints
from rankeval.interleaving import NO_TEAM, TEAM_B, Drawer, Method, Teams
from rankeval.simulators import block_bounds, random_stream
from rankeval.simulators.interleaving.contests import Contest
from rankeval.simulators.logs import Column, SessionMaker, id_column, strings, to_table

#: Most rows of a block, which is held in memory at once. Each block has its own random stream, so another
#: size would give other sessions.
BLOCK_ROWS = 1 << 18
#: Number of a block, number of its first session, and number of the session after its last.
Bounds = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class InterleavedBlock:
    """Consecutive sessions. A field is None if the world has nothing for it.

    Attributes:
        sessions: (n,) numbers of the sessions.
        queries: (n,) numbers of their queries.
        lists: (n, L) numbers of items within the query, -1 beyond the end.
        teams: (n, L) team of each item; None for methods without teams.
        clicks: (n, L) 0 or 1.
        users, contexts, times: (n,) as in :class:`~rankeval.simulators.logs.session_blocks.Block`.
    """

    sessions: Ints
    queries: Ints
    lists: Ints
    teams: Teams | None
    clicks: NDArray[np.int8]
    users: Ints | None
    contexts: NDArray[np.int32] | None
    times: Ints | None


class InterleavedSessions(SessionMaker):
    """Makes the sessions of a contest. Any block can be made without the others.

    Args:
        contest: the two rankings, and the world whose users click.
        method: the interleaving method.
        sessions: number of sessions of the whole log, which are spread over the days.
        seed: seed of the whole log.
    """

    def __init__(self, contest: Contest, method: Method, sessions: int, seed: int) -> None:
        super().__init__(contest.world, sessions, seed)
        self.contest, self.method = contest, method
        size = max(1, BLOCK_ROWS // contest.world.positions)
        self.bounds: list[Bounds] = [
            (number, *each) for number, each in enumerate(block_bounds(sessions, size))
        ]
        self._drawer = Drawer(contest.pairs, method, contest.world.positions)

    def made(self, bounds: Bounds) -> InterleavedBlock:
        """The sessions of a block, with their queries, users, lists and clicks."""
        number, start, stop = bounds
        world, rng, numbers = self.world, random_stream(self.seed, number), np.arange(start, stop)
        queries = self._queries.draw(rng, len(numbers)).astype(np.int64)
        users = rng.integers(0, world.users.count, len(numbers)) if world.users else None
        contexts = self._contexts.draw(rng, len(numbers)) if self._contexts else None
        times = self._times(rng, numbers) if world.days else None
        lists, teams = self._drawer.draw(queries, start, self.seed)
        factors = self._factors(numbers, users)
        clicks = self._clicks(rng, queries, lists.astype(np.int32), factors, contexts)
        return InterleavedBlock(numbers, queries, lists, teams, clicks, users, contexts, times)


class InterleavedTables:
    """Makes tables in long layout from the blocks of some sessions."""

    def __init__(self, sessions: InterleavedSessions) -> None:
        self._sessions, world = sessions, sessions.world
        self._query_ids, self._item_ids = id_column(world.queries.ids), id_column(world.queries.item_ids)
        self._contexts = strings([context.name for context in world.contexts])
        self._teams, self._method = strings(["A", "B"]), strings([sessions.method.name])
        self._ranks = sessions.contest.pairs.ranks()

    def table(self, bounds: Bounds) -> pa.Table:
        """The table of a block, a row an item."""
        block = self._sessions.made(bounds)
        columns = {
            **{name: replace(column, once=True) for name, column in self._first(block)},
            **dict(self._of_items(block)),
            **{name: replace(column, once=True) for name, column in self._last(block)},
        }
        return to_table(columns, block.lists >= 0, "long")

    def _first(self, block: InterleavedBlock) -> Iterator[tuple[str, Column]]:
        kind, names, ids = self._query_ids
        yield "session_id", Column(block.sessions, pa.int64())
        yield "query_id", Column(ids[block.queries], kind, names)
        if block.users is not None:
            yield "user_id", Column(block.users.astype(np.int32), pa.int32())
        if block.contexts is not None:
            yield "context", Column(block.contexts, pa.string(), self._contexts)
        if block.times is not None:
            yield "timestamp", Column(block.times, pa.timestamp("ms"))

    def _of_items(self, block: InterleavedBlock) -> Iterator[tuple[str, Column]]:
        kind, names, ids = self._item_ids
        places = np.arange(1, block.lists.shape[1] + 1, dtype=np.int16)
        flat = self._sessions.world.queries.flat(block.queries, block.lists.astype(np.int32))
        yield "item_id", Column(ids[flat], kind, names)
        yield "position", Column(np.broadcast_to(places, block.lists.shape), pa.int16())
        yield "click", Column(block.clicks, pa.int8())
        yield "team", self._team(block.teams)
        for name, ranks in zip(("rank_a", "rank_b"), self._ranks, strict=True):
            shown = ranks[block.queries[:, np.newaxis], block.lists].astype(np.int32)
            yield name, Column(shown, pa.int32(), null=shown == 0)

    def _team(self, teams: Teams | None) -> Column:
        if teams is None:
            return Column(None, pa.string())
        return Column((teams == TEAM_B).astype(np.int32), pa.string(), self._teams, teams == NO_TEAM)

    def _last(self, block: InterleavedBlock) -> Iterator[tuple[str, Column]]:
        pairs = self._sessions.contest.pairs
        yield "length_a", Column(pairs.length_a[block.queries].astype(np.int32), pa.int32())
        yield "length_b", Column(pairs.length_b[block.queries].astype(np.int32), pa.int32())
        yield "method", Column(np.zeros(len(block.queries), np.int32), pa.string(), self._method)
