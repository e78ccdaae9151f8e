"""Makes the sessions of a world block by block. Each block has its own random stream."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import mix64
from rankeval.simulators import Categorical, random_stream
from rankeval.simulators.list_policies import Lists, PolicyMixture
from rankeval.simulators.shuffles import display
from rankeval.simulators.worlds import LOGGING, World

Numbers = NDArray[np.int32]

#: Milliseconds of a day.
DAY = 86_400_000
#: Constant that is mixed into the seed of the hash that assigns users to arms.
_ARMS = 0x61726D73


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive sessions. A field is None if the world has nothing for it.

    Attributes:
        sessions: (n,) numbers of the sessions.
        queries: (n,) numbers of their queries.
        lists: (n, K) numbers of items within the query, -1 beyond the end.
        clicks: (n, K) 0 or 1.
        arms: (n,) numbers of the arms of the A/B test.
        users: (n,) numbers of users.
        contexts: (n,) numbers of contexts.
        times: (n,) milliseconds since 1970, ascending.
        rankers: (n,) number of the ranker that made the list, -1 where a policy has only one.
        shuffled: (n,) whether the session takes part in the shuffle.
        swap: (n,) lower and (n,) higher position of the session's arm in the shuffle, 0 where it has none.
    """

    sessions: Ints
    queries: Ints
    lists: Lists
    clicks: NDArray[np.int8]
    arms: Numbers
    users: Ints | None = None
    contexts: Numbers | None = None
    times: Ints | None = None
    rankers: Numbers | None = None
    shuffled: Bools | None = None
    swap: tuple[NDArray[np.int16], NDArray[np.int16]] | None = None

    def __len__(self) -> int:
        return len(self.sessions)

    def part(self, start: int, stop: int) -> Block:
        """The sessions with numbers ``start .. stop - 1``."""
        cut = slice(start - int(self.sessions[0]), stop - int(self.sessions[0]))
        return Block(*(_cut(getattr(self, field.name), cut) for field in fields(self)))


def _cut(values: Any, cut: slice) -> Any:
    """Some rows of an array, or of each array of a tuple; None stays None."""
    if isinstance(values, tuple):
        return tuple(one[cut] for one in values)
    return None if values is None else values[cut]


class SessionMaker:
    """Makes the sessions of a log. Any block can be made without the others.

    Args:
        world: the world to simulate.
        sessions: number of sessions of the whole log, which are spread over the days.
        seed: seed of the whole log.
    """

    def __init__(self, world: World, sessions: int, seed: int) -> None:
        self.world, self.seed = world, seed
        self.arms = tuple(world.arms) or (LOGGING,)
        self._arm_bounds = np.cumsum(list(world.arms.values()))[:-1]
        self._queries = Categorical(world.queries.weights)
        self._contexts = Categorical(np.array([c.weight for c in world.contexts])) if world.contexts else None
        self._days = world.days.bounds(sessions) if world.days else np.zeros(0, np.int64)
        self.several_rankers = any(isinstance(world.policy(arm), PolicyMixture) for arm in self.arms)

    def block(self, index: int, start: int, stop: int) -> Block:
        """Sessions ``start .. stop - 1``, made from the random stream ``index``."""
        rng, numbers = random_stream(self.seed, index), np.arange(start, stop)
        queries = self._queries.draw(rng, len(numbers)).astype(np.int64)
        users = rng.integers(0, self.world.users.count, len(numbers)) if self.world.users else None
        contexts = self._contexts.draw(rng, len(numbers)) if self._contexts else None
        times = self._times(rng, numbers) if self.world.days else None
        arms = self._arms_of(numbers if users is None else users)
        lists, rankers = self._lists(rng, queries, arms)
        shuffled, swap = None, None
        if self.world.shuffle:
            lists, shuffled, *pair = display(self.world.shuffle, rng, lists)
            swap = None if self.world.shuffle.design == "full" else (pair[0], pair[1])
        clicks = self._clicks(rng, queries, lists, self._factors(numbers, users), contexts)
        return Block(numbers, queries, lists, clicks, arms, users, contexts, times, rankers, shuffled, swap)

    def _arms_of(self, units: Ints) -> Numbers:
        """(n,) the arm of each user or session, by a hash, so that a user stays in one arm."""
        if len(self.arms) == 1:
            return np.zeros(len(units), np.int32)
        uniform = mix64(units.astype(np.uint64), self.seed ^ _ARMS) / 2.0**64
        return np.searchsorted(self._arm_bounds, uniform, side="right").astype(np.int32)

    def _days_of(self, numbers: Ints) -> Ints:
        """(n,) the day of each session."""
        return np.asarray(np.searchsorted(self._days, numbers, side="right") - 1)

    def _times(self, rng: np.random.Generator, numbers: Ints) -> Ints:
        """(n,) the time of each session in milliseconds since 1970.

        A day has as many equal parts as sessions. Each session has a random time within its own part, so
        that times are in the order of the sessions.
        """
        assert self.world.days is not None
        first, days = np.datetime64(self.world.days.start, "ms").astype(np.int64), self._days_of(numbers)
        begin, end = self._days[days], self._days[days + 1]
        within = (numbers - begin + rng.random(len(numbers))) / (end - begin)
        return np.asarray(first + days * DAY + np.minimum((within * DAY).astype(np.int64), DAY - 1))

    def _factors(self, numbers: Ints, users: Ints | None) -> Floats | None:
        """(n,) the factor of the attractiveness in each session; None: it is 1 in all of them."""
        world, factors = self.world, None
        if world.users and world.users.spread and users is not None:
            factors = world.users.factors(users)
        if world.days and world.days.drift:
            drift = world.days.factors[self._days_of(numbers)]
            factors = drift if factors is None else factors * drift
        return factors

    def _lists(self, rng: np.random.Generator, queries: Ints, arms: Numbers) -> tuple[Lists, Numbers | None]:
        """(n, K) the list that the policy of each session's arm shows, and (n,) the number of its ranker."""
        lists = np.empty((len(queries), self.world.positions), np.int32)
        rankers = np.full(len(queries), -1, np.int32)
        for number, name in enumerate(self.arms):
            rows = np.flatnonzero(arms == number)
            policy = self.world.policy(name)
            lists[rows], chosen = policy.lists_with_ranker(rng, queries[rows])
            if chosen is not None:
                rankers[rows] = chosen
        return lists, rankers if self.several_rankers else None

    def _clicks(
        self,
        rng: np.random.Generator,
        queries: Ints,
        lists: Lists,
        factors: Floats | None,
        contexts: Numbers | None,
    ) -> NDArray[np.int8]:
        """(n, K) clicks, drawn by the click model of each session's context."""
        items = self.world.queries
        attractive = items.of_lists(items.attractiveness, queries, lists)
        if factors is not None:
            attractive *= factors[:, np.newaxis]
        liked = None if items.satisfaction is None else items.of_lists(items.satisfaction, queries, lists)
        if contexts is None:
            return self.world.click_model.sample(rng, attractive, liked)
        clicks = np.zeros(lists.shape, np.int8)
        for number, context in enumerate(self.world.contexts):
            rows = np.flatnonzero(contexts == number)
            liked_here = None if liked is None else liked[rows]
            clicks[rows] = context.click_model.sample(rng, attractive[rows], liked_here)
        return clicks
