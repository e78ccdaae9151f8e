"""Base lists: the lists that sessions show without an experiment, each with its share of the sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import perm

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.click_models import BrowsingModel, ClickModel, PositionBased
from rankeval.simulators.exact import all_lists, values_of_lists
from rankeval.simulators.list_policies import Deterministic, ListPolicy, Lists, Queries

#: Most lists, over all queries, of a policy with random lists that are enumerated. If there are more, about
#: this many are drawn.
MOST_LISTS = 20_000
#: Number of lists whose clicks are computed at once.
BLOCK = 5_000


@dataclass(frozen=True, eq=False)
class BaseLists:
    """``m`` lists with their shares of the sessions.

    Attributes:
        queries: the queries and their items.
        of: (m,) the query of each list.
        lists: (m, K) numbers of items within their query, -1 beyond the end.
        weights: (m,) share of the sessions; they sum to 1.
        drawn: whether the lists are a random sample of the lists of the policy.
    """

    queries: Queries
    of: Ints
    lists: Lists
    weights: Floats
    drawn: bool = False

    def __len__(self) -> int:
        return len(self.of)

    @property
    def sizes(self) -> Ints:
        """(m,) number of items of each list."""
        return np.asarray((self.lists >= 0).sum(axis=1))

    def values(self) -> tuple[Floats, Floats | None]:
        """(m, K) attractiveness and satisfaction of the items."""
        return values_of_lists(self.queries, self.of, self.lists)

    def joint_clicks(self, model: ClickModel) -> Floats:
        """(m, K, K) probability of clicks at both of two positions; on the diagonal, of a click at one."""
        values = self.values()
        return np.asarray(sum(share * _joint(part, *values) for share, part in model.parts))

    def blocks(self) -> Iterator[BaseLists]:
        """The same lists, in blocks of at most ``BLOCK``."""
        for start in range(0, len(self), BLOCK):
            yield self.some(np.arange(start, min(start + BLOCK, len(self))))

    def some(self, rows: Ints, weights: Floats | None = None) -> BaseLists:
        """The lists of some rows, with other weights if given."""
        kept = self.weights[rows] if weights is None else weights
        return BaseLists(self.queries, self.of[rows], self.lists[rows], kept, self.drawn)

    def exchanged(self, low: int, high: int) -> BaseLists:
        """The lists with the items at two places, from 0, exchanged."""
        lists = self.lists.copy()
        lists[:, [low, high]] = self.lists[:, [high, low]]
        return BaseLists(self.queries, self.of, lists, self.weights, self.drawn)

    def regardless_of_order(self, top: int) -> BaseLists:
        """The lists with their first ``top`` items in ascending order; equal lists become one."""
        keys = np.column_stack([self.of, self.lists])
        beyond = np.iinfo(np.int64).max
        keys = np.where(keys < 0, beyond, keys)
        keys[:, 1 : top + 1] = np.sort(keys[:, 1 : top + 1], axis=1)
        different, inverse = np.unique(keys, axis=0, return_inverse=True)
        weights = np.zeros(len(different))
        np.add.at(weights, inverse.ravel(), self.weights)
        lists = np.where(different[:, 1:] == beyond, -1, different[:, 1:]).astype(np.int32)
        return BaseLists(self.queries, different[:, 0], lists, weights, self.drawn)


def _joint(model: BrowsingModel, attractiveness: Floats, satisfaction: Floats | None) -> Floats:
    if not isinstance(model, PositionBased):
        return model.joint_probabilities(attractiveness, satisfaction)
    positions = attractiveness.shape[1]
    rates = model.rates(attractiveness) * np.array(model.examination[:positions])
    joint = rates[:, :, np.newaxis] * rates[:, np.newaxis, :]
    joint[:, np.arange(positions), np.arange(positions)] = rates
    return np.asarray(joint)


def base_lists(policy: ListPolicy, queries: Queries, seed: int = 0) -> BaseLists:
    """The lists of a policy: all of them if they are few, else about ``MOST_LISTS`` drawn with ``seed``."""
    parts = []
    for share, part in policy.parts:
        weights = queries.weights * share
        if weights.any():
            found = _fixed(part, queries, weights) or _enumerated(part, queries, weights)
            parts.append(found or _drawn(part, queries, weights, seed))
    return BaseLists(
        queries,
        np.concatenate([part.of for part in parts]),
        np.concatenate([part.lists for part in parts]),
        np.concatenate([part.weights for part in parts]),
        any(part.drawn for part in parts),
    )


def _fixed(policy: ListPolicy, queries: Queries, weights: Floats) -> BaseLists | None:
    if not isinstance(policy, Deterministic):
        return None
    rows = np.flatnonzero(weights)
    return BaseLists(queries, rows, policy.best[rows], weights[rows])


def _enumerated(policy: ListPolicy, queries: Queries, weights: Floats) -> BaseLists | None:
    positions, sizes = policy.positions, queries.sizes.tolist()
    if sum(perm(size, min(size, positions)) for size in sizes) > MOST_LISTS:
        return None
    every = [all_lists(size, positions) for size in sizes]
    of = np.repeat(np.arange(len(queries)), [len(lists) for lists in every])
    lists = np.concatenate(every)
    chances = policy.list_probabilities(of, lists)
    return None if chances is None else BaseLists(queries, of, lists, weights[of] * chances)


def _drawn(policy: ListPolicy, queries: Queries, weights: Floats, seed: int) -> BaseLists:
    each = max(MOST_LISTS // len(queries), 1)
    of = np.repeat(np.arange(len(queries)), each)
    lists = policy.lists(np.random.default_rng(seed), of)
    return BaseLists(queries, of, lists, weights[of] / each, drawn=True)
