"""Contests: two rankings of every query of a world, and the exact outcome of an interleaved session."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.errors import DataError, UsageError
from rankeval.interleaving import (
    ClickCount,
    Method,
    Outcome,
    PairArrays,
    RankingPair,
    click_count,
    exact_outcome,
    mixed,
)
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.list_policies import FixedOrder
from rankeval.simulators.worlds import LOGGING, World, parse_world, read_description

Source = str | os.PathLike[str] | Mapping[str, Any] | World


@dataclass(frozen=True, eq=False)
class ModelledClicks:
    """Clicks on lists of the items of one query, by click models.

    Attributes:
        users: for each kind of users the share of the sessions, the click model, and (items,) attractiveness.
        satisfaction: (items,); None if no model needs it.
    """

    users: tuple[tuple[float, ClickModel, Floats], ...]
    satisfaction: Floats | None

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """Pairs of a share of the sessions and (n, L + 1, L) click probabilities given the last click."""
        liked = None if self.satisfaction is None else _of_lists(self.satisfaction, lists)
        return [
            (share * part, browsing.conditionals(_of_lists(attractive, lists), liked))
            for share, model, attractive in self.users
            for part, browsing in model.parts
            if share * part > 0.0
        ]


def _of_lists(values: Floats, lists: Ints) -> Floats:
    """(n, L) the values of the items of lists, NaN beyond the end."""
    return np.where(lists >= 0, values[lists], np.nan)


@dataclass(frozen=True, eq=False)
class Contest:
    """Rankings A and B of the queries of a world.

    Attributes:
        world: the world.
        pairs: both rankings of each query, with items as their numbers in the query.
        a, b: names of the two rankings.
    """

    world: World
    pairs: PairArrays
    a: str
    b: str

    @classmethod
    def of(cls, source: Source, a: str | None = None, b: str | None = None) -> Contest:
        """A contest between two policies of a world, or between the rankings in a world file.

        Args:
            source: a world, its file, or the content of the file. In a file with rankings every query has
                keys ``a`` and ``b``: lists of its items from the top, of any length. Such a world needs no
                policies.
            a, b: ``logging`` or the name of a candidate, of policy ``fixed``; by default ``logging`` and the
                only candidate.

        Raises:
            DataError: as for :func:`~rankeval.simulators.worlds.world_file.read_world`; a ranking is missing,
                or has an item that the query does not have.
            UsageError: the world does not have a policy, or the policy ranks at random.
        """
        if isinstance(source, World):
            return cls._of_policies(source, a, b)
        origin, description = "world", source
        if isinstance(source, str | os.PathLike):
            origin, description = os.fspath(source), read_description(source)
        if not _lists_rankings(description):
            return cls._of_policies(parse_world(description, origin), a, b)
        if a is not None or b is not None:
            raise UsageError(
                f"a, b: found names of policies, but the queries of {origin} list their rankings"
            )
        return cls._of_rankings(description, origin)

    @classmethod
    def _of_policies(cls, world: World, a: str | None, b: str | None) -> Contest:
        if b is None and len(world.candidates) != 1:
            found = ", ".join(world.candidates) or "none"
            raise UsageError(f"b: found nothing and the candidates {found}, wanted the name of one of them")
        names = LOGGING if a is None else a, next(iter(world.candidates)) if b is None else b
        orders = [_fixed(world, name).best for name in names]
        if names[0] == names[1]:
            raise UsageError(f"a, b: found {names[0]!r} for both, wanted two policies")
        return cls(world, PairArrays.of(*orders), *names)

    @classmethod
    def _of_rankings(cls, description: Any, origin: str) -> Contest:
        plain = [_without_rankings(query) for query in description["queries"]]
        no_policy = {"logging": {"policy": "uniform"}, "short_lists": True}
        world = parse_world({**no_policy, **description, "queries": plain}, origin)
        orders: dict[str, list[Ints]] = {"a": [], "b": []}
        for number, query in enumerate(description["queries"]):
            for name, order in _orders(world, number, query, f"{origin}: queries[{number}]").items():
                orders[name].append(order)
        return cls(world, PairArrays.of(*(_padded(orders[name]) for name in "ab")), "A", "B")

    def outcome(self, method: Method, sessions: int = 1) -> Outcome:
        """The exact outcome of one session that is drawn at random from ``sessions`` sessions.

        Raises:
            UsageError, DataError: as for :func:`~rankeval.interleaving.enumeration.exact_lists`.
        """
        weights = self.world.queries.weights
        asked = np.flatnonzero(weights).tolist()
        outcomes = [
            exact_outcome(self.pairs.query(q), method, self.clicks(q, sessions), self.world.positions)
            for q in asked
        ]
        return mixed(outcomes, weights[asked])

    def click_counts(self, sessions: int = 1) -> tuple[ClickCount, ClickCount]:
        """Number of clicks in a session that shows only A, and in a session that shows only B."""
        weights = self.world.queries.weights
        counts = []
        for orders in (self.pairs.order_a, self.pairs.order_b):
            each = [
                click_count(order, self.clicks(q, sessions), self.world.positions)
                for q, order in enumerate(orders)
            ]
            counts.append(ClickCount(*(weights @ np.array(each)).tolist()))
        return counts[0], counts[1]

    def clicks(self, query: int, sessions: int = 1) -> ModelledClicks:
        """The click models of users on lists of a query, over all ``sessions``."""
        items, world = self.world.queries, self.world
        own = slice(items.offsets[query], items.offsets[query + 1])
        liked = None if items.satisfaction is None else items.satisfaction[own]
        users = [
            (weight * share, model, items.attractiveness[own] * factor)
            for (weight, model), (factor, share) in product(
                world.models(), world.attractiveness_factors(sessions).items()
            )
        ]
        return ModelledClicks(tuple(users), liked)


def _lists_rankings(description: Any) -> bool:
    """Whether some query of a description has a key ``a`` or ``b``."""
    queries = description.get("queries") if isinstance(description, Mapping) else None
    return isinstance(queries, list) and any(
        isinstance(q, Mapping) and ("a" in q or "b" in q) for q in queries
    )


def _without_rankings(query: Any) -> Any:
    """A query without its rankings, in the form of world files."""
    if not isinstance(query, Mapping):
        return query
    return {name: value for name, value in query.items() if name not in ("a", "b")}


def _fixed(world: World, name: str) -> FixedOrder:
    if not isinstance(name, str) or name not in (LOGGING, *world.candidates):
        raise UsageError(f"policy: found {name!r}, wanted one of {', '.join((LOGGING, *world.candidates))}")
    policy = world.policy(name)
    if not isinstance(policy, FixedOrder):
        raise UsageError(f"policy: {name!r} ranks by chance, wanted policy fixed (simulate --logging fixed)")
    # A policy of a world gives only the top positions. The rankings of a contest have every item.
    return replace(policy, positions=int(world.queries.sizes.max()))


def _orders(world: World, number: int, query: Mapping[str, Any], place: str) -> dict[str, Ints]:
    """Rankings A and B of a query, as arrays of the numbers of its items."""
    items = world.queries
    own = items.item_ids[items.offsets[number] : items.offsets[number + 1]]
    index = {item: i for i, item in enumerate(own)}
    for name in "ab":
        if not isinstance(query.get(name), list):
            raise DataError(f"{place}.{name}: found {query.get(name)!r}, wanted a list of the query's items")
        for item in query[name]:
            if not isinstance(item, int | str) or item not in index:
                raise DataError(f"{place}.{name}: found {item!r}, wanted items that the query has")
    try:
        pair = RankingPair(query["a"], query["b"])
    except UsageError as error:
        raise DataError(f"{place}: {error}") from None
    return {
        name: np.array([index[item] for item in ids], np.int64)
        for name, ids in zip("ab", (pair.a, pair.b), strict=True)
    }


def _padded(orders: Sequence[Ints]) -> Ints:
    """(Q, N) rankings in one array, -1 beyond the end of each."""
    padded = np.full((len(orders), max(map(len, orders))), -1, np.int64)
    for row, order in zip(padded, orders, strict=True):
        row[: len(order)] = order
    return padded
