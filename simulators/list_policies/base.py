"""What every policy over lists can do for the queries of a world."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.kernels import Lists


@dataclass(frozen=True, eq=False)
class ListPolicy(ABC):
    """Shows K of a query's items in an order that chance may decide.

    Lists are (n, K) int32 numbers of items within their query (0 for its first), -1 beyond the end where a
    query has fewer than K items.

    Attributes:
        offsets: (Q + 1,) int64, the items of query ``q`` are ``offsets[q]:offsets[q + 1]`` of flat arrays.
        positions: K.
    """

    offsets: Ints
    positions: int

    @property
    def parts(self) -> list[tuple[Floats, ListPolicy]]:
        """Shares of lists, (Q,), and the policy of each; a policy that is no mixture is its only part."""
        return [(np.ones(len(self.offsets) - 1), self)]

    @abstractmethod
    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        """(n, K) one list for each of (n,) queries."""

    def lists_with_ranker(
        self, rng: np.random.Generator, queries: Ints
    ) -> tuple[Lists, NDArray[np.int16] | None]:
        """The lists, and the number from 0 of the ranker of each (n,); None where there is but one."""
        return self.lists(rng, queries), None

    @abstractmethod
    def item_probabilities(self) -> Floats | None:
        """(items, K) exact ``P(item at k)``; None where it cannot be computed."""

    @abstractmethod
    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        """(n, K) exact probability of the items at 1..k in this order; None where it cannot be computed."""

    def list_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        """(n,) exact probability of the whole list; None where it cannot be computed."""
        prefixes = self.prefix_probabilities(queries, lists)
        return None if prefixes is None else prefixes[:, -1]
