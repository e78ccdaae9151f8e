"""What one pass over a log computes: the distinct terms of some estimators, and functionals over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Term, needed_columns
from rankeval.inference.estimate import Functional, Mean, SumOfRatios, UnderCurves, WeightedSum, pairs_needed
from rankeval.inference.intervals import Inference
from rankeval.inference.moments import Moments
from rankeval.off_policy.diagnostics import share_clipped
from rankeval.off_policy.nuisances.logging_policies import Loggers, precision_shares
from rankeval.off_policy.samples.setting import LOGGED, Given, under_moved
from rankeval.position_bias.known_curve import STEP


@dataclass(frozen=True)
class Plan:
    """Terms and functionals of some estimators of the value of some target policies.

    Attributes:
        asked: the estimators in the order asked.
        given: what is known beside the log: names of target policies, the estimand, the loggers.
        positions: of the longest list, as far as estimators go by position; 0 where none does.
    """

    asked: tuple[Estimator, ...]
    given: Given = Given()  # noqa: RUF009  (frozen)
    positions: int = 0

    @classmethod
    def of(cls, estimators: Sequence[Estimator], given: Given = Given()) -> Plan:  # noqa: B008
        """The plan of some estimators."""
        return cls(tuple(estimators), given)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target policies; one without a name is the log's own."""
        return self.given.targets

    @property
    def loggers(self) -> Loggers | None:
        """The policies that wrote the log, where estimators tell them apart."""
        return self.given.loggers

    def at(self, positions: int) -> Plan:
        """The same for lists up to so many positions."""
        by_position = any(estimator.definition.by_position for estimator in self.asked)
        return replace(self, positions=positions) if by_position else self

    @cached_property
    def estimators(self) -> tuple[Estimator, ...]:
        """All that are computed: a parameter that the data shall choose stands for each of its values."""
        every = [candidate for estimator in self.asked for candidate in estimator.candidates]
        every += [estimator.unreduced for estimator in self.asked if estimator.choice is not None]
        return tuple(dict.fromkeys(every))

    @property
    def _pairs(self) -> Iterator[tuple[str, Estimator]]:
        """Each target with each estimator."""
        return ((target, estimator) for target in self.targets for estimator in self.estimators)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Distinct terms: the reward, for diagnostics plain weights and reduced ones, and the estimators'."""
        used = [term for target, estimator in self._pairs for term in self._terms_of(estimator, target)]
        used += [
            estimator.term("weight", target=target)
            for target, estimator in self._pairs
            if estimator.weighting.transform in REDUCING
        ]
        plain = [term.plain for term in used if term.kind in WEIGHTED]
        apart = [estimator for estimator in self.estimators if estimator.definition.logged_apart]
        logged = [term for estimator in apart for term in self._terms_of(estimator, LOGGED)]
        beside = [term for target, estimator in self._pairs for term in self._beside(estimator, target)]
        moved = [
            term
            for estimator in self.estimators
            for target in (*self.targets, *((LOGGED,) if estimator.definition.logged_apart else ()))
            for moved_target in self._under_moved(estimator, target)
            for term in self._terms_of(estimator, moved_target)
        ]
        return tuple(dict.fromkeys([REWARD, *plain, *used, *logged, *beside, *moved]))

    def _under_moved(self, estimator: Estimator, target: str) -> list[str]:
        """The policy under the curve moved in each of its directions, for what depends on examination."""
        if not estimator.definition.of_clicks or estimator.ratio == "trust":
            return []
        return [under_moved(target, direction) for direction in range(len(self.given.moved_curves))]

    def _beside(self, estimator: Estimator, target: str) -> list[Term]:
        """What is said beside an estimate from clicks: overlap of the rankings, and what was not shown."""
        if not estimator.definition.of_clicks:
            return []
        kinds: tuple[Kind, ...] = ("overlap", *self._unshown(estimator))
        return [estimator.term(kind, target=target) for kind in kinds]

    def _unshown(self, estimator: Estimator) -> tuple[Kind, ...]:
        """What bounds an estimate: nothing where exposure stands in for items while they are not shown."""
        known = self.given.estimand == "rerank" or (self.given.exposed and estimator.ratio == "rho")
        return () if known else estimator.definition.unshown

    def _terms_of(self, estimator: Estimator, target: str) -> list[Term]:
        if estimator.definition.by_position:
            kinds: tuple[Kind, ...] = ("weighted_reward", "weight", "shown")
            return [estimator.term(kind, k, target) for kind in kinds for k in range(1, self.positions + 1)]
        strata = self._strata(estimator)
        terms = [term for logger in strata for term in estimator.terms(target, logger) if term is not None]
        return terms + [_logged_by(estimator, logger) for logger in strata if logger]

    def _strata(self, estimator: Estimator) -> Sequence[int]:
        """The numbers of the logging policies that an estimator tells apart; 0 where it does not."""
        if estimator.loggers == "naive":
            return [0]
        return range(1, 1 + (1 if self.loggers is None else len(self.loggers.ids)))

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

    def value(self, estimator: Estimator, target: str = "", inference: Inference | None = None) -> Functional:
        """What an estimator makes of the means of the terms.

        Weights of logging policies that depend on the data are those of ``inference``, 1 without it.
        """
        found = self._value(estimator, target, inference)
        moved = [self._value(estimator, name, inference) for name in self._under_moved(estimator, target)]
        return UnderCurves(found, tuple(moved), STEP) if moved else found

    def _value(self, estimator: Estimator, target: str, inference: Inference | None) -> Functional:
        if estimator.definition.by_position:
            terms = [self.index[term] for term in self._terms_of(estimator, target)]
            n = self.positions
            return SumOfRatios(tuple(terms[:n]), tuple(terms[n : 2 * n]), tuple(terms[2 * n :]))
        if estimator.loggers == "naive":
            return _sum(*self._means(estimator, target, 0))
        if estimator.loggers == "weighted":
            return self._by_precision(estimator, target, inference)
        parts = [self._means(estimator, target, logger) for logger in self._strata(estimator)]
        shares = tuple(self.loggers.shares.tolist()) if self.loggers else (1.0,)
        return _sum(*(_weighted(column, shares) for column in zip(*parts, strict=True)))

    def _means(self, estimator: Estimator, target: str, logger: int) -> list[Functional | None]:
        """``mean``, ``numerator`` and ``denominator`` over all units, or those of one logging policy."""
        terms = estimator.terms(target, logger)
        means: list[Functional | None] = [None if t is None else Mean(self.index[t]) for t in terms]
        if not logger:
            return means
        count = Mean(self.index[_logged_by(estimator, logger)])
        return [None if mean is None else mean / count for mean in means]

    def _by_precision(self, estimator: Estimator, target: str, inference: Inference | None) -> Functional:
        """The estimates of all logging policies, averaged; a segment may have no round of some of them."""
        loggers = self._strata(estimator)
        if inference is not None:
            share = {j: inference.moments.mean[self.index[_logged_by(estimator, j)]] for j in loggers}
            loggers = [j for j in loggers if share[j] > 0.0] or loggers
        values = tuple(_sum(*self._means(estimator, target, j)) for j in loggers)
        if inference is None or self.loggers is None:
            return WeightedSum(values, (1.0,) * len(values))
        errors = [inference.estimate(value).std_error or 0.0 for value in values]
        counts = [self.loggers.counts[j - 1] for j in loggers]
        return WeightedSum(values, precision_shares([error * error for error in errors], counts))

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
        terms = [estimator.term(kind, target=target) for kind in self._unshown(estimator)]
        if not terms:
            return None
        most, *modelled = (Mean(self.index[term]) for term in terms)
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
        value = {pair: self.value(pair[1], pair[0]) for pair in self._pairs}
        gains = [functional - self.logged(estimator) for (_, estimator), functional in value.items()]
        between = [
            value[a, estimator] - value[b, estimator]
            for a, b in combinations(self.targets, 2)
            for estimator in self.estimators
        ]
        biases = [
            value[target, estimator.unreduced] - value[target, candidate]
            for estimator in self.asked
            if estimator.choice is not None
            for candidate in estimator.candidates
            for target in self.targets
        ]
        weights = [
            Mean(i) for i, term in enumerate(self.terms) if term.kind == "weight" and not term.position
        ]
        return pairs_needed([self.reward, *gains, *between, *biases, *weights])


def _sum(mean: Functional | None, numerator: Functional | None, denominator: Functional | None) -> Functional:
    """``mean + numerator / denominator``, as far as there is each."""
    if numerator is None or denominator is None:
        assert mean is not None
        return mean
    ratio = numerator / denominator
    return ratio if mean is None else mean + ratio


def _logged_by(estimator: Estimator, logger: int) -> Term:
    """Whether a round is of a logging policy."""
    return estimator.term("logged_by", logger=logger)


def _weighted(parts: Sequence[Functional | None], shares: tuple[float, ...]) -> Functional | None:
    known = tuple(part for part in parts if part is not None)
    return WeightedSum(known, shares) if known else None
