"""Rankers without chance."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.kernels import Lists


class Deterministic(ListPolicy):
    """One list for each query."""

    @property
    @abstractmethod
    def best(self) -> Lists:
        """(Q, K) the list of each query."""

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
    """Lists that are given; ``of_queries``: (Q, K)."""

    of_queries: Lists

    @property
    def best(self) -> Lists:
        return self.of_queries


@dataclass(frozen=True, eq=False)
class FixedOrder(Deterministic):
    """Items by descending score.

    Attributes:
        scores: (items,) flat.
        tie_ranks: (items,) the order of items of equal score; None: that of the world.
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
