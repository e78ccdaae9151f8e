"""Exact examination and number of clicks under one policy and one click model, neither of them a mixture.

There are four methods. A fixed list gives both directly. Lists drawn item by item need dynamic programming
over subsets of up to 15 items. Other lists are enumerated if they have probabilities and are few. An integral
gives examination for random utilities, if the click model has a factor for each item by which users go on.
"""

from __future__ import annotations

from itertools import permutations
from math import perm
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.click_models import Browsing, BrowsingModel
from rankeval.simulators.exact.subsets import MOST_ITEMS, over_orders
from rankeval.simulators.list_policies import (
    Deterministic,
    GumbelUtility,
    ListPolicy,
    Lists,
    Queries,
    RandomUtility,
)
from rankeval.simulators.shuffles import TopShuffled

#: Largest number of lists of a query that are enumerated.
MOST_LISTS = 10_000


class PartTruth(NamedTuple):
    """Exact examination and number of clicks; None where a quantity cannot be computed.

    Attributes:
        examined: (items, K) probability that an item is at position k and is examined, given its query.
        counts: (Q, K + 1) probability of 0, 1, ..., K clicks.
    """

    examined: Floats | None
    counts: Floats | None


def part_truth(
    policy: ListPolicy, model: BrowsingModel, queries: Queries, *, with_counts: bool = True
) -> PartTruth:
    """The truth of a policy that is not a mixture.

    Args:
        policy: a policy without parts.
        model: a click model without parts.
        queries: the queries of the policy.
        with_counts: whether ``counts`` are needed; if not, they may be None although they are computable.
    """
    if isinstance(policy, Deterministic):
        return _of_lists(policy.best, model, queries)
    table = model.browsing(queries.attractiveness, queries.satisfaction, policy.positions)
    factors = table.factors if isinstance(policy, RandomUtility) else None
    if with_counts or factors is None:
        found = _over_orders(policy, table, queries) or _enumerated(policy, model, queries)
        if found is not None:
            return found
    if factors is not None and isinstance(policy, RandomUtility):
        return PartTruth(policy.examined_at(factors), None)
    return PartTruth(None, None)


def _of_lists(lists: Lists, model: BrowsingModel, queries: Queries) -> PartTruth:
    """The truth where each query has one fixed list."""
    everyone = np.arange(len(queries))
    values = values_of_lists(queries, everyone, lists)
    examination = model.examination_probabilities(*values)
    examined = np.zeros((len(queries.attractiveness), lists.shape[1]))
    query, rank = np.nonzero(lists >= 0)
    examined[queries.offsets[query] + lists[query, rank], rank] = examination[query, rank]
    return PartTruth(examined, model.count_probabilities(*values))


def values_of_lists(queries: Queries, of: Ints, lists: Lists) -> tuple[Floats, Floats | None]:
    """(n, K) attractiveness and satisfaction of the items of lists; ``of``: (n,) the query of each list."""
    liked = queries.satisfaction
    return (
        queries.of_lists(queries.attractiveness, of, lists),
        None if liked is None else queries.of_lists(liked, of, lists),
    )


def _over_orders(policy: ListPolicy, table: Browsing, queries: Queries) -> PartTruth | None:
    """The truth where lists are drawn item by item; None for other policies and for too many items."""
    if isinstance(policy, GumbelUtility):
        if int(queries.sizes.max()) > MOST_ITEMS:
            return None
        return PartTruth(*over_orders(policy.utilities, queries.offsets, queries.sizes, table))
    if isinstance(policy, TopShuffled) and isinstance(policy.base, Deterministic):
        return _top_shuffled(policy.base.best, policy.top, table, queries)
    return None


def _top_shuffled(lists: Lists, top: int, table: Browsing, queries: Queries) -> PartTruth | None:
    """The truth of fixed lists with the first ``top`` items in random order; None for too many items."""
    held = lists >= 0
    sizes = held.sum(axis=1)
    if min(int(sizes.max()), top) > MOST_ITEMS:
        return None
    places = queries.flat(np.arange(len(queries)), lists)[held]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    own = Browsing(table.examination, *(values[places] for values in table[1:]))
    shown, counts = over_orders(np.zeros(len(places)), offsets, np.minimum(sizes, top), own)
    examined = np.zeros(table.rates.shape)
    examined[places] = shown
    return PartTruth(examined, counts)


def _enumerated(policy: ListPolicy, model: BrowsingModel, queries: Queries) -> PartTruth | None:
    """The truth by enumeration of lists; None if a query has too many, or if they have no probabilities."""
    positions = policy.positions
    sizes = queries.sizes.tolist()
    if max(perm(size, min(size, positions)) for size in set(sizes)) > MOST_LISTS:
        return None
    every = {size: all_lists(size, positions) for size in set(sizes)}
    examined = np.zeros((len(queries.attractiveness), positions))
    counts = np.empty((len(queries), positions + 1))
    for query, size in enumerate(sizes):
        lists = every[size]
        same = np.full(len(lists), query)
        chances = policy.list_probabilities(same, lists)
        if chances is None:
            return None
        values = values_of_lists(queries, same, lists)
        weighted = chances[:, np.newaxis] * model.examination_probabilities(*values)
        first = queries.offsets[query]
        for k in range(min(size, positions)):
            examined[first : first + size, k] = np.bincount(lists[:, k], weighted[:, k], minlength=size)
        counts[query] = chances @ model.count_probabilities(*values)
    return PartTruth(examined, counts)


def all_lists(size: int, positions: int) -> Lists:
    """(lists, K) int32 every list of K of ``size`` items, -1 beyond the end."""
    shown = list(permutations(range(size), min(size, positions)))
    lists = np.full((len(shown), positions), -1, np.int32)
    lists[:, : min(size, positions)] = shown
    return lists
