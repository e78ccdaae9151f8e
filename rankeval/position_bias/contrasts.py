"""The logarithm of a curve as a function of the means of terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import Functional, Gradient


@dataclass(frozen=True)
class LogContrast(Functional):
    """``sum_j weight_j log(mean of term j)``; with weights 1 and -1 it is the logarithm of a ratio.

    Attributes:
        term_weights: pairs ``(j, weight_j)``.
    """

    term_weights: tuple[tuple[int, float], ...]

    @property
    def terms(self) -> frozenset[int]:
        return frozenset(term for term, _ in self.term_weights)

    def value(self, means: Floats) -> Any:
        with np.errstate(all="ignore"):
            return sum(weight * np.log(means[..., term]) for term, weight in self.term_weights)

    def gradient(self, means: Floats) -> Gradient:
        with np.errstate(all="ignore"):
            return {term: weight / means[..., term] for term, weight in self.term_weights}


@dataclass(frozen=True)
class Linearised(Functional):
    """``at + n (mean of a term - centre)``, an estimate in its linear approximation.

    Attributes:
        term: the term that holds the influence of each unit: by how much the unit changes the estimate.
        at: the estimate.
        n: number of units.
        centre: mean of the term in the log.
    """

    term: int
    at: float
    n: float
    centre: float

    @property
    def terms(self) -> frozenset[int]:
        return frozenset({self.term})

    def value(self, means: Floats) -> Any:
        return self.at + self.n * (means[..., self.term] - self.centre)

    def gradient(self, means: Floats) -> Gradient:
        return {self.term: np.full(means.shape[:-1], self.n)}
