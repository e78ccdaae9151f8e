"""The exact distribution of interleaved lists: every list with its teams and its probability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.errors import UsageError
from rankeval.interleaving.methods import MOST_LISTS, Method
from rankeval.interleaving.optimised import allowed_lists, optimised_distribution, rank_credits
from rankeval.interleaving.random_lists import NO_TEAM, TEAM_A, TEAM_B, balanced_list
from rankeval.interleaving.rankings import PairArrays, RankingPair

TEAM_NAMES = {TEAM_A: "A", TEAM_B: "B", NO_TEAM: None}


@dataclass(frozen=True, eq=False)
class ListDistribution:
    """All lists that a method can show for two rankings, with their probabilities.

    Attributes:
        lists: (m, L) int64, numbers of items within their query, -1 beyond the end.
        probability: (m,) float64, sums to 1.
        teams: (m, L) int8, 0 for A and 1 for B. None for methods without teams, and for ``probabilistic``,
            whose teams are independent given the list. With ``team_draft`` each row is a possible pair of a
            list and an assignment to teams.
    """

    lists: Ints
    probability: Floats
    teams: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.probability)

    def of_lists(self) -> ListDistribution:
        """The distribution without teams: each list once, in the order of its first row."""
        if self.teams is None:
            return self
        _, first, inverse = np.unique(self.lists, axis=0, return_index=True, return_inverse=True)
        total = np.bincount(inverse.ravel(), self.probability).astype(np.float64)
        order = np.argsort(first)
        return ListDistribution(self.lists[first[order]], total[order])

    def rows(self, pair: RankingPair) -> list[dict[str, Any]]:
        """One dict ``items``, ``teams``, ``probability`` for each row, the most probable first."""
        order = np.argsort(-self.probability, kind="stable")
        return [
            {
                "items": [pair.items[item] for item in self.lists[row]],
                "teams": self.team_names(row),
                "probability": float(self.probability[row]),
            }
            for row in order
        ]

    def team_names(self, row: int) -> list[str | None] | None:
        """The team of each item of a row, ``A``, ``B`` or None; None if the lists have no teams."""
        return None if self.teams is None else [TEAM_NAMES[team] for team in self.teams[row].tolist()]


def list_distribution(
    a: Any, b: Any, method: str | Method = "team_draft", length: int | None = None
) -> tuple[RankingPair, ListDistribution]:
    """The rankings ``a`` and ``b`` (item ids) as a pair, and the distribution of their interleaved lists.

    Raises:
        UsageError: an argument is wrong; or as :func:`exact_lists`.
        DataError: as :func:`exact_lists`.
    """
    pair = RankingPair(a, b)
    return pair, exact_lists(pair.arrays, Method.parse(method), pair.length(length))


def exact_lists(pairs: PairArrays, method: Method, length: int) -> ListDistribution:
    """The distribution of the lists of query 0, of at most ``length`` items, without lists of probability 0.

    Raises:
        UsageError: there are more positions than :attr:`Definition.longest`, or more than 400,000 lists
            (``probabilistic``).
        DataError: as :func:`~rankeval.interleaving.optimised.optimised_distribution`.
    """
    size = int(pairs.sizes()[0])
    length = min(length, size)
    if not method.definition.enumerable(size, length):
        most = f"{MOST_LISTS:,} lists" if method.name == "probabilistic" else ""
        raise UsageError(
            f"{method.name}: found {length} positions for {size} items, wanted at most "
            f"{method.definition.longest} positions{f' and {most}' if most else ''} for exact lists"
        )
    if method.name == "team_draft":
        return _team_draft(pairs, length)
    if method.name == "balanced":
        return _balanced(pairs, length)
    if method.name == "optimised":
        return _optimised(pairs, method, length)
    return _probabilistic(pairs, method.tau, length)


def _team_draft(pairs: PairArrays, length: int) -> ListDistribution:
    order_a, order_b = (order[0].tolist() for order in (pairs.order_a, pairs.order_b))
    found = list(_drafted(order_a, order_b, length, [], [], 1.0))
    lists, teams, chances = zip(*found, strict=True)
    return ListDistribution(np.array(lists, np.int64), np.array(chances), np.array(teams, np.int8))


def _drafted(
    order_a: list[int], order_b: list[int], length: int, items: list[int], teams: list[int], chance: float
) -> Iterator[tuple[list[int], list[int], float]]:
    """Every completion of a draft that began with ``items`` and ``teams``, with its probability.

    ``chance`` is the probability of that beginning.
    """
    if len(items) == length:
        yield items, teams, chance
        return
    best = [next((i for i in order if i >= 0 and i not in items), None) for order in (order_a, order_b)]
    behind = teams.count(TEAM_A) - teams.count(TEAM_B)
    may = [team for team in (TEAM_A, TEAM_B) if best[team] is not None]
    if len(may) == 2 and behind:
        may = [TEAM_A if behind < 0 else TEAM_B]
    for team in may:
        item = best[team]
        assert item is not None
        yield from _drafted(order_a, order_b, length, [*items, item], [*teams, team], chance / len(may))


def _balanced(pairs: PairArrays, length: int) -> ListDistribution:
    lists = np.full((2, length), -1, np.int64)
    balanced_list(pairs, 0, True, lists[0])
    balanced_list(pairs, 0, False, lists[1])
    if np.array_equal(lists[0], lists[1]):
        return ListDistribution(lists[:1], np.ones(1))
    return ListDistribution(lists, np.full(2, 0.5))


def _optimised(pairs: PairArrays, method: Method, length: int) -> ListDistribution:
    lists = allowed_lists(pairs, length)
    rank_a, rank_b = (ranks[0][lists] for ranks in pairs.ranks())
    credits = rank_credits(method.credit, rank_a, rank_b, pairs.length_a, pairs.length_b)
    chances = optimised_distribution(credits, method.credit)
    return ListDistribution(lists[chances > 0.0], chances[chances > 0.0])


def rank_weights(tau: float, ranks: int) -> Floats:
    """(ranks,) float64, ``1 / rank^tau`` for ranks from 1."""
    return np.asarray(np.arange(1.0, ranks + 1.0) ** -tau)


def _probabilistic(pairs: PairArrays, tau: float, length: int) -> ListDistribution:
    """The distribution for ``probabilistic``; each step extends all prefixes by one item."""
    ranks = [rank[0] for rank in pairs.ranks()]
    weights = rank_weights(tau, max(int(rank.max(initial=1)) for rank in ranks))
    each = [np.where(rank > 0, weights[rank - 1], 0.0) for rank in ranks]
    there = np.flatnonzero((ranks[0] > 0) | (ranks[1] > 0))
    lists, chances = np.zeros((1, 0), np.int64), np.ones(1)
    for _ in range(length):
        left = np.ones((len(lists), len(ranks[0])), bool)
        np.put_along_axis(left, lists, False, axis=1)
        draws = [_shares(np.where(left, weight, 0.0)) for weight in each]
        both = (draws[0].sum(axis=1) > 0.0) & (draws[1].sum(axis=1) > 0.0)
        step = (draws[0] + draws[1]) * np.where(both, 0.5, 1.0)[:, np.newaxis]
        rows, items = np.nonzero(step[:, there] > 0.0)
        items = there[items]
        lists = np.column_stack([lists[rows], items])
        chances = chances[rows] * step[rows, items]
    return ListDistribution(lists, chances)


def _shares(weights: Floats) -> Floats:
    """Each row divided by its sum; a row of zeros is unchanged."""
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0))
