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
from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Term, needed_columns
from rankeval.given import LOGGED, Estimand
from rankeval.moments import Moments


@dataclass(frozen=True)
class Plan:
    """Terms and functionals of some estimators of the value of some target policies.

    Attributes:
        estimators: in the order asked.
        targets: names of the target policies; one without a name is the log's own.
        estimand: of estimators from clicks.
        positions: of the longest list, as far as estimators go by position; 0 where none does.
    """

    estimators: tuple[Estimator, ...]
    targets: tuple[str, ...] = ("",)
    estimand: Estimand = "rerank"
    positions: int = 0

    @classmethod
    def of(
        cls,
        estimators: Sequence[Estimator],
        targets: Sequence[str] = ("",),
        estimand: Estimand = "rerank",
    ) -> Plan:
        """The plan of some estimators."""
        return cls(tuple(estimators), tuple(targets), estimand)

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
        plain = [term.plain for term in used if term.kind in WEIGHTED]
        apart = [estimator for estimator in self.estimators if estimator.definition.logged_apart]
        logged = [term for estimator in apart for term in self._terms_of(estimator, LOGGED)]
        beside = [term for target, estimator in self.asked for term in self._beside(estimator, target)]
        return tuple(dict.fromkeys([REWARD, *plain, *used, *logged, *beside]))

    def _beside(self, estimator: Estimator, target: str) -> list[Term]:
        """What is said beside an estimate from clicks: overlap of the rankings, and what was not shown."""
        if not estimator.definition.of_clicks:
            return []
        unshown: tuple[Kind, ...] = estimator.definition.unshown if self.estimand == "full" else ()
        return [estimator.term(kind, target=target) for kind in ("overlap", *unshown)]

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
    def reward(self) -> Functional:
        """The mean reward of the log."""
        return Mean(0)

    def logged(self, estimator: Estimator) -> Functional:
        """What an estimator's value of a target policy is compared with: the same of the logged one."""
        return self.value(estimator, LOGGED) if estimator.definition.logged_apart else self.reward

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

    def weight(self, estimator: Estimator, target: str = "") -> int | None:
        """The term that holds an estimator's weight as it is, None where it has none."""
        return self.index.get(estimator.term("weight", target=target).plain)

    def overlap(self, estimator: Estimator, target: str) -> int | None:
        """The term that holds the overlap of the rankings, None where they are not compared."""
        if not estimator.definition.of_clicks:
            return None
        return self.index[estimator.term("overlap", target=target)]

    def bounds(self, estimator: Estimator, target: str) -> tuple[Functional, Functional] | None:
        """Least and largest value over what the candidates that were not shown may bring; None if unknown."""
        kinds = estimator.definition.unshown if self.estimand == "full" else ()
        if not kinds:
            return None
        most, *modelled = (Mean(self.index[estimator.term(kind, target=target)]) for kind in kinds)
        low = self.value(estimator, target)
        for model in modelled:
            low = low - model
        return low, low + most

    def share_clipped(self, estimator: Estimator, target: str, moments: Moments) -> float | None:
        """Share of the weight that an estimator takes away, None for one whose weights are not reduced."""
        weight = self.weight(estimator, target)
        if weight is None or estimator.weighting.transform not in REDUCING:
            return None
        return share_clipped(moments, weight, self.index[estimator.term("weight", target=target)])

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Co-moments of every estimate's own terms and the reward, of the weights, and between targets."""
        gains = [self.value(estimator, target) - self.logged(estimator) for target, estimator in self.asked]
        differences = [
            self.value(estimator, a) - self.value(estimator, b)
            for a, b in combinations(self.targets, 2)
            for estimator in self.estimators
        ]
        weights = [
            Mean(i) for i, term in enumerate(self.terms) if term.kind == "weight" and not term.position
        ]
        return pairs_needed([self.reward, *gains, *differences, *weights])
