"""A mixture of list policies: one of several policies, drawn at random for each list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.kernels import Lists


@dataclass(frozen=True, eq=False)
class PolicyMixture(ListPolicy):
    """A policy that draws one of several policies for each list with the probability of its share.

    All probabilities are marginal over this draw. The epsilon-greedy policy is a mixture of a ranker with
    share ``1 - epsilon`` and the uniform policy with share ``epsilon``.

    Attributes:
        policies: the policies, all for the same queries and positions.
        shares: the expected share of lists of each policy; they sum to 1.
    """

    policies: tuple[ListPolicy, ...]
    shares: tuple[float, ...]

    @property
    def parts(self) -> list[tuple[Floats, ListPolicy]]:
        return [
            (share * inner, part)
            for share, policy in zip(self.shares, self.policies, strict=True)
            for inner, part in policy.parts
            if share > 0.0
        ]

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        return self.lists_with_ranker(rng, queries)[0]

    def lists_with_ranker(
        self, rng: np.random.Generator, queries: Ints
    ) -> tuple[Lists, NDArray[np.int16] | None]:
        bounds = np.cumsum(self.shares)[:-1]
        ranker = np.searchsorted(bounds, rng.random(len(queries)), side="right").astype(np.int16)
        lists = np.empty((len(queries), self.positions), np.int32)
        for index, policy in enumerate(self.policies):
            rows = np.flatnonzero(ranker == index)
            lists[rows] = policy.lists(rng, queries[rows])
        return lists, ranker

    def item_probabilities(self) -> Floats | None:
        return self._mean(policy.item_probabilities() for policy in self.policies)

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        return self._mean(policy.prefix_probabilities(queries, lists) for policy in self.policies)

    def list_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        return self._mean(policy.list_probabilities(queries, lists) for policy in self.policies)

    def _mean(self, values: Iterable[Floats | None]) -> Floats | None:
        """The mean of the policies' values, weighted by their shares.

        None if the value of a policy with a share above 0 is None.
        """
        total: Floats | None = None
        for share, value in zip(self.shares, values, strict=True):
            if share == 0.0:
                continue
            if value is None:
                return None
            total = share * value if total is None else total + share * value
        return total
