"""Choice of a parameter from the data: by SLOPE, or by a bound on the mean squared error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.estimators import Estimator
from rankeval.inference import Inference, Moments
from rankeval.off_policy.plan import Plan

#: Probability that the bound on the bias does not hold.
DELTA = 0.05
#: A bandwidth whose weights have a smaller effective sample size has an error that is not known.
LEAST_EFFECTIVE = 30.0


@dataclass(frozen=True)
class Candidate:
    """The estimate for one target policy with one value of a parameter.

    Attributes:
        parameter: the value of the parameter.
        value, std_error: of the estimate; None if they cannot be computed.
        mse_bound: variance plus the square of the bound on the bias; infinite if unknown.
        sure: whether the standard error rests on enough units.
    """

    parameter: float
    value: float | None
    std_error: float | None
    mse_bound: float
    sure: bool = True

    @property
    def deviation(self) -> float:
        """The standard error; infinite if there is none, or if it is not known well."""
        return math.inf if self.std_error is None or not self.sure else self.std_error

    def to_dict(self, name: str) -> dict[str, Any]:
        """The candidate as values for JSON; ``name`` is the name of the parameter."""
        bound = self.mse_bound if math.isfinite(self.mse_bound) else None
        return {name: self.parameter, "value": self.value, "std_error": self.std_error, "mse_bound": bound}


@dataclass(frozen=True)
class Selection:
    """The choice of the parameter of one estimator.

    Attributes:
        asked: the estimator whose parameter the data choose.
        chosen: the same estimator with the chosen value.
        slope, mse: the values that the rules SLOPE and bound on the mean squared error choose; None: the rule
            does not apply.
        candidates: target policy -> the estimates with all candidate values.
    """

    asked: Estimator
    chosen: Estimator
    slope: float
    mse: float | None
    candidates: dict[str, tuple[Candidate, ...]]

    def to_dict(self, target: str) -> dict[str, Any]:
        """The selection as values for JSON, for one target policy."""
        assert self.asked.definition.parameter is not None
        name = self.asked.definition.parameter.name
        return {
            "parameter": name,
            "by": self.asked.choice,
            "chosen": self.chosen.params[name],
            "slope": self.slope,
            "mse": self.mse,
            "candidates": [candidate.to_dict(name) for candidate in self.candidates[target]],
        }


def select(estimator: Estimator, inference: Inference, plan: Plan) -> Selection | None:
    """Choose the parameter of an estimator; None if the parameter is given.

    All target policies get the same value, so that their estimates stay comparable. With the choice ``both``,
    it is the value with the larger standard error among the choices of the two rules. SLOPE alone is less
    careful: it accepts a bias of up to twice the standard error.
    """
    if estimator.choice is None:
        return None
    concrete = estimator.candidates
    found = {
        target: tuple(_candidate(one, estimator, target, inference, plan) for one in concrete)
        for target in plan.targets
    }
    of_targets = list(found.values())
    if estimator.definition.by_kernel:
        (bandwidth,) = (best := concrete[slope_of_kernels(of_targets)]).params.values()
        return Selection(estimator, best, bandwidth, None, found)
    by = {"slope": slope(of_targets), "mse": least_bound(of_targets)}
    by["both"] = max(by.values(), key=lambda i: max(row[i].deviation for row in of_targets))
    (slope_value,), (mse_value,) = (concrete[by[rule]].params.values() for rule in ("slope", "mse"))
    return Selection(estimator, concrete[by[estimator.choice]], slope_value, mse_value, found)


def _candidate(
    one: Estimator, estimator: Estimator, target: str, inference: Inference, plan: Plan
) -> Candidate:
    """The estimate of ``one``, which is ``estimator`` with one candidate value of its parameter."""
    value = plan.value(one, target, inference)
    estimate = inference.estimate(value)
    (parameter,) = one.params.values()
    if estimate.std_error is None:
        return Candidate(parameter, estimate.value, None, math.inf)
    if estimator.unreduced is None:
        sure = _effective(inference.moments, plan.weight(one, target)) >= LEAST_EFFECTIVE
        return Candidate(parameter, estimate.value, estimate.std_error, math.inf, sure)
    bias = inference.estimate(plan.value(estimator.unreduced, target, inference) - value)
    bound = math.inf
    if bias.value is not None and bias.std_error is not None:
        largest = abs(bias.value) + math.sqrt(2.0 * math.log(2.0 / DELTA)) * bias.std_error
        bound = estimate.std_error * estimate.std_error + largest * largest
    return Candidate(parameter, estimate.value, estimate.std_error, bound)


def _effective(moments: Moments, weight: int | None) -> float:
    """The effective sample size of a weight; 0 without one."""
    if weight is None:
        return 0.0
    total, squares = moments.n * float(moments.mean[weight]), moments.sum_of_squares(weight)
    return total / squares * total if squares > 0.0 else 0.0


def slope_of_kernels(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the bandwidth that SLOPE chooses: :func:`slope` from the smallest bandwidth to the largest.

    The standard error falls as the bandwidth grows, but an estimated one need not. One that rests on few
    units is not known, and its estimate excludes nothing.
    """
    order = sorted(range(len(candidates[0])), key=lambda i: candidates[0][i].parameter)
    return order[min(_last_common([row[i] for i in order]) for row in candidates)]


def slope(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the value that SLOPE chooses (Su, Srinath & Krishnamurthy 2020).

    The candidate values are ordered by decreasing standard error, and so by increasing bias. SLOPE chooses
    the last one for which the intervals ``value +- 2 std_error`` of it and of all earlier ones have a common
    point. With several target policies (rows of ``candidates``), this must hold for each of them. The paper
    uses the width of a deviation bound instead of the standard error, and so guarantees an error within a
    constant factor of the best; its choices are worse. Among values that do not change the estimate, the
    first of the grid is chosen.
    """
    order = sorted(
        range(len(candidates[0])), key=lambda i: (-max(row[i].deviation for row in candidates), -i)
    )
    return order[min(_last_common([row[i] for i in order]) for row in candidates)]


def _last_common(ordered: Sequence[Candidate]) -> int:
    """Index of the last candidate whose interval has a point in common with all intervals before it."""
    low, high = -math.inf, math.inf
    last = 0
    for i, candidate in enumerate(ordered):
        if candidate.value is not None:
            low = max(low, candidate.value - 2.0 * candidate.deviation)
            high = min(high, candidate.value + 2.0 * candidate.deviation)
        if low > high:
            break
        last = i
    return last


def least_bound(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the value with the least bound on the mean squared error (Su et al. 2020).

    The bound is the variance plus the square of a bound on the bias. With probability 1 - :data:`DELTA` the
    bias is at most ``|d| + sqrt(2 log(2 / DELTA)) se(d)``, by the leading terms of Bernstein's inequality;
    ``d`` is the difference of the estimate from the estimate with plain weights. With several target policies
    (rows of ``candidates``), the sum of their bounds is minimised.
    """
    sums = [sum(row[i].mse_bound for row in candidates) for i in range(len(candidates[0]))]
    return sums.index(min(sums))
