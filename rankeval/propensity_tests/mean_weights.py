"""The mean importance weight, which is 1 if the propensities are right; by group, such as a position."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.inference import t_test
from rankeval.propensity_tests.group_sums import GroupSums
from rankeval.propensity_tests.propensity_test import PropensityTest
from rankeval.propensity_tests.tails import clustered_p

#: Weights that are worth fewer equal ones give no test: their error is not known well enough.
FEW_EFFECTIVE = 30


@dataclass(frozen=True, eq=False)
class MeanWeights:
    """Sums by group: units, ``w``, ``w^2`` and the totals of ``w - 1`` by cluster."""

    sums: GroupSums

    @classmethod
    def of(
        cls, weights: Floats, groups: Hashes, name: Callable[[int], Any], clusters: Ints | None = None
    ) -> MeanWeights:
        """The sums of ``n`` units.

        Args:
            weights: (n,) float64, at least 0.
            groups: (n,) uint64, the group of each unit.
            name: the name of the group of a unit, by its index.
            clusters: (n,) the bucket of the cluster of each unit; None: units are independent.
        """
        values = [np.ones(len(weights)), weights, weights**2]
        return cls(GroupSums.of(groups, values, name, [weights - 1.0], clusters))

    def merge(self, other: MeanWeights) -> MeanWeights:
        """The sums of both parts."""
        return MeanWeights(self.sums.merge(other.sums))


def weight_tests(weights: MeanWeights) -> Iterator[PropensityTest]:
    """The tests ``weight`` that the mean weight of each group is 1, by Student's t with ``ess - 1`` degrees.

    ``ess = (sum w)^2 / sum w^2``. Groups with a smaller one than 30 are left out.
    """
    for row, name in enumerate(weights.sums.names):
        n, total, squares = weights.sums.sums[row].tolist()
        effective = total * total / squares if squares > 0.0 else 0.0
        if effective < FEW_EFFECTIVE or weights.sums.shared or n < 2:
            continue
        variance = (squares - total * total / n) * n / (n - 1.0)
        error = math.sqrt(max(variance, 0.0))
        p = t_test(total - n, error, effective - 1.0) or 0.0
        if weights.sums.totals is not None:
            clustered, other = clustered_p(total - n, weights.sums.totals[row, 0])
            error, p = max(error, clustered), max(p, other)
        z = (total - n) / error if error > 0.0 else None
        yield PropensityTest("weight", name, total / n, 1.0, n, z, p)
