"""What one pass over a log computes: the distinct terms of some estimators, and functionals over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rankeval.diagnostics import share_clipped
from rankeval.estimate import Functional, Mean, SumOfRatios, pairs_needed
from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Ratio, Term, needed_columns
from rankeval.moments import Moments


@dataclass(frozen=True)
class Plan:
    """Terms and functionals of some estimators.

    Attributes:
        estimators: in the order asked.
        positions: of the longest list, as far as estimators go by position; 0 where none does.
    """

    estimators: tuple[Estimator, ...]
    positions: int = 0

    @classmethod
    def of(cls, estimators: Sequence[Estimator]) -> Plan:
        """The plan of some estimators."""
        return cls(tuple(estimators))

    def at(self, positions: int) -> Plan:
        """The same for lists up to so many positions."""
        by_position = any(estimator.definition.by_position for estimator in self.estimators)
        return Plan(self.estimators, positions) if by_position else self

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Distinct terms: the reward, for diagnostics plain weights and reduced ones, and the estimators'."""
        used = [term for estimator in self.estimators for term in self._terms_of(estimator)]
        used += [e.term("weight") for e in self.estimators if e.weighting.transform in REDUCING]
        plain = [Term("weight", ratio=term.ratio) for term in used if term.kind in WEIGHTED]
        return tuple(dict.fromkeys([REWARD, *plain, *used]))

    def _terms_of(self, estimator: Estimator) -> list[Term]:
        if not estimator.definition.by_position:
            return [term for term in estimator.terms if term is not None]
        kinds: tuple[Kind, ...] = ("weighted_reward", "weight", "shown")
        return [estimator.term(kind, k) for kind in kinds for k in range(1, self.positions + 1)]

    @cached_property
    def index(self) -> dict[Term, int]:
        """Where each term stands."""
        return {term: i for i, term in enumerate(self.terms)}

    @property
    def columns(self) -> list[str]:
        """The columns of a log that the terms are computed from."""
        return needed_columns(self.at(1).terms)

    @property
    def logged(self) -> Functional:
        return Mean(0)

    @cached_property
    def values(self) -> tuple[Functional, ...]:
        """A functional for each estimator."""
        return tuple(self._functional(estimator) for estimator in self.estimators)

    def _functional(self, estimator: Estimator) -> Functional:
        if estimator.definition.by_position:
            terms = [self.index[term] for term in self._terms_of(estimator)]
            n = self.positions
            return SumOfRatios(tuple(terms[:n]), tuple(terms[n : 2 * n]), tuple(terms[2 * n :]))
        mean, numerator, denominator = (
            None if term is None else Mean(self.index[term]) for term in estimator.terms
        )
        if numerator is None or denominator is None:
            assert mean is not None
            return mean
        ratio = numerator / denominator
        return ratio if mean is None else mean + ratio

    def weight(self, ratio: Ratio) -> int | None:
        """The term that holds a kind of weight as it is, None where no estimator uses it."""
        return self.index.get(Term("weight", ratio=ratio))

    def share_clipped(self, estimator: Estimator, moments: Moments) -> float | None:
        """Share of the weight that an estimator takes away, None for one whose weights are not reduced."""
        weight = self.weight(estimator.definition.ratio)
        if weight is None or estimator.weighting.transform not in REDUCING:
            return None
        return share_clipped(moments, weight, self.index[estimator.term("weight")])

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Co-moments of every estimator's own terms and the reward, and of the weights."""
        gains = [value - self.logged for value in self.values]
        weights = [
            Mean(i) for i, term in enumerate(self.terms) if term.kind == "weight" and not term.position
        ]
        return pairs_needed([self.logged, *gains, *weights])
