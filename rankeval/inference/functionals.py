"""What is estimated: a smooth function of the means of terms.

Every estimate of the package is such a function: a metric is ``Mean(0)``, SNIPS ``Mean(0) / Mean(1)``, SNDR
``Mean(2) + Mean(0) / Mean(1)``, a gain the difference of two of them. Values, delta-method errors and
bootstrap replicates all follow from :meth:`Functional.value` and :meth:`Functional.gradient`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints

# The partial derivative by the mean of each term, for the terms that a functional reads.
Gradient = dict[int, Any]


class Functional(ABC):
    """A smooth function of the means of terms.

    Means have shape (..., p), the terms along the last axis: (p,) for an estimate, (R, p) for R bootstrap
    replicates. Functionals combine by ``+``, ``-`` and ``/``; where a denominator is 0 they are not finite.
    """

    @property
    @abstractmethod
    def terms(self) -> frozenset[int]:
        """The terms whose means it reads."""

    @abstractmethod
    def value(self, means: Floats) -> Any:
        """Its value (...) at ``means`` (..., p)."""

    @abstractmethod
    def gradient(self, means: Floats) -> Gradient:
        """Its partial derivatives (...) at ``means`` (..., p), by term."""

    def by_curve(self, means: Floats) -> Any:
        """How much it moves by one standard error of a position-bias curve, in each of its directions.

        (M,) at ``means`` (p,), or 0 where no curve is in it.
        """
        return 0.0

    def __add__(self, other: Functional) -> Functional:
        return Sum(self, other)

    def __sub__(self, other: Functional) -> Functional:
        return Difference(self, other)

    def __truediv__(self, other: Functional) -> Functional:
        return Ratio(self, other)


@dataclass(frozen=True)
class Mean(Functional):
    """The mean of one term."""

    term: int

    @property
    def terms(self) -> frozenset[int]:
        return frozenset({self.term})

    def value(self, means: Floats) -> Any:
        return means[..., self.term]

    def gradient(self, means: Floats) -> Gradient:
        return {self.term: np.ones(means.shape[:-1])}


@dataclass(frozen=True)
class _Pair(Functional):
    """A function of two functionals."""

    left: Functional
    right: Functional

    @property
    def terms(self) -> frozenset[int]:
        return self.left.terms | self.right.terms

    @abstractmethod
    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        """The derivatives by ``left`` and ``right``."""

    def gradient(self, means: Floats) -> Gradient:
        by_left, by_right = self._by_parts(means)
        left, right = self.left.gradient(means), self.right.gradient(means)
        with np.errstate(all="ignore"):
            return {t: by_left * left.get(t, 0.0) + by_right * right.get(t, 0.0) for t in sorted(self.terms)}

    def by_curve(self, means: Floats) -> Any:
        by_left, by_right = self._by_parts(means)
        return by_left * self.left.by_curve(means) + by_right * self.right.by_curve(means)


class Sum(_Pair):
    """``left + right``."""

    def value(self, means: Floats) -> Any:
        return self.left.value(means) + self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        return 1.0, 1.0


class Difference(_Pair):
    """``left - right``: a gain over the logged policy, or one candidate against another on the same units."""

    def value(self, means: Floats) -> Any:
        return self.left.value(means) - self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        return 1.0, -1.0


class Ratio(_Pair):
    """``left / right``."""

    def value(self, means: Floats) -> Any:
        with np.errstate(all="ignore"):
            return self.left.value(means) / self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        with np.errstate(all="ignore"):
            by_left = 1.0 / self.right.value(means)
            return by_left, -by_left * self.left.value(means) * by_left


class Relative(Ratio):
    """``(left - right) / right``, the relative gain of ``left`` over ``right``.

    Its normal interval is Fieller's where ``right`` is not clearly off 0.
    """

    def value(self, means: Floats) -> Any:
        reference = self.right.value(means)
        with np.errstate(all="ignore"):
            return (self.left.value(means) - reference) / reference


@dataclass(frozen=True)
class SumOfRatios(Functional):
    """Sum over positions of ``numerator / (denominator / count)``, the means of three terms of each position.

    ``count`` is the share of units that reach the position; one that none reaches adds nothing.
    """

    numerators: tuple[int, ...]
    denominators: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def terms(self) -> frozenset[int]:
        return frozenset((*self.numerators, *self.denominators, *self.counts))

    def value(self, means: Floats) -> Any:
        ratio, count, _ = self._parts(means)
        return np.sum(ratio * count, axis=-1)

    def gradient(self, means: Floats) -> Gradient:
        ratio, count, denominator = self._parts(means)
        with np.errstate(all="ignore"):
            by_numerator = count / denominator
            by_denominator = -ratio * by_numerator
        found: Gradient = {}
        for terms, by in (
            (self.numerators, by_numerator),
            (self.denominators, by_denominator),
            (self.counts, ratio),
        ):
            found |= {term: by[..., k] for k, term in enumerate(terms)}
        return found

    def _parts(self, means: Floats) -> tuple[Any, Any, Any]:
        """Ratio of numerator to denominator, count and denominator (..., K), 0 over 1 where none reaches."""
        numerator, denominator, count = (
            means[..., list(terms)] for terms in (self.numerators, self.denominators, self.counts)
        )
        denominator = np.where(count == 0.0, 1.0, denominator)
        with np.errstate(all="ignore"):
            return numerator / denominator, count, denominator


@dataclass(frozen=True)
class WeightedSum(Functional):
    """``sum_j weights_j parts_j`` with fixed weights: strata of units, each estimated by itself."""

    parts: tuple[Functional, ...]
    weights: tuple[float, ...]

    @property
    def terms(self) -> frozenset[int]:
        return frozenset().union(*(part.terms for part in self.parts))

    def value(self, means: Floats) -> Any:
        return sum(weight * part.value(means) for weight, part in zip(self.weights, self.parts, strict=True))

    def gradient(self, means: Floats) -> Gradient:
        found: Gradient = dict.fromkeys(sorted(self.terms), 0.0)
        for weight, part in zip(self.weights, self.parts, strict=True):
            for term, by in part.gradient(means).items():
                found[term] = found[term] + weight * by
        return found


@dataclass(frozen=True)
class UnderCurves(Functional):
    """An estimate under a position-bias curve that is itself an estimate, and the same under it moved.

    Attributes:
        under_it: the estimate.
        under_moved: the estimates under the curve moved by the share ``step`` of one standard error in each
            of the directions in which it varies independently.
    """

    under_it: Functional
    under_moved: tuple[Functional, ...]
    step: float

    @property
    def terms(self) -> frozenset[int]:
        return self.under_it.terms

    def value(self, means: Floats) -> Any:
        return self.under_it.value(means)

    def gradient(self, means: Floats) -> Gradient:
        return self.under_it.gradient(means)

    def by_curve(self, means: Floats) -> Any:
        moved = np.array([functional.value(means) for functional in self.under_moved])
        return (moved - self.under_it.value(means)) / self.step


def pairs_needed(functionals: Iterable[Functional]) -> Ints:
    """The co-moments, (c, 2) pairs ``i <= j`` in ascending order, that the errors of ``functionals`` need."""
    pairs = {pair for f in functionals for pair in combinations_with_replacement(sorted(f.terms), 2)}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
