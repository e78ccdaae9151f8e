"""Allowed ranges of the columns from which weights are computed, so that every weight is finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.logs.roles import base

#: The smallest allowed divisor of a weight; its inverse is finite.
SMALLEST = float(np.finfo(np.float64).tiny)


class Range(NamedTuple):
    """The smallest and the largest value that a column may hold, and the range in words for messages."""

    low: float
    high: float
    wanted: str


LOGGED_PROBABILITY = Range(SMALLEST, 1.0, "a probability in (0, 1]")
PROBABILITY = Range(0.0, 1.0, "a probability in [0, 1]")
POSITIVE = Range(SMALLEST, np.inf, "a number above 0")
#: ``beta`` of trust bias is 0 or more only on some scales of relevance, all of which give the same estimates.
FINITE = Range(float(np.finfo(np.float64).min), np.inf, "a finite number")
NOT_NEGATIVE = Range(0.0, np.inf, "a number of at least 0")
#: Probabilities rounded to float32 may lie above 1 by this much; they count as 1.
ROUNDED = 1e-6
_PROPENSITIES = ("propensity", "propensity_prefix", "propensity_list", "marginal_propensity")
#: The expected values, as errors state them, if the terms computed from some columns are not finite.
FINITE_TERMS = "numbers whose products and sums are finite"
#: Column -> its range; a column that is not listed may hold any number.
RANGES: dict[str, Range] = {
    **dict.fromkeys((*_PROPENSITIES, "mixture_propensity"), LOGGED_PROBABILITY),
    **{f"target_{name}": PROBABILITY for name in _PROPENSITIES},
    **dict.fromkeys(("exposure", "examination", "alpha", "density"), POSITIVE),
    **dict.fromkeys(("target_exposure", "subset_weight", "importance_weight"), NOT_NEGATIVE),
    "beta": FINITE,
}


def within_range(role: str, values: Floats) -> tuple[Floats, int | None]:
    """The values (n,) of the column of a role, and the index of the first one outside its range.

    Probabilities that rounding put above 1 become 1. The index is None if all values are in the range, if a
    value is NaN, or if the column has no range.
    """
    column = RANGES.get(base(role))
    if column is None:
        return values, None
    low, high = values.min(initial=column.high), values.max(initial=column.low)
    if not (low < column.low or high > column.high):
        return values, None
    rounded = column.high * (1.0 + ROUNDED)
    bad = (values < column.low) | (values > rounded)
    return np.minimum(values, column.high), int(np.argmax(bad)) if bad.any() else None


def largest(columns: Mapping[str, Floats]) -> tuple[str, int]:
    """Role and index of the number that contributes the largest factor to a term.

    The factor of a number ``x`` is ``1 / x`` in a column that divides weights, else ``|x|``.
    """
    sizes = {role: _size(role, values) for role, values in columns.items()}
    role = max(sizes, key=lambda role: float(sizes[role].max(initial=0.0)))
    return role, int(np.argmax(sizes[role]))


def _size(role: str, values: Floats) -> Floats:
    column = RANGES.get(base(role))
    divides = column is not None and column.low == SMALLEST
    return np.asarray(1.0 / values if divides else np.abs(values))
