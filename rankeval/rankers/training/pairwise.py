"""Propensity-weighted pairwise lambdas: a ranking objective that is unbiased if the curve is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import argsort_each, kernel

#: The smallest second derivative of an item, so that LightGBM never divides by 0.
SMALLEST = 1e-12


@dataclass(frozen=True)
class PairwiseLambdas:
    """The gradient of a bound on the DCG that inverse propensities estimate from clicks.

    With clicks ``c_i``, examination ``theta_i`` of the position where item ``i`` was shown, scores ``s`` and
    the ranks ``r`` by them, the loss of a session is ::

        sum_i c_i / theta_i sum_j |1 / log2(1 + r_i) - 1 / log2(1 + r_j)| log(1 + exp(s_j - s_i))

    Each click is weighted once, so that for fixed ranks the expectation over clicks is the loss of the true
    relevance probabilities, whatever order was shown. Assumptions: clicks follow the position-based model,
    and ``theta`` is right up to a factor. Weights are scaled to a mean of 1 over clicks, which changes no
    optimum.

    Sources: Joachims et al. 2017 (weights), Burges 2010 and Agarwal et al. 2019 (lambdas of the DCG); Hu et
    al. 2019 weigh pairs instead, and estimate the weights.

    Attributes:
        offsets: (q + 1,) int64, the items of each session.
        weights: (n,) float64, ``c_i / theta_i``.
    """

    offsets: Ints
    weights: Floats

    @classmethod
    def of(cls, offsets: Ints, weights: Floats) -> PairwiseLambdas:
        """The objective with weights scaled to a mean of 1 over clicks; there must be a click."""
        clicked = weights > 0.0
        return cls(offsets, weights / weights[clicked].mean())

    def gradient(self, scores: Floats) -> tuple[Floats, Floats]:
        """First and second derivatives (n,) of the loss by each score."""
        order = np.arange(len(scores))
        argsort_each(self.offsets, scores, order)
        return _lambdas(self.offsets, self.weights, scores, order)

    def objective(self) -> Callable[[Any, Any], tuple[Floats, Floats]]:
        """The function that LightGBM calls with its scores and its data."""
        return lambda scores, _: self.gradient(np.asarray(scores, np.float64))


@kernel
def _lambdas(offsets: Ints, weights: Floats, scores: Floats, order: Ints) -> tuple[Floats, Floats]:
    first, second = np.zeros(scores.size), np.full(scores.size, SMALLEST)
    discounts = np.empty(scores.size)
    for session in range(offsets.size - 1):
        start, stop = offsets[session], offsets[session + 1]
        for rank in range(stop - start):
            discounts[order[start + rank]] = 1.0 / math.log2(rank + 2.0)
        for i in range(start, stop):
            if weights[i] <= 0.0:
                continue
            for j in range(start, stop):
                size = weights[i] * abs(discounts[i] - discounts[j])
                wrong = 1.0 / (1.0 + math.exp(min(scores[i] - scores[j], 700.0)))
                first[i] -= size * wrong
                first[j] += size * wrong
                curvature = size * wrong * (1.0 - wrong)
                second[i] += curvature
                second[j] += curvature
    return first, second
