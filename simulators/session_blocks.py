"""Sessions of a world, made block by block, each from a random stream of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.hashing import mix64
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.list_policies import Lists
from rankeval.simulators.sampling import Categorical
from rankeval.simulators.world import LOGGING, World
from rankeval.simulators.writer import random_stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400_000
#: Key of the hash that assigns users to arms, beside the seed.
_ARMS = 0x61726D73


@dataclass(frozen=True, eq=False)
class Block:
    """Sessions ``first .. first + n - 1``; what a world does not have is None.

    Attributes:
        first: number of the first session.
        queries: (n,) numbers of queries.
        lists: (n, K) numbers of items within their query, -1 beyond the end.
        clicks: (n, K) 0 or 1.
        arms: (n,) numbers of arms.
        users: (n,) numbers of users.
        contexts: (n,) numbers of contexts.
        times: (n,) milliseconds since 1970, ascending.
        rankers: (n,) numbers of the rankers whose lists are shown.
        shuffled: (n,) whether the session takes part in the shuffle.
        swap: (n, 2) the two positions of its arm in the shuffle, 0 where it has none.
    """

    first: int
    queries: Ints
    lists: Lists
    clicks: NDArray[np.int8]
    arms: NDArray[np.int32]
    users: Ints | None = None
    contexts: NDArray[np.int32] | None = None
    times: Ints | None = None
    rankers: NDArray[np.int32] | None = None
    shuffled: NDArray[np.bool_] | None = None
    swap: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.queries)


class SessionMaker:
    """What every block needs, worked out once.

    Args:
        world: what decides what is shown and clicked.
        sessions: of the whole log; days are parts of it.
        seed: of the whole log.
    """

    def __init__(self, world: World, sessions: int, seed: int) -> None:
        self.world, self.sessions, self.seed = world, sessions, seed
        self._queries = Categorical(world.queries.weights)
        self._contexts = Categorical(np.array([c.weight for c in world.contexts])) if world.contexts else None
        self.arms = tuple(world.arms) or (LOGGING,)
        self._arm_bounds = np.cumsum(list(world.arms.values()))[:-1]
        self._days = world.days.bounds(sessions) if world.days else None

    def block(self, index: int, start: int, stop: int) -> Block:
        """Block ``index``: sessions ``start .. stop - 1``."""
        world, rng, n = self.world, random_stream(self.seed, index), stop - start
        numbers = np.arange(start, stop)
        queries = self._queries.draw(rng, n).astype(np.int64)
        users = rng.integers(0, world.users.count, n) if world.users else None
        contexts = self._contexts.draw(rng, n) if self._contexts else None
        arms = self._arms_of(numbers if users is None else users)
        factors = np.ones(n) if world.users is None or users is None else world.users.factors(users)
        times = None
        if world.days and self._days is not None:
            days = np.searchsorted(self._days, numbers, side="right") - 1
            factors = factors * world.days.factors[days]
            times = self._times(rng, numbers, days)
        lists, rankers = self._lists(rng, queries, arms)
        lists, shuffled, swap = self._shuffled(rng, queries, lists)
        clicks = self._clicks(rng, queries, lists, factors, contexts)
        return Block(start, queries, lists, clicks, arms, users, contexts, times, rankers, shuffled, swap)

    def _arms_of(self, units: Ints) -> NDArray[np.int32]:
        """(n,) the arm of each user or session, by a hash: a user stays in one."""
        if len(self.arms) == 1:
            return np.zeros(len(units), np.int32)
        uniform = mix64(units.astype(np.uint64), self.seed ^ _ARMS) / 2.0**64
        return np.searchsorted(self._arm_bounds, uniform, side="right").astype(np.int32)

    def _times(self, rng: np.random.Generator, numbers: Ints, days: Ints) -> Ints:
        """(n,) sessions of a day spread over it in order, each somewhere in its part of the day."""
        assert self.world.days is not None and self._days is not None
        first = np.datetime64(self.world.days.start, "ms").astype(np.int64)
        begin, end = self._days[days], self._days[days + 1]
        within = (numbers - begin + rng.random(len(numbers))) / (end - begin)
        return np.asarray(first + days * DAY + np.minimum((within * DAY).astype(np.int64), DAY - 1))

    def _lists(
        self, rng: np.random.Generator, queries: Ints, arms: NDArray[np.int32]
    ) -> tuple[Lists, NDArray[np.int16] | None]:
        """(n, K) what the policy of each session's arm shows, and which of its rankers chose."""
        if len(self.arms) == 1:
            return self.world.policy(self.arms[0]).lists_with_ranker(rng, queries)
        lists = np.empty((len(queries), self.world.positions), np.int32)
        for number, name in enumerate(self.arms):
            rows = np.flatnonzero(arms == number)
            lists[rows] = self.world.policy(name).lists(rng, queries[rows])
        return lists, None

    def _clicks(
        self,
        rng: np.random.Generator,
        queries: Ints,
        lists: Lists,
        factors: Floats | None,
        contexts: NDArray[np.int32] | None,
    ) -> NDArray[np.int8]:
        """(n, K) clicks, by the model of each session's context."""
        items = self.world.queries
        attractiveness = items.of_lists(items.attractiveness, queries, lists)
        if factors is not None:
            attractiveness *= factors[:, np.newaxis]
        satisfaction = (
            None if items.satisfaction is None else items.of_lists(items.satisfaction, queries, lists)
        )
        if contexts is None:
            return self.world.click_model.sample(rng, attractiveness, satisfaction)
        clicks = np.zeros(lists.shape, np.int8)
        for number, context in enumerate(self.world.contexts):
            rows = np.flatnonzero(contexts == number)
            liked = None if satisfaction is None else satisfaction[rows]
            clicks[rows] = context.click_model.sample(rng, attractiveness[rows], liked)
        return clicks
