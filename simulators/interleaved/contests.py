"""Two rankings of every query of a world against each other: who wins an interleaved session, exactly."""

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
    """Clicks of models on lists of one query's items.

    Attributes:
        users: share of the sessions, their model, and (items,) how attractive the items are to them.
        satisfaction: (items,); None where no model needs it.
    """

    users: tuple[tuple[float, ClickModel, Floats], ...]
    satisfaction: Floats | None

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """Shares of the sessions and (n, L + 1, L) probabilities given the last click above."""
        liked = None if self.satisfaction is None else _of_lists(self.satisfaction, lists)
        return [
            (share * part, browsing.conditionals(_of_lists(attractive, lists), liked))
            for share, model, attractive in self.users
            for part, browsing in model.parts
            if share * part > 0.0
        ]


def _of_lists(values: Floats, lists: Ints) -> Floats:
    """(n, L) what listed items have, NaN beyond the end."""
    return np.where(lists >= 0, values[lists], np.nan)


@dataclass(frozen=True, eq=False)
class Contest:
    """Rankings A and B of the queries of a world.

    Attributes:
        pairs: both rankings of each query, items by their numbers in the world.
        a, b: names of the two.
    """

    world: World
    pairs: PairArrays
    a: str
    b: str

    @classmethod
    def of(cls, source: Source, a: str | None = None, b: str | None = None) -> Contest:
        """A contest between two policies of a world, or between rankings that a file lists.

        Args:
            source: a world, its file or description. In a file of rankings every query has keys ``a`` and
                ``b``, lists of its items from the top, of any lengths, and the world has no policies.
            a, b: ``logging`` or the name of a candidate, of policy ``fixed``; by default ``logging`` and the
                only candidate.

        Raises:
            DataError: as :func:`~rankeval.simulators.worlds.world_file.read_world`; rankings missing, or of
                items that the query does not have.
            UsageError: policies that the world does not have, or that chance has a part in.
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
        """The exact outcome of one of ``sessions`` sessions, drawn at random.

        Raises:
            UsageError, DataError: as :func:`~rankeval.interleaving.enumeration.exact_lists`.
        """
        weights = self.world.queries.weights
        asked = np.flatnonzero(weights).tolist()
        outcomes = [
            exact_outcome(self.pairs.query(q), method, self.clicks(q, sessions), self.world.positions)
            for q in asked
        ]
        return mixed(outcomes, weights[asked])

    def click_counts(self, sessions: int = 1) -> tuple[ClickCount, ClickCount]:
        """Clicks on a session that shows A alone, and on one that shows B."""
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
        """How users click on lists of a query, over all ``sessions``."""
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
    """Whether the queries of a description have rankings of their own."""
    queries = description.get("queries") if isinstance(description, Mapping) else None
    return isinstance(queries, list) and any(
        isinstance(q, Mapping) and ("a" in q or "b" in q) for q in queries
    )


def _without_rankings(query: Any) -> Any:
    """A query as worlds describe it."""
    if not isinstance(query, Mapping):
        return query
    return {name: value for name, value in query.items() if name not in ("a", "b")}


def _fixed(world: World, name: str) -> FixedOrder:
    if not isinstance(name, str) or name not in (LOGGING, *world.candidates):
        raise UsageError(f"policy: found {name!r}, wanted one of {', '.join((LOGGING, *world.candidates))}")
    policy = world.policy(name)
    if not isinstance(policy, FixedOrder):
        raise UsageError(f"policy: {name!r} ranks by chance, wanted policy fixed (simulate --logging fixed)")
    # What a list of a world shows is its top alone; rankings hold every item.
    return replace(policy, positions=int(world.queries.sizes.max()))


def _orders(world: World, number: int, query: Mapping[str, Any], place: str) -> dict[str, Ints]:
    """Rankings A and B of a query by the numbers of its items."""
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
    """(Q, N), -1 beyond the end of each."""
    padded = np.full((len(orders), max(map(len, orders))), -1, np.int64)
    for row, order in zip(padded, orders, strict=True):
        row[: len(order)] = order
    return padded
