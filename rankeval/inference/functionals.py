"""Functionals: smooth functions of the means of terms.

Every estimate of the package is a functional. For example, a metric is ``Mean(0)``, SNIPS is ``Mean(0) /
Mean(1)``, SNDR is ``Mean(2) + Mean(0) / Mean(1)``, and a gain is the difference of two functionals. Values,
delta-method standard errors and bootstrap replicates are all computed from :meth:`Functional.value` and
:meth:`Functional.gradient`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints

# Term -> the partial derivative with respect to its mean, for the terms of a functional.
Gradient = dict[int, Any]


class Functional(ABC):
    """A smooth function of the means of terms.

    Means have the shape (..., p), with the terms along the last axis: (p,) for an estimate, (R, p) for R
    bootstrap replicates. Functionals are combined with ``+``, ``-`` and ``/``. Where a denominator is 0, the
    value is not finite.
    """

    @property
    @abstractmethod
    def terms(self) -> frozenset[int]:
        """The terms whose means the functional uses."""

    @abstractmethod
    def value(self, means: Floats) -> Any:
        """The value (...) at ``means`` (..., p)."""

    @abstractmethod
    def gradient(self, means: Floats) -> Gradient:
        """Term -> the partial derivative (...) at ``means`` (..., p)."""

    def by_curve(self, means: Floats) -> Any:
        """The change of the value per standard error of the position-bias curve.

        (M,) float64 at ``means`` (p,), one for each independent direction of the curve; 0 if the functional
        uses no uncertain curve.
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
        """The partial derivatives with respect to ``left`` and ``right``."""

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
    """``left - right``: the gain over the logging policy, or that of one candidate over another."""

    def value(self, means: Floats) -> Any:
        return self.left.value(means) - self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        return 1.0, -1.0


class Product(_Pair):
    """``left * right``."""

    def value(self, means: Floats) -> Any:
        with np.errstate(all="ignore"):
            return self.left.value(means) * self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        return self.right.value(means), self.left.value(means)


class Ratio(_Pair):
    """``left / right``."""

    def value(self, means: Floats) -> Any:
        with np.errstate(all="ignore"):
            return self.left.value(means) / self.right.value(means)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        with np.errstate(all="ignore"):
            by_left = 1.0 / self.right.value(means)
            return by_left, -by_left * self.left.value(means) * by_left


class Relative(_Pair):
    """``(left - right) / |right|``, the relative gain of ``left`` over ``right``.

    It has the sign of the gain, also over a negative reference. Its normal interval is Fieller's where
    ``right`` is close to 0 relative to its standard error.
    """

    def value(self, means: Floats) -> Any:
        reference = self.right.value(means)
        with np.errstate(all="ignore"):
            return (self.left.value(means) - reference) / np.abs(reference)

    def _by_parts(self, means: Floats) -> tuple[Any, Any]:
        reference = self.right.value(means)
        with np.errstate(all="ignore"):
            by_left = 1.0 / np.abs(reference)
            return by_left, -by_left * self.left.value(means) * by_left * np.sign(reference)


@dataclass(frozen=True)
class SumOfRatios(Functional):
    """The sum over positions of ``numerator / (denominator / count)``, each the mean of a term.

    Attributes:
        numerators, denominators, counts: the terms of each position, (K,). The mean of a count is the share
            of units that reach the position. A position that no unit reaches adds 0.
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
        """The ratio of numerator to denominator, the count and the denominator, each (..., K).

        The denominator is set to 1 where no unit reaches the position.
        """
        numerator, denominator, count = (
            means[..., list(terms)] for terms in (self.numerators, self.denominators, self.counts)
        )
        denominator = np.where(count == 0.0, 1.0, denominator)
        with np.errstate(all="ignore"):
            return numerator / denominator, count, denominator


@dataclass(frozen=True)
class WeightedSum(Functional):
    """``sum_j weights_j parts_j`` with fixed weights, for strata of units that are estimated separately."""

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
    """An estimate that uses an estimated position-bias curve; its variance includes that of the curve.

    Attributes:
        under_it: the estimate under the curve.
        under_moved: the same estimate under each moved curve. There is one for each direction in which the
            curve varies independently, and the curve is moved by ``step`` standard errors.
        step: the size of the move, as a share of one standard error.
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


@dataclass(frozen=True)
class Within(Functional):
    """A functional whose value lies in ``[low, high]``, whatever the data; its intervals are cut to it.

    Attributes:
        functional: the functional.
        low, high: the ends of its range, which may be infinite.
    """

    functional: Functional
    low: float
    high: float

    @property
    def terms(self) -> frozenset[int]:
        return self.functional.terms

    def value(self, means: Floats) -> Any:
        return self.functional.value(means)

    def gradient(self, means: Floats) -> Gradient:
        return self.functional.gradient(means)

    def by_curve(self, means: Floats) -> Any:
        return self.functional.by_curve(means)

    def cut(self, bounds: tuple[float, float]) -> tuple[float, float]:
        """The part of an interval that lies in the range."""
        low, high = (min(max(bound, self.low), self.high) for bound in bounds)
        return low, high


def pairs_needed(functionals: Iterable[Functional]) -> Ints:
    """(c, 2) int64: the pairs ``i <= j`` of terms whose co-moments the standard errors need, ascending."""
    pairs = {pair for f in functionals for pair in combinations_with_replacement(sorted(f.terms), 2)}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
