"""A parameter chosen from the data: by overlapping intervals (SLOPE), or by a bound on the squared error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.estimators import Estimator
from rankeval.intervals import Inference
from rankeval.plan import Plan

#: Probability with which the bound on the bias may fail.
DELTA = 0.05


@dataclass(frozen=True)
class Candidate:
    """One value of a parameter, for one target policy.

    Attributes:
        value, std_error: of the estimate; None where it cannot be computed.
        half_width: of its interval at the level asked for.
        mse_bound: variance plus the square of the bound on the bias.
    """

    parameter: float
    value: float | None
    std_error: float | None
    half_width: float
    mse_bound: float

    def to_dict(self, name: str) -> dict[str, Any]:
        """As JSON takes it."""
        bound = self.mse_bound if math.isfinite(self.mse_bound) else None
        return {name: self.parameter, "value": self.value, "std_error": self.std_error, "mse_bound": bound}


@dataclass(frozen=True)
class Selection:
    """The choice among the values of one estimator's parameter.

    Attributes:
        asked: the estimator whose parameter was chosen.
        chosen: the same with that value.
        slope, mse: the values that either rule chooses.
        candidates: for each target policy, all values.
    """

    asked: Estimator
    chosen: Estimator
    slope: float
    mse: float
    candidates: dict[str, tuple[Candidate, ...]]

    def to_dict(self, target: str) -> dict[str, Any]:
        """As JSON takes it, for one target policy."""
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
    """Choose the parameter of an estimator, one for all target policies so that they stay comparable.

    None where the parameter is given.
    """
    if estimator.choice is None:
        return None
    concrete = estimator.candidates
    found = {
        target: tuple(_candidate(one, estimator, target, inference, plan) for one in concrete)
        for target in plan.targets
    }
    by_slope = concrete[slope(list(found.values()))]
    by_mse = concrete[least_bound(list(found.values()))]
    (slope_value,), (mse_value,) = by_slope.params.values(), by_mse.params.values()
    chosen = by_slope if estimator.choice == "slope" else by_mse
    return Selection(estimator, chosen, slope_value, mse_value, found)


def _candidate(
    one: Estimator, estimator: Estimator, target: str, inference: Inference, plan: Plan
) -> Candidate:
    value = plan.value(one, target, inference)
    estimate = inference.estimate(value)
    (parameter,) = one.params.values()
    if estimate.std_error is None:
        return Candidate(parameter, estimate.value, None, math.inf, math.inf)
    bias = inference.estimate(plan.value(estimator.unreduced, target, inference) - value)
    bound = math.inf
    if bias.value is not None and bias.std_error is not None:
        largest = abs(bias.value) + math.sqrt(2.0 * math.log(2.0 / DELTA)) * bias.std_error
        bound = estimate.std_error * estimate.std_error + largest * largest
    half_width = inference.quantile * estimate.std_error
    return Candidate(parameter, estimate.value, estimate.std_error, half_width, bound)


def slope(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the value that SLOPE chooses (Su, Srinath & Krishnamurthy 2020).

    Values are ordered by falling width of their intervals, so by falling variance and rising bias. Chosen is
    the last for which the intervals ``value +- 2 half_width`` of all up to it have a point in common, for
    every one of several target policies (rows of ``candidates``): within a constant factor of the best.
    Of values that change nothing the first of the grid is chosen.
    """
    order = sorted(
        range(len(candidates[0])), key=lambda i: (-max(row[i].half_width for row in candidates), -i)
    )
    return order[min(_last_common([row[i] for i in order]) for row in candidates)]


def _last_common(ordered: Sequence[Candidate]) -> int:
    """Index of the last whose interval, and all before it, share a point."""
    low, high = -math.inf, math.inf
    last = 0
    for i, candidate in enumerate(ordered):
        if candidate.value is not None:
            low = max(low, candidate.value - 2.0 * candidate.half_width)
            high = min(high, candidate.value + 2.0 * candidate.half_width)
        if low > high:
            break
        last = i
    return last


def least_bound(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the value with the least bound on the mean squared error (Su et al. 2020).

    Of variance plus squared bias, the bias being bounded with probability 1 - :data:`DELTA` by
    ``|d| + sqrt(2 log(2 / DELTA)) se(d)``, ``d`` what the estimate differs from that with plain weights: the
    leading terms of Bernstein's inequality. Over several target policies (rows), the least sum.
    """
    sums = [sum(row[i].mse_bound for row in candidates) for i in range(len(candidates[0]))]
    return sums.index(min(sums))
