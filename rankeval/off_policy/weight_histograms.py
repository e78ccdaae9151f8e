"""Histograms of the importance weights of a log, for its whole, from the pass that estimates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rankeval.off_policy.accumulate import Sums


def weight_histograms(sums: Sums) -> Iterator[Mapping[str, Any]]:
    """A histogram of each kind of untransformed weight and target policy, as JSON values.

    ``weight_of`` is the kind of weight, ``target`` the policy, ``n`` the number of units, ``ess`` the
    effective sample size ``(sum w)^2 / sum w^2``, None if a sum is infinite. ``bins`` holds, of each bin with
    a weight, its ends ``low <= w < high``, the number ``n`` of units in it, and the sum ``weight`` of their
    weights. Weights of 0 have a bin of their own with both ends 0, and an end that is None is open. There are
    none for estimators from clicks, for weights by position, and for units with counts or sampling weights.
    """
    moments, plan = sums.moments.whole, sums.plan
    done = set()
    for target, estimator in plan.terms.pairs:
        term = plan.weight(estimator, target)
        found = None if moments.tails is None or term is None else moments.tails.histogram(term)
        if term is None or found is None or term in done:
            continue
        done.add(term)
        total, squares = moments.n * float(moments.mean[term]), moments.sum_of_squares(term)
        yield {
            "weight_of": estimator.weight_of,
            "target": target or None,
            "n": moments.n,
            "ess": _effective(total, squares),
            "bins": [
                {"low": low, "high": high, "n": n, "weight": weight} for low, high, n, weight in found.bins()
            ],
        }


def _effective(total: float, squares: float) -> float | None:
    if math.isinf(squares):
        return None
    return total / squares * total if squares > 0.0 else 0.0
