"""Interleaved sessions of a world, simulated: a log in long layout, and how much it can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.errors import UsageError
from rankeval.interleaving.drawer import Drawer
from rankeval.interleaving.drawing import NO_TEAM, TEAM_B, Teams
from rankeval.interleaving.list_credits import session_credits
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import Levels
from rankeval.interleaving.outcomes import Outcome, ab_z_per_sqrt_n
from rankeval.interleaving.patterns import TIED
from rankeval.interleaving.power import AbRow, InterleavingPower, MethodRow
from rankeval.simulators.checks import whole
from rankeval.simulators.contests import Contest, Source
from rankeval.simulators.log_tables import Column, id_column, to_table
from rankeval.simulators.sampling import Categorical
from rankeval.simulators.world import World
from rankeval.simulators.writer import block_bounds, random_stream, write_parquet

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK_SESSIONS = 1 << 14
#: What `power` compares unless told.
METHODS = (
    "team_draft",
    "team_draft:credit=marginal",
    "balanced",
    "probabilistic",
    "probabilistic:credit=marginal",
    "optimised",
)
#: Sessions drawn for a method whose lists are too many for an exact outcome.
SAMPLE = 200_000


@dataclass(frozen=True, eq=False)
class InterleavedBlock:
    """Consecutive sessions, from number ``first`` on.

    Attributes:
        queries: (n,) their queries.
        lists: (n, L) items by their numbers within the query, -1 beyond the end.
        teams: (n, L), None for methods without teams.
        clicks: (n, L) 0 or 1.
        users: (n,) numbers of users, None in a world without.
    """

    first: int
    queries: Ints
    lists: Ints
    teams: Teams | None
    clicks: NDArray[np.int8]
    users: Ints | None


class InterleavedSessions:
    """Makes the sessions of a contest, any block of them on its own.

    Args:
        sessions: of the whole log, of which days are parts.
        seed: of the whole log.
    """

    def __init__(self, contest: Contest, method: Method, sessions: int, seed: int) -> None:
        self.contest, self.method, self.sessions, self.seed = contest, method, sessions, seed
        world = contest.world
        self._drawer = Drawer(contest.pairs, method, world.positions)
        self._queries = Categorical(world.queries.weights)

    def blocks(self) -> Iterator[InterleavedBlock]:
        """All sessions in order."""
        for index, (start, stop) in enumerate(block_bounds(self.sessions, BLOCK_SESSIONS)):
            yield self.block(index, start, stop)

    def block(self, index: int, start: int, stop: int) -> InterleavedBlock:
        """Sessions ``start .. stop - 1``, whose users and clicks come from the random stream ``index``."""
        world, n = self.contest.world, stop - start
        rng = random_stream(self.seed, index)
        queries = self._queries.draw(rng, n).astype(np.int64)
        users = rng.integers(0, world.users.count, n) if world.users else None
        lists, teams = self._drawer.draw(queries, start, self.seed)
        factors = _factors(world, np.arange(start, stop), self.sessions, users)
        clicks = _clicks(world, rng, queries, lists.astype(np.int32), factors)
        return InterleavedBlock(start, queries, lists, teams, clicks, users)


def _factors(world: World, numbers: Ints, sessions: int, users: Ints | None) -> Floats:
    """(n,) what the attractiveness of items is multiplied by, by user and day."""
    factors = np.ones(len(numbers))
    if world.users is not None and users is not None:
        factors *= world.users.factors(users)
    if world.days is not None:
        days = np.searchsorted(world.days.bounds(sessions), numbers, side="right") - 1
        factors *= world.days.factors[days]
    return factors


def _clicks(
    world: World, rng: np.random.Generator, queries: Ints, lists: NDArray[np.int32], factors: Floats
) -> NDArray[np.int8]:
    """(n, L) clicks; every session is in one of the world's contexts."""
    items = world.queries
    attractive = items.of_lists(items.attractiveness, queries, lists) * factors[:, np.newaxis]
    liked = None if items.satisfaction is None else items.of_lists(items.satisfaction, queries, lists)
    if not world.contexts:
        return world.click_model.sample(rng, attractive, liked)
    chosen = Categorical(np.array([context.weight for context in world.contexts])).draw(rng, len(lists))
    clicks = np.zeros(lists.shape, np.int8)
    for number, context in enumerate(world.contexts):
        rows = np.flatnonzero(chosen == number)
        clicks[rows] = context.click_model.sample(
            rng, attractive[rows], None if liked is None else liked[rows]
        )
    return clicks


class _Tables:
    """Blocks as tables in long layout."""

    def __init__(self, made: InterleavedSessions) -> None:
        self._made, queries = made, made.contest.world.queries
        self._query_ids, self._item_ids = id_column(queries.ids), id_column(queries.item_ids)
        self._ranks = made.contest.pairs.ranks()
        self._offsets = queries.offsets

    def table(self, block: InterleavedBlock) -> pa.Table:
        """One row for each item shown."""
        n, pairs = len(block.queries), self._made.contest.pairs
        kind, names, codes = self._query_ids
        sessions = {
            "session_id": Column(np.arange(block.first, block.first + n), pa.int64()),
            "query_id": Column(codes[block.queries], kind, names),
        }
        if block.users is not None:
            sessions["user_id"] = Column(block.users, pa.int64())
        ending = {
            "length_a": Column(pairs.length_a[block.queries], pa.int32()),
            "length_b": Column(pairs.length_b[block.queries], pa.int32()),
            "method": Column(np.zeros(n, np.int32), _TEXT, pa.array([self._made.method.name])),
        }
        table = to_table({**sessions, **ending}, self._items(block), block.lists >= 0, "long")
        order = [
            *sessions,
            *(name for name in table.column_names if name not in {*sessions, *ending}),
            *ending,
        ]
        return table.select(order)

    def _items(self, block: InterleavedBlock) -> dict[str, Column]:
        """The columns with a value for each item."""
        kind, names, codes = self._item_ids
        flat = self._offsets[block.queries][:, np.newaxis] + np.maximum(block.lists, 0)
        places = np.broadcast_to(np.arange(1, block.lists.shape[1] + 1), block.lists.shape)
        ranks = [ranks[block.queries[:, np.newaxis], block.lists] for ranks in self._ranks]
        team = Column(None, _TEXT)
        if block.teams is not None:
            numbers = np.where(block.teams == TEAM_B, 1, 0).astype(np.int32)
            team = Column(numbers, _TEXT, pa.array(["A", "B"]), block.teams == NO_TEAM)
        return {
            "item_id": Column(codes[flat], kind, names),
            "position": Column(places, pa.int32()),
            "click": Column(block.clicks, pa.int8()),
            "team": team,
            "rank_a": Column(ranks[0], pa.int32(), None, ranks[0] == 0),
            "rank_b": Column(ranks[1], pa.int32(), None, ranks[1] == 0),
        }


_TEXT = pa.dictionary(pa.int32(), pa.string())


def interleave_simulate(
    world: Source,
    out: str | os.PathLike[str],
    *,
    sessions: int,
    method: str | Method = "team_draft",
    a: str | None = None,
    b: str | None = None,
    seed: int = 0,
    rows_per_group: int = 1 << 20,
) -> InterleavingPower:
    """Write a log of interleaved sessions as Parquet, and return what it can tell.

    Columns, a row an item: ``session_id, query_id``, ``user_id`` in a world of users, ``item_id, position,
    click, team`` (``A``, ``B``, null where the method has no teams), ``rank_a, rank_b`` (from 1, null where a
    ranking lacks the item), ``length_a, length_b, method``. The same arguments give the same bytes.

    Args:
        world: a world file or description with fixed policies, or one whose queries have rankings ``a`` and
            ``b`` (:meth:`~rankeval.simulators.contests.Contest.of`).
        out: the file, which appears when it is whole.
        sessions: how many.
        method: as in :func:`rankeval.interleave`, of lists as long as the world has positions.
        a, b: names of policies, ``logging`` and the only candidate by default.
        seed: of all that is random.

    Raises:
        DataError: the world is wrong, or no distribution of lists is unbiased (``optimised``).
        UsageError: the call is wrong.
    """
    contest, chosen = Contest.of(world, a, b), Method.parse(method)
    made = InterleavedSessions(contest, chosen, whole("sessions", sessions, 1), whole("seed", seed, 0))
    tables = _Tables(made)
    write_parquet(Path(out), (tables.table(block) for block in made.blocks()), rows_per_group)
    return _compared(contest, [chosen], Levels(), sessions, SAMPLE, seed)


def interleave_power(
    world: Source,
    methods: str | Sequence[str] = METHODS,
    *,
    a: str | None = None,
    b: str | None = None,
    sessions: int | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    sample: int = SAMPLE,
    seed: int = 0,
) -> InterleavingPower:
    """How many sessions interleaving needs to tell two rankings apart, beside an A/B test of as many.

    Args:
        world, a, b: as in :func:`interleave_simulate`.
        methods: to compare, such as ``team_draft`` or ``probabilistic:credit=marginal``.
        sessions: also tell the power of so many.
        alpha, power: of the two-sided test of the mean credit, and of the difference in clicks per session.
        sample: sessions drawn for a method whose lists are too many for exact numbers.
        seed: of that sample.

    Raises:
        DataError, UsageError: as :func:`interleave_simulate`.
    """
    names = [methods] if isinstance(methods, str) else list(methods)
    chosen = [Method.parse(name) for text in names for name in str(text).split(",")]
    if not chosen:
        raise UsageError(f"methods: found none, wanted some of {', '.join(METHODS)}")
    if sessions is not None:
        whole("sessions", sessions, 1)
    levels = Levels(alpha, power)
    drawn = whole("sample", sample, 2)
    return _compared(Contest.of(world, a, b), chosen, levels, sessions, drawn, whole("seed", seed, 0))


def _compared(
    contest: Contest,
    methods: Sequence[Method],
    levels: Levels,
    sessions: int | None,
    sample: int,
    seed: int,
) -> InterleavingPower:
    over = sessions or 1
    rows = [_row(contest, method, over, sample, seed) for method in methods]
    a, b = contest.click_counts(over)
    sd, z = ab_z_per_sqrt_n(a, b)
    inputs: dict[str, Any] = {
        "a": contest.a,
        "b": contest.b,
        "positions": contest.world.positions,
        "queries": len(contest.world.queries),
        "sessions": sessions,
        "alpha": levels.alpha,
        "power": levels.power,
    }
    return InterleavingPower(inputs, tuple(rows), AbRow(a.mean, b.mean, sd, z), levels)


def _row(contest: Contest, method: Method, sessions: int, sample: int, seed: int) -> MethodRow:
    """The exact outcome where lists can be enumerated, else that of a sample."""
    largest = contest.pairs.sizes().max()
    if method.definition.enumerable(int(largest), min(contest.world.positions, int(largest))):
        return MethodRow(method, contest.outcome(method, sessions), None)
    return MethodRow(method, sampled_outcome(contest, method, sample, seed), sample)


def sampled_outcome(contest: Contest, method: Method, sessions: int, seed: int) -> Outcome:
    """The mean outcome of sessions that are drawn at random."""
    made = InterleavedSessions(contest, method, sessions, seed)
    sums = np.zeros(5)
    for block in made.blocks():
        credit = session_credits(contest.pairs, method, block.queries, block.lists, block.teams, block.clicks)
        tie = np.abs(credit) <= TIED
        a, b = (credit > 0.0) & ~tie, (credit < 0.0) & ~tie
        sums += [a.sum(), b.sum(), tie.sum(), credit.sum(), (credit**2).sum()]
    return Outcome(*(sums / sessions).tolist())
