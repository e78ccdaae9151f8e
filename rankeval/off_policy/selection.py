"""A parameter chosen from the data: by overlapping intervals (SLOPE), or by a bound on the squared error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.estimators import Estimator
from rankeval.inference import Inference
from rankeval.off_policy.plan import Plan

#: Probability with which the bound on the bias may fail.
DELTA = 0.05


@dataclass(frozen=True)
class Candidate:
    """One value of a parameter, for one target policy.

    Attributes:
        value, std_error: of the estimate; None where it cannot be computed.
        mse_bound: variance plus the square of the bound on the bias.
    """

    parameter: float
    value: float | None
    std_error: float | None
    mse_bound: float

    @property
    def deviation(self) -> float:
        """The standard error, infinite where there is none."""
        return math.inf if self.std_error is None else self.std_error

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

    By both rules it is the more careful of the two, that with the larger standard error: SLOPE alone allows
    for a bias of twice that. None where the parameter is given.
    """
    if estimator.choice is None:
        return None
    concrete = estimator.candidates
    found = {
        target: tuple(_candidate(one, estimator, target, inference, plan) for one in concrete)
        for target in plan.targets
    }
    of_targets = list(found.values())
    by = {"slope": slope(of_targets), "mse": least_bound(of_targets)}
    by["both"] = max(by.values(), key=lambda i: max(row[i].deviation for row in of_targets))
    (slope_value,), (mse_value,) = (concrete[by[rule]].params.values() for rule in ("slope", "mse"))
    return Selection(estimator, concrete[by[estimator.choice]], slope_value, mse_value, found)


def _candidate(
    one: Estimator, estimator: Estimator, target: str, inference: Inference, plan: Plan
) -> Candidate:
    value = plan.value(one, target, inference)
    estimate = inference.estimate(value)
    (parameter,) = one.params.values()
    if estimate.std_error is None:
        return Candidate(parameter, estimate.value, None, math.inf)
    bias = inference.estimate(plan.value(estimator.unreduced, target, inference) - value)
    bound = math.inf
    if bias.value is not None and bias.std_error is not None:
        largest = abs(bias.value) + math.sqrt(2.0 * math.log(2.0 / DELTA)) * bias.std_error
        bound = estimate.std_error * estimate.std_error + largest * largest
    return Candidate(parameter, estimate.value, estimate.std_error, bound)


def slope(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Index of the value that SLOPE chooses (Su, Srinath & Krishnamurthy 2020).

    Values are ordered by falling standard error, so by rising bias. Chosen is the last for which the
    intervals ``value +- 2 std_error`` of all up to it have a point in common, for every one of several
    target policies (rows of ``candidates``). The paper has the width of a bound on the deviation for the
    standard error, for a guarantee within a constant factor of the best; what it then chooses is worse.
    Of values that change nothing the first of the grid is chosen.
    """
    order = sorted(
        range(len(candidates[0])), key=lambda i: (-max(row[i].deviation for row in candidates), -i)
    )
    return order[min(_last_common([row[i] for i in order]) for row in candidates)]


def _last_common(ordered: Sequence[Candidate]) -> int:
    """Index of the last whose interval, and all before it, share a point."""
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

    Of variance plus squared bias, the bias being bounded with probability 1 - :data:`DELTA` by
    ``|d| + sqrt(2 log(2 / DELTA)) se(d)``, ``d`` what the estimate differs from that with plain weights: the
    leading terms of Bernstein's inequality. Over several target policies (rows), the least sum.
    """
    sums = [sum(row[i].mse_bound for row in candidates) for i in range(len(candidates[0]))]
    return sums.index(min(sums))
