"""The exponential of a functional, such as a geometric mean from the mean of logarithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference.functionals import Functional, Gradient


@dataclass(frozen=True)
class Exponential(Functional):
    """``exp(inner)``."""

    inner: Functional

    @property
    def terms(self) -> frozenset[int]:
        return self.inner.terms

    def value(self, means: Floats) -> Any:
        return np.exp(self.inner.value(means))

    def gradient(self, means: Floats) -> Gradient:
        value = self.value(means)
        return {term: value * by for term, by in self.inner.gradient(means).items()}

    def by_curve(self, means: Floats) -> Any:
        return self.value(means) * self.inner.by_curve(means)
