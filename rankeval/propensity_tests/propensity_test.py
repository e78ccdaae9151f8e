"""One test of logged propensities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rankeval.array_types import Floats
from rankeval.propensity_tests.tails import bounded_sum_p, clustered_p


@dataclass(frozen=True)
class PropensityTest:
    """The test that a mean is what the propensities say.

    Attributes:
        test: its kind: ``arithmetic``, ``harmonic``, ``calibration``, ``certain``, ``match`` or ``weight``.
        group: what it is about, such as an action or a range of propensities; None: the whole log.
        observed: the mean that was found.
        expected: the mean if the propensities are right.
        n: number of rounds behind it.
        z: ``observed - expected`` in standard errors; None if the standard error is 0.
        p_value: two-sided.
        slice: the part of the log, by its value; None: the whole log.
        p_adjusted: adjusted for all tests of the log (Holm 1979).
        fault: the code of the fault that it suggests; None if it holds.
    """

    test: str
    group: Any
    observed: float
    expected: float
    n: float
    z: float | None
    p_value: float
    slice: Any = None
    p_adjusted: float = 1.0
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The test as JSON values."""
        return dict(vars(self))


def of_sum(
    test: str,
    group: Any,
    counts: tuple[float, float, float],
    variance: float,
    bound: float,
    totals: Floats | None = None,
) -> PropensityTest:
    """The test that a sum is as expected.

    Args:
        test: its kind.
        group: what it is about.
        counts: the observed sum, the expected one, and the number of rounds ``n``, above 0.
        variance: of the observed sum, if the propensities are right and rounds are drawn independently.
        bound: the largest change of the sum by one round.
        totals: (BUCKETS,) the differences of observed and expected sums of the clusters; None without them.
            The larger of both errors then counts, and the larger p-value.
    """
    observed, expected, n = counts
    deviation = observed - expected
    p, error = bounded_sum_p(deviation, variance, bound, n), math.sqrt(max(variance, 0.0))
    if totals is not None and variance > 0.0:
        clustered, p_clustered = clustered_p(deviation, totals)
        error, p = max(error, clustered), max(p, p_clustered)
    z = deviation / error if error > 0.0 else None
    return PropensityTest(test, group, observed / n, expected / n, n, z, p)
