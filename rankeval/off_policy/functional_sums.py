"""Sums of functionals, of which some may be missing."""

from __future__ import annotations

from collections.abc import Sequence

from rankeval.inference import Functional, WeightedSum


def sum_of(
    mean: Functional | None, numerator: Functional | None, denominator: Functional | None
) -> Functional:
    """``mean + numerator / denominator``, without the parts that are None."""
    if numerator is None or denominator is None:
        assert mean is not None
        return mean
    ratio = numerator / denominator
    return ratio if mean is None else mean + ratio


def weighted_sum(parts: Sequence[Functional | None], shares: tuple[float, ...]) -> Functional | None:
    """The sum of the parts, weighted by ``shares``; None if the parts are None."""
    known = tuple(part for part in parts if part is not None)
    return WeightedSum(known, shares) if known else None
