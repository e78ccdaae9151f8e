"""What one pass over a log computes: the distinct terms of some estimators, and functionals over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rankeval.diagnostics import share_clipped
from rankeval.estimate import Functional, Mean, SumOfRatios, pairs_needed
from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Ratio, Term, needed_columns
from rankeval.moments import Moments


@dataclass(frozen=True)
class Plan:
    """Terms and functionals of some estimators of the value of some target policies.

    Attributes:
        estimators: in the order asked.
        targets: names of the target policies; one without a name is the log's own.
        positions: of the longest list, as far as estimators go by position; 0 where none does.
    """

    estimators: tuple[Estimator, ...]
    targets: tuple[str, ...] = ("",)
    positions: int = 0

    @classmethod
    def of(cls, estimators: Sequence[Estimator], targets: Sequence[str] = ("",)) -> Plan:
        """The plan of some estimators."""
        return cls(tuple(estimators), tuple(targets))

    def at(self, positions: int) -> Plan:
        """The same for lists up to so many positions."""
        by_position = any(estimator.definition.by_position for estimator in self.estimators)
        return replace(self, positions=positions) if by_position else self

    @property
    def asked(self) -> Iterator[tuple[str, Estimator]]:
        """Each target with each estimator."""
        return ((target, estimator) for target in self.targets for estimator in self.estimators)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Distinct terms: the reward, for diagnostics plain weights and reduced ones, and the estimators'."""
        used = [term for target, estimator in self.asked for term in self._terms_of(estimator, target)]
        used += [
            estimator.term("weight", target=target)
            for target, estimator in self.asked
            if estimator.weighting.transform in REDUCING
        ]
        plain = [
            Term("weight", ratio=term.ratio, target=term.target) for term in used if term.kind in WEIGHTED
        ]
        return tuple(dict.fromkeys([REWARD, *plain, *used]))

    def _terms_of(self, estimator: Estimator, target: str) -> list[Term]:
        if not estimator.definition.by_position:
            return [term for term in estimator.terms(target) if term is not None]
        kinds: tuple[Kind, ...] = ("weighted_reward", "weight", "shown")
        return [estimator.term(kind, k, target) for kind in kinds for k in range(1, self.positions + 1)]

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

    def value(self, estimator: Estimator, target: str = "") -> Functional:
        """What an estimator makes of the means of the terms."""
        if estimator.definition.by_position:
            terms = [self.index[term] for term in self._terms_of(estimator, target)]
            n = self.positions
            return SumOfRatios(tuple(terms[:n]), tuple(terms[n : 2 * n]), tuple(terms[2 * n :]))
        mean, numerator, denominator = (
            None if term is None else Mean(self.index[term]) for term in estimator.terms(target)
        )
        if numerator is None or denominator is None:
            assert mean is not None
            return mean
        ratio = numerator / denominator
        return ratio if mean is None else mean + ratio

    def weight(self, ratio: Ratio, target: str = "") -> int | None:
        """The term that holds a kind of weight as it is, None where no estimator uses it."""
        return self.index.get(Term("weight", ratio=ratio, target=target))

    def share_clipped(self, estimator: Estimator, target: str, moments: Moments) -> float | None:
        """Share of the weight that an estimator takes away, None for one whose weights are not reduced."""
        weight = self.weight(estimator.definition.ratio, target)
        if weight is None or estimator.weighting.transform not in REDUCING:
            return None
        return share_clipped(moments, weight, self.index[estimator.term("weight", target=target)])

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Co-moments of every estimate's own terms and the reward, of the weights, and between targets."""
        gains = [self.value(estimator, target) - self.logged for target, estimator in self.asked]
        differences = [
            self.value(estimator, a) - self.value(estimator, b)
            for a, b in combinations(self.targets, 2)
            for estimator in self.estimators
        ]
        weights = [
            Mean(i) for i, term in enumerate(self.terms) if term.kind == "weight" and not term.position
        ]
        return pairs_needed([self.logged, *gains, *differences, *weights])
