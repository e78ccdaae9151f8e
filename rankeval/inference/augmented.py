"""The interval of a mean of bounded values from the sample with one more unit at each end of the range."""

from __future__ import annotations

import math

from rankeval.inference.facts import Facts
from rankeval.inference.functionals import Functional, Within
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.students_t import students_quantile
from rankeval.inference.undefined import Undefined


def augmented(distribution: SamplingDistribution, functional: Functional, _: Facts) -> tuple[float, float]:
    """Student's interval of the sample with one more unit at each end of the range, and the estimate."""
    if not (isinstance(functional, Within) and math.isfinite(functional.high - functional.low)):
        raise Undefined("it has no known lower and upper limit, between which two more units would lie")
    units = distribution.clusters.effective if distribution.clustered else distribution.independent
    value, std_error = distribution.value(functional), distribution.std_error(functional)
    quantile = students_quantile(0.5 - distribution.central / 2, distribution.degrees(functional) + 2.0)
    low, high = augmented_interval(value, std_error, units, quantile, functional.low, functional.high)
    return min(low, value), max(high, value)


def augmented_interval(
    value: float, std_error: float, units: float, quantile: float, low: float, high: float
) -> tuple[float, float]:
    """Student's interval of a mean, after two units are added: one at ``low`` and one at ``high``.

    For values 0 and 1 this adds a success and a failure, as Agresti and Caffo (2000) do for a proportion.
    The added units draw the centre to the middle of the range, and give a width to samples without spread:
    n hits of n lead to a lower limit of about ``1 - 3 / n``. With n units of mean m and variance ``s^2 = n
    std_error^2``, the sample has the mean ``(n m + low + high) / (n + 2)`` and the sum of squares
    ``(n - 1) s^2 + n m^2 + low^2 + high^2``. Assumption: units are independent, with values in the range.

    Args:
        value: the mean m.
        std_error: its standard error.
        units: their number n; of clusters, the number of even ones that they are worth.
        quantile: that of Student's t with two more degrees of freedom than the standard error has.
        low, high: the ends of the range of the values.

    Returns:
        The lower and the upper bound. They may lie outside the range.
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    m, n = (value - middle) / half, units + 2.0
    centre = units * m / n
    squares = (units - 1.0) * units * (std_error / half) ** 2 + units * m * m + 2.0
    variance = max(squares / n - centre * centre, 0.0) / (n - 1.0)
    margin = quantile * math.sqrt(variance)
    return middle + half * (centre - margin), middle + half * (centre + margin)
