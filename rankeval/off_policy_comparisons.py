"""Target policies compared with one another and with the logged policy, on the same units."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from rankeval.comparisons import benjamini_hochberg, holm, t_test
from rankeval.estimate import Estimate
from rankeval.given import LOGGED
from rankeval.intervals import Inference
from rankeval.off_policy_result import TargetComparison
from rankeval.plan import Plan


def compared(segment: Any, inference: Inference, plan: Plan) -> Iterator[TargetComparison]:
    """All pairs of policies by each estimator; p-values are adjusted over the pairs of one estimator.

    Nothing where the target policy has no name.
    """
    if plan.targets == ("",):
        return
    pairs = [*((target, LOGGED) for target in plan.targets), *combinations(plan.targets, 2)]
    for estimator in plan.estimators:
        value = {target: plan.value(estimator, target) for target in plan.targets}
        value[LOGGED] = plan.logged(estimator)
        differences = [inference.estimate(value[a] - value[b]) for a, b in pairs]
        p_values = [_p_value(difference, inference) for difference in differences]
        adjusted = zip(holm(p_values), benjamini_hochberg(p_values), strict=True)
        for (a, b), difference, p, (p_holm, p_bh) in zip(pairs, differences, p_values, adjusted, strict=True):
            yield TargetComparison(estimator, segment, a, b, difference, p, p_holm, p_bh)


def _p_value(difference: Estimate, inference: Inference) -> float | None:
    if difference.value is None or difference.std_error is None:
        return None
    return t_test(difference.value, difference.std_error, int(inference.independent) - 1)
