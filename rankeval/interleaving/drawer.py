"""Random interleaved lists by any method, for one query or many."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import offsets_of, word
from rankeval.errors import UsageError
from rankeval.interleaving.enumeration import TEAM_NAMES, ListDistribution, exact_lists, rank_weights
from rankeval.interleaving.methods import Method
from rankeval.interleaving.random_lists import (
    NO_TEAM,
    Teams,
    balanced,
    from_distribution,
    probabilistic,
    team_draft,
)
from rankeval.interleaving.rankings import PairArrays, RankingPair
from rankeval.options import shown

#: Largest number of random lists that one call returns.
MOST_LISTS = 10**7


class Drawer:
    """Draws interleaved lists of at most ``length`` items.

    The list of a session depends only on its query, its number and the seed, not on the other sessions drawn.

    Args:
        pairs: the rankings of ``Q`` queries.
        method: the interleaving method.
        length: largest number of items of a list.

    Raises:
        UsageError: with ``optimised``, there are too many positions to enumerate the lists.
        DataError: with ``optimised``, no distribution of lists is unbiased.
    """

    def __init__(self, pairs: PairArrays, method: Method, length: int) -> None:
        self.pairs, self.method, self.length = pairs, method, length
        if method.name == "optimised":
            queries = range(len(pairs.length_a))
            self._table = _table([exact_lists(pairs.query(q), method, length) for q in queries], length)
        self._weights = rank_weights(method.tau, max(pairs.order_a.shape[1], pairs.order_b.shape[1]))

    def draw(self, queries: Ints, first: int, seed: int) -> tuple[Ints, Teams | None]:
        """Draw the lists of sessions ``first``, ``first + 1``, ...

        Args:
            queries: (n,) int64, the query of each session.
            first: number of the first session.
            seed: seed of the random numbers.

        Returns:
            (n, L) int64 item numbers and (n, L) int8 teams, both -1 beyond the end of a list. The teams are
            None for a method without teams.
        """
        lists = np.full((len(queries), self.length), -1, np.int64)
        teams = np.full(lists.shape, NO_TEAM, np.int8)
        queries = np.require(queries, np.int64, ["C", "W"])
        if self.method.name == "team_draft":
            team_draft(self.pairs, queries, first, word(seed), lists, teams)
        elif self.method.name == "balanced":
            balanced(self.pairs, queries, first, word(seed), lists)
        elif self.method.name == "probabilistic":
            probabilistic(self.pairs, self._weights, queries, first, word(seed), lists, teams)
        else:
            from_distribution(*self._table, queries, first, word(seed), lists)
        return lists, teams if self.method.definition.has_teams else None


def _table(distributions: list[ListDistribution], length: int) -> tuple[Ints, Floats, Ints]:
    """The lists of all queries in one array, their cumulative probabilities, and the offsets of queries."""
    lists = [np.full((len(d), length), -1, np.int64) for d in distributions]
    for rows, distribution in zip(lists, distributions, strict=True):
        rows[:, : distribution.lists.shape[1]] = distribution.lists
    bounds = np.concatenate([np.cumsum(d.probability) for d in distributions])
    return np.concatenate(lists), bounds, offsets_of(np.array([len(d) for d in distributions]))


def interleave(
    a: Any,
    b: Any,
    method: str | Method = "team_draft",
    length: int | None = None,
    *,
    lists: int = 1,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Draw random interleaved lists of two rankings.

    Args:
        a, b: item ids from the top, all integers or all strings. The rankings may differ in length and items.
        method: ``team_draft``, ``balanced``, ``probabilistic[:tau=3]`` or ``optimised[:credit=linear]``.
        length: length of the lists, by default that of the longer ranking. If one ranking has no item left,
            the other fills the list.
        lists: number of lists, 10,000,000 at most.
        seed: seed of the random numbers; the same seed gives the same lists.

    Returns:
        One ``{"items": [...], "teams": ["A", "B", ...]}`` for each list; ``teams`` is None for a method
        without teams.

    Raises:
        UsageError: an argument is wrong; or ``optimised`` cannot enumerate the lists.
        DataError: no distribution of lists is unbiased (``optimised``).

    Example:
        >>> import rankeval
        >>> lists = rankeval.interleave(["a", "b"], ["b", "a"], lists=3, seed=1)
        >>> {frozenset(each["items"]) == {"a", "b"} for each in lists}
        {True}
    """
    pair = RankingPair(a, b)
    if isinstance(lists, bool) or not isinstance(lists, int) or not 1 <= lists <= MOST_LISTS:
        wanted = f"a whole number of at least 1, {MOST_LISTS:,} at most"
        raise UsageError(f"lists: found {shown(lists)}, wanted {wanted}")
    drawer = Drawer(pair.arrays, Method.parse(method), pair.length(length))
    items, teams = drawer.draw(np.zeros(lists, np.int64), 0, seed)
    return [
        {
            "items": [pair.items[item] for item in row.tolist()],
            "teams": None if teams is None else [TEAM_NAMES[team] for team in teams[number].tolist()],
        }
        for number, row in enumerate(items)
    ]
