"""Deterministic list policies: every query always has the same list."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.kernels import Lists


class Deterministic(ListPolicy):
    """A policy that shows the same list for a query every time."""

    @property
    @abstractmethod
    def best(self) -> Lists:
        """(Q, K) int32 the list of each query."""

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        return np.asarray(self.best[queries])

    def item_probabilities(self) -> Floats:
        probabilities = np.zeros((int(self.offsets[-1]), self.positions))
        query, rank = np.nonzero(self.best >= 0)
        probabilities[self.offsets[query] + self.best[query, rank], rank] = 1.0
        return probabilities

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats:
        same = lists == self.best[queries]
        return np.asarray(np.logical_and.accumulate(same, axis=1).astype(np.float64))


@dataclass(frozen=True, eq=False)
class GivenLists(Deterministic):
    """A policy that shows given lists.

    Attributes:
        of_queries: (Q, K) int32 the list of each query.
    """

    of_queries: Lists

    @property
    def best(self) -> Lists:
        return self.of_queries


@dataclass(frozen=True, eq=False)
class FixedOrder(Deterministic):
    """A policy that sorts items by descending score.

    Attributes:
        scores: (items,) float64 the score of each item, query by query.
        tie_ranks: (items,) ascending ranks that order items of equal score. None keeps the order in which
            the world lists the items.
    """

    scores: Floats
    tie_ranks: Ints | None = None

    @cached_property
    def best(self) -> Lists:
        sizes = np.diff(self.offsets)
        query = np.repeat(np.arange(len(sizes)), sizes)
        ties = np.zeros(len(query)) if self.tie_ranks is None else self.tie_ranks
        order = np.lexsort((ties, -self.scores, query)) - self.offsets[query]
        best = np.full((len(sizes), self.positions), -1, np.int32)
        rank = np.arange(len(query)) - self.offsets[query]
        shown = rank < self.positions
        best[query[shown], rank[shown]] = order[shown]
        return best
