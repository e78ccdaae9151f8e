"""The base class of list policies: sample lists and compute their exact probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.kernels import Lists


@dataclass(frozen=True, eq=False)
class ListPolicy(ABC):
    """A policy that shows at most K items of a query in a list, in a fixed or a random order.

    Lists are (n, K) int32 arrays. They hold numbers of items within their query, 0 for its first item, and
    -1 beyond the end of a list where the query has fewer than K items.

    Attributes:
        offsets: (Q + 1,) int64, the items of query ``q`` are ``offsets[q]:offsets[q + 1]`` of flat arrays.
        positions: K, the number of positions.
    """

    offsets: Ints
    positions: int

    @property
    def parts(self) -> list[tuple[Floats, ListPolicy]]:
        """The policies of a mixture, each after its (Q,) shares of the lists of each query.

        A policy that is no mixture has itself as its only part.
        """
        return [(np.ones(len(self.offsets) - 1), self)]

    @abstractmethod
    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        """(n, K) int32 sampled lists, one for each of the (n,) ``queries``."""

    def lists_with_ranker(
        self, rng: np.random.Generator, queries: Ints
    ) -> tuple[Lists, NDArray[np.int16] | None]:
        """The sampled lists, and the (n,) number of the ranker of each list, from 0.

        The numbers are None if the policy is a single ranker.
        """
        return self.lists(rng, queries), None

    @abstractmethod
    def item_probabilities(self) -> Floats | None:
        """(items, K) exact probability of each item at each position; None if it cannot be computed."""

    @abstractmethod
    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        """(n, K) exact probability of the first k items in this order; None if it cannot be computed."""

    def list_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        """(n,) exact probability of the whole list; None if it cannot be computed."""
        prefixes = self.prefix_probabilities(queries, lists)
        return None if prefixes is None else prefixes[:, -1]
