"""The choice of an interval by the data: normal where that holds, else a method that needs more.

What decides is how many terms of equal size the squared residuals are worth, ``K = (sum e^2)^2 / sum e^4``,
where ``e`` are the linearised residuals of units (or of buckets or clusters of them). With rewards of 0 and
1, weights of 1 and few rewards it is the number of rewards. It bounds the skewness of the estimate, ``sum
e^3 / (sum e^2)^(3/2) <= 1 / sqrt(K)``, and says how well the standard error is known: its square varies as
much as a chi square of ``2 K`` degrees of freedom (Satterthwaite 1946). The thresholds were calibrated by
simulation (``docs/intervals.md``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from rankeval.inference.bounded_intervals import clopper_pearson
from rankeval.inference.facts import Facts, Weighted
from rankeval.inference.functionals import Difference, Functional, Relative
from rankeval.inference.likelihood import likelihood
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.spread_intervals import (
    bootstrap_t,
    by_fieller,
    by_spread,
    normal,
    without_spread,
)
from rankeval.inference.students_t import students_quantile
from rankeval.inference.undefined import NO_SPREAD, Undefined

#: With terms worth at least so many of equal size, normal intervals hold.
MANY_TERMS = 30.0
#: With fewer, the sample may lack its largest terms; stated ranges then say more than its spread.
FEW_TERMS = 20.0
#: With fewer, the sample does not show its spread.
LEAST_TERMS = 2.0
#: Terms of a difference are worth at most those of both sides together; if more, both sides share their few.
SHARED = 3.0
#: A share of the width by the rule of three, ``1 - x^(1/n)`` of which is a little less than ``-log(x) / n``.
SHORTER = 0.5


class Unsettled(Exception):
    """The choice needs bucket sums, which the moments do not have."""


@dataclass(frozen=True)
class Taken:
    """The method that was taken, the ends of its interval, and why it is not the normal one."""

    method: str
    ends: tuple[float, float]
    why: str | None = None


def take(distribution: SamplingDistribution, functional: Functional, facts: Facts) -> Taken:
    """The interval of the method that holds for the data at hand.

    Raises:
        Undefined: none does.
        Unsettled: the moments have no bucket sums, and these would decide.
    """
    worth, what = least_effective(distribution, functional, facts)
    # Errors by few clusters have quantiles of their own; units that stand for a distribution have no number.
    few_clusters = distribution.clustered and distribution.clusters.few
    if worth > 0.0 and (few_clusters or not distribution.moments.whole):
        return Taken("normal", normal(distribution, functional, facts))
    if isinstance(functional, Difference | Relative):
        _require_unshared(distribution, functional)
    if worth >= MANY_TERMS:
        return Taken("normal", normal(distribution, functional, facts))
    if distribution.moments.buckets is None:
        raise Unsettled
    why = f"its {what} vary as {worth:.3g} of equal size would"
    return _by_ranges(distribution, functional, facts, worth, why) or _by_spread(
        distribution, functional, facts, worth, why
    )


def least_effective(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, str]:
    """``K`` of the terms, or of the rewards behind predictions if it is less, and which of them it is of.

    A relative gain knows no more than the value does, unless this has no error.
    """
    if without_spread(distribution, functional, facts):
        return 0.0, "terms"
    worth = effective_terms(distribution, functional)
    if isinstance(functional, Relative):
        worth = min(worth, effective_terms(distribution, functional.left) or worth)
    if facts.rewards is None or math.isinf(worth):
        return worth, "terms"
    seen = effective_terms(distribution, facts.rewards)
    return (seen, "rewards") if seen < worth else (worth, "terms")


def _require_unshared(distribution: SamplingDistribution, functional: Difference | Relative) -> None:
    """Check that a difference varies by the terms of its sides.

    Where both sides owe their values to the same few rewards with the same weights, these cancel. What is
    left is how other units vary, and says nothing of rewards that other logs would have: the ratio ``sum w r
    / sum r`` has no error at all where all rewarded units have one weight, however few they are.

    Raises:
        Undefined: it does not.
        Unsettled: the moments have no bucket sums, and these would decide.
    """
    sides = max(effective_terms(distribution, side) for side in (functional.left, functional.right))
    if sides >= FEW_TERMS or effective_terms(distribution, functional) <= SHARED * sides:
        return
    if distribution.moments.buckets is None:
        raise Unsettled
    raise Undefined(
        f"both sides owe their values to the same terms, worth {sides:.3g} of equal size, which cancel: the "
        "difference varies by other units alone"
    )


def effective_terms(distribution: SamplingDistribution, functional: Functional) -> float:
    """``K`` of the module; without bucket sums a lower bound of it.

    0 for a sample without spread, and infinite for an estimate without an error.
    """
    if distribution.shows_no_spread(functional):
        return 0.0
    if distribution.moments.buckets is not None:
        squares = np.square(distribution.bucket_totals(functional))
        fourth = float(np.square(squares).sum())
        return float(squares.sum()) ** 2 / fourth if fourth > 0.0 else math.inf
    if distribution.moments.squared is not None:
        return 0.0  # no bound: the extremes are those of terms without their sampling weights
    return _least_by_sizes(distribution, functional)


def _least_by_sizes(distribution: SamplingDistribution, functional: Functional) -> float:
    """A lower bound of ``K`` from the sizes of the terms, where ``e = sum_j g_j (x_j - mean_j)``.

    It is the larger one of ``sum e^2 / max e^2``, with ``max |e| <= sum_j |g_j| max |x_j - mean_j|``, and
    ``(sum e^2)^2 / sum e^4``, where the fourth root of ``sum e^4`` is at most
    ``sum_j |g_j| ((sum x_j^4)^(1/4) + n^(1/4) |mean_j|)`` by Minkowski's inequality.
    """
    moments = distribution.moments
    gradient = {j: abs(float(g)) for j, g in functional.gradient(moments.mean).items() if g}
    reach = np.maximum(moments.high - moments.mean, moments.mean - moments.low)
    norms = moments.sizes[3] ** 0.25 + moments.n**0.25 * np.abs(moments.mean)
    largest = sum(g * float(reach[j]) for j, g in gradient.items())
    norm = sum(g * float(norms[j]) for j, g in gradient.items())
    total = distribution.variance_of_units(functional) * moments.units**2
    if not (largest > 0.0 and total > 0.0):
        return math.inf
    return float(max(total / (largest * largest), (total / (norm * norm)) ** 2))


def _by_ranges(
    distribution: SamplingDistribution, functional: Functional, facts: Facts, worth: float, why: str
) -> Taken | None:
    """The interval from stated ranges, where terms are few; None if there is none."""
    if worth >= FEW_TERMS or facts.weighted is None:
        return None
    methods: dict[str, Callable[..., tuple[float, float]]] = {"likelihood": likelihood}
    if math.isfinite(facts.weighted.weights[1]):
        methods = {"clopper_pearson": clopper_pearson, **methods}
    for name, method in methods.items():
        try:
            low, high = method(distribution, functional, facts)
        except Undefined:
            continue
        if high - low >= _rule_of_three(distribution, facts.weighted):
            return Taken(name, (low, high), why)
    return None


def _rule_of_three(distribution: SamplingDistribution, weighted: Weighted) -> float:
    """The width without any reward where all weights are 1: narrower intervals owe it to equal weights."""
    low, high = weighted.reward
    return -math.log((1.0 - distribution.central) / 2.0) / distribution.moments.n * (high - low) * SHORTER


def _by_spread(
    distribution: SamplingDistribution, functional: Functional, facts: Facts, worth: float, why: str
) -> Taken:
    """Student's interval with ``2 K`` degrees of freedom, joined with others.

    The studentised bootstrap allows for skewness. Where the sample lacks the rare terms of one sign it errs
    to the other side, and Student's interval does not. Where it lacks the largest terms both are too short,
    and the room for an unseen unit is not.
    """
    if worth < LEAST_TERMS:
        hint = "" if facts.weighted is not None else f" ({facts.unweighted})"
        raise Undefined(f"{NO_SPREAD}{hint}" if worth == 0.0 else f"{why}, which is too few{hint}")
    degrees = min(2.0 * worth, distribution.degrees(functional))
    quantile = students_quantile((1.0 - distribution.central) / 2.0, degrees)
    joined = [
        by_fieller(distribution, functional, quantile)
        if isinstance(functional, Relative)
        else by_spread(distribution, functional, quantile)
    ]
    method, why = "student", f"{why}; Student's t with {degrees:.3g} degrees"
    try:
        joined.append(bootstrap_t(distribution, functional, facts))
        method, why = "bootstrap_t", f"{why} is part of it"
    except Undefined:
        pass
    if facts.unseen and worth < FEW_TERMS:
        joined.append(_with_unseen(distribution, functional, facts))
        why += ", and room for one more unit of the largest weight and reward"
    return Taken(method, (min(low for low, _ in joined), max(high for _, high in joined)), why)


def _with_unseen(
    distribution: SamplingDistribution, functional: Functional, facts: Facts
) -> tuple[float, float]:
    """``value + u + z sqrt(std_error^2 + u^2)`` on each side, u the change by one unit that the log lacks.

    Where nothing else varies this is about the rule of three, ``2.96 u`` for ``3.69 u`` of an exact bound. Of
    a relative gain, the unit changes the numerator in Fieller's interval.
    """
    z = NormalDist().inv_cdf(0.5 + distribution.central / 2.0)
    if isinstance(functional, Relative):
        down, up = _changes(distribution, functional.left, facts)
        low, _ = by_fieller(distribution, functional, z, -down)
        _, high = by_fieller(distribution, functional, z, up)
        return low, high
    down, up = _changes(distribution, functional, facts)
    value, std_error = distribution.value(functional), distribution.std_error(functional)
    return value - down - z * math.hypot(std_error, down), value + up + z * math.hypot(std_error, up)


def _changes(distribution: SamplingDistribution, functional: Functional, facts: Facts) -> tuple[float, float]:
    """How far one more unit may move an estimate down and up."""
    gradient, n = functional.gradient(distribution.moments.mean), distribution.moments.n
    changes = [float(gradient.get(term, 0.0)) * end / n for term, *ends in facts.unseen for end in ends]
    return max(0.0, *(-change for change in changes)), max(0.0, *changes)
