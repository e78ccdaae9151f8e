"""The functional of the means of terms for every estimate, and the co-moments that these need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

from rankeval.array_types import Ints
from rankeval.estimators import REDUCING, Estimator, nested
from rankeval.inference import (
    Functional,
    Inference,
    Mean,
    Moments,
    Product,
    SumOfRatios,
    UnderCurves,
    WeightedSum,
    pairs_needed,
)
from rankeval.off_policy.diagnostics import share_clipped
from rankeval.off_policy.functional_sums import sum_of, weighted_sum
from rankeval.off_policy.nuisances import LoggingPolicies, precision_shares
from rankeval.off_policy.samples import LOGGED, Setting, TermList, logged_by, near_power
from rankeval.position_bias import STEP

Ends = tuple[Functional, Functional]


@dataclass(frozen=True)
class Plan:
    """Functionals over the means of a list of terms.

    Attributes:
        terms: the terms of the requested estimators.
        logging_policies: the logging policies and their numbers of rounds; None if no estimator needs them.
        with_weights: whether the co-moments of values with their weights are needed, as for ``likelihood``.
    """

    terms: TermList
    logging_policies: LoggingPolicies | None = None
    with_weights: bool = False

    @classmethod
    def of(
        cls,
        estimators: Sequence[Estimator],
        setting: Setting = Setting(),  # noqa: B008
        logging_policies: LoggingPolicies | None = None,
        with_weights: bool = False,
    ) -> Plan:
        """The plan of some estimators."""
        loggers = 1 if logging_policies is None else len(logging_policies.ids)
        return cls(TermList.of(estimators, setting, loggers), logging_policies, with_weights)

    def at(self, positions: int) -> Plan:
        """The same plan for lists of up to ``positions`` positions."""
        terms = self.terms.at(positions)
        return self if terms is self.terms else replace(self, terms=terms)

    @property
    def asked(self) -> tuple[Estimator, ...]:
        """The requested estimators in their order."""
        return self.terms.asked

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target policies; the log's own target policy has the empty name."""
        return self.terms.targets

    @property
    def reward(self) -> Functional:
        """The mean reward of the log."""
        return Mean(0)

    def logged(self, estimator: Estimator) -> Functional:
        """The value of the logging policy, with which an estimator's values of target policies compare."""
        return self.value(estimator, LOGGED) if estimator.definition.logged_apart else self.reward

    def value(self, estimator: Estimator, target: str = "", inference: Inference | None = None) -> Functional:
        """The functional of an estimator's value of a target policy.

        Its error includes the error of the position-bias curve, if the estimator uses one with a covariance.
        With ``loggers=weighted`` the weights of the logging policies follow from the variances in
        ``inference``; without ``inference`` they are 1.
        """
        found = self._value(estimator, target, inference)
        names = self.terms.moved_targets(estimator, target)
        moved = tuple(self._value(estimator, name, inference) for name in names)
        return UnderCurves(found, moved, STEP) if moved else found

    def _value(self, estimator: Estimator, target: str, inference: Inference | None) -> Functional:
        """The functional of the value, with the position-bias curve as known."""
        if estimator.definition.by_position:
            terms = [self.terms.index[term] for term in self.terms.of_value(estimator, target)]
            n = self.terms.positions
            return SumOfRatios(tuple(terms[:n]), tuple(terms[n : 2 * n]), tuple(terms[2 * n :]))
        if estimator.loggers == "naive":
            return sum_of(*self._means(estimator, target, 0))
        if estimator.loggers == "weighted":
            return self._by_precision(estimator, target, inference)
        parts = [self._means(estimator, target, logger) for logger in self.terms.strata(estimator)]
        shares = tuple(self.logging_policies.shares.tolist()) if self.logging_policies else (1.0,)
        return sum_of(*(weighted_sum(column, shares) for column in zip(*parts, strict=True)))

    def _means(self, estimator: Estimator, target: str, logger: int) -> list[Functional | None]:
        """``mean``, ``numerator`` and ``denominator`` over all units, or over one logging policy's rounds."""
        terms = estimator.terms(target, logger)
        means: list[Functional | None] = [None if t is None else Mean(self.terms.index[t]) for t in terms]
        if not logger:
            return means
        count = Mean(self.terms.index[logged_by(estimator, logger)])
        return [None if mean is None else mean / count for mean in means]

    def _by_precision(self, estimator: Estimator, target: str, inference: Inference | None) -> Functional:
        """The average of the estimates from each logging policy's rounds, with weights ``1 / variance``.

        Logging policies without a round, which happens in segments, are left out.
        """
        loggers = self.terms.strata(estimator)
        if inference is not None:
            means, index = inference.moments.mean, self.terms.index
            loggers = [j for j in loggers if means[index[logged_by(estimator, j)]] > 0.0] or loggers
        values = tuple(sum_of(*self._means(estimator, target, j)) for j in loggers)
        if inference is None or self.logging_policies is None:
            return WeightedSum(values, (1.0,) * len(values))
        errors = [inference.estimate(value).std_error or 0.0 for value in values]
        counts = [self.logging_policies.counts[j - 1] for j in loggers]
        return WeightedSum(values, precision_shares([error * error for error in errors], counts))

    def weight(self, estimator: Estimator, target: str = "") -> int | None:
        """Index of the term of an estimator's untransformed weight; None if it has no weight."""
        return self.terms.index.get(estimator.term("weight", target=target).plain)

    def rewards(self, estimator: Estimator, target: str) -> list[int]:
        """Indices of the terms of the rewards that carry an estimate, each times its weight.

        They are ``w r``; ``w (r - q)`` of doubly robust estimators on bandit logs; or one term for each
        position or logging policy. Empty without weights.
        """
        residuals = self.terms.residuals(estimator, target)
        if residuals:
            return [self.terms.index[term] for term in residuals]
        return self.weighted(estimator, target)

    def weighted(self, estimator: Estimator, target: str) -> list[int]:
        """Indices of those terms of an estimate's value that hold weighted rewards or residuals."""
        definition, index = estimator.definition, self.terms.index
        carriers = [kind for kind in (definition.numerator, definition.mean) if kind not in (None, "model")]
        kind = "weighted_reward" if definition.by_position else next(iter(carriers), None)
        found = [term for term in self.terms.of_value(estimator, target) if term.kind == kind]
        return [index[term] for term in found]

    def overlap(self, estimator: Estimator, target: str) -> int | None:
        """Index of the term of the overlap of both rankings; None for estimators that are not from clicks."""
        if not estimator.definition.of_clicks:
            return None
        return self.terms.index[estimator.term("overlap", target=target)]

    def bounds(self, estimator: Estimator, target: str) -> Ends | None:
        """Least and largest value over the possible contribution of candidates that were not shown.

        None if the estimator has no such bounds.
        """
        terms = [estimator.term(kind, target=target) for kind in self.terms.unshown(estimator)]
        if not terms:
            return None
        most, *modelled = (Mean(self.terms.index[term]) for term in terms)
        low = self.value(estimator, target)
        for model in modelled:
            low = low - model
        return low, low + most

    def gap(self, estimator: Estimator, target: str) -> Functional | None:
        """The support gap: the mean probability of candidates that the logger never takes; None: unknown."""
        terms = self.terms.support(estimator, target)
        return Mean(self.terms.index[terms[0]]) if terms else None

    def near_support(self, estimator: Estimator, target: str, n: float) -> Functional | None:
        """The mean probability of candidates that ``n`` rounds hardly hold; None: unknown."""
        known = {term.cutoff: term for term in self.terms.support(estimator, target)}
        return Mean(self.terms.index[known[near_power(n)]]) if known else None

    def supported(self, estimator: Estimator, target: str, reward: tuple[float, float]) -> Ends | None:
        """The ends of the value over all rewards in a range of actions that the logger never takes.

        With the support gap ``g`` they are ``V + g low`` and ``V + g high`` of IPS. Self-normalised, V is
        that of the other actions alone, ``V (1 - g)``. Predictions of a model for these actions are taken off
        again. If they are not known they may lie anywhere in the range: ``V +- g (high - low)``. None if g is
        unknown.
        """
        gap = self.gap(estimator, target)
        if gap is None:
            return None
        mean, numerator, denominator = self._means(estimator, target, 0)
        value = mean
        if numerator is not None and denominator is not None:
            ratio = numerator / denominator
            share = ratio - Product(ratio, gap)
            value = share if mean is None else mean + share
        assert value is not None
        low, high = reward
        modelled = estimator.definition.mean in ("model", "doubly_robust")
        predicted = self.terms.gap_model(estimator, target)
        if predicted:
            value, modelled = value - Mean(self.terms.index[predicted[0]]), False
        ends = (low - high, high - low) if modelled else reward
        return WeightedSum((value, gap), (1.0, ends[0])), WeightedSum((value, gap), (1.0, ends[1]))

    def share_clipped(self, estimator: Estimator, target: str, moments: Moments) -> float | None:
        """Share of the total weight that the transform removes; None if the transform never reduces it."""
        weight = self.weight(estimator, target)
        if weight is None or estimator.weighting.transform not in REDUCING:
            return None
        return share_clipped(moments, weight, self.terms.index[estimator.term("weight", target=target)])

    @cached_property
    def pairs(self) -> Ints:
        """(c, 2) the pairs of terms whose co-moments are needed.

        They cover gains, differences of target policies, bounds on the bias of candidate parameters, and
        mean weights.
        """
        value = {pair: self.value(pair[1], pair[0]) for pair in self.terms.pairs}
        gains = [functional - self.logged(estimator) for (_, estimator), functional in value.items()]
        between = [
            value[a, estimator] - value[b, estimator]
            for a, b in combinations(self.targets, 2)
            for estimator in self.terms.estimators
        ]
        biases = [
            value[target, estimator.unreduced] - value[target, candidate]
            for estimator in self.asked
            if estimator.choice is not None and estimator.unreduced is not None
            for candidate in estimator.candidates
            for target in self.targets
        ]
        weights = [
            Mean(i) for i, term in enumerate(self.terms.terms) if term.kind == "weight" and not term.position
        ]
        pairs = nested(self.asked)
        tested = [value[target, a] - value[target, b] for target in self.targets for a, b in pairs]
        with_weights = self._with_weights(value) if self.with_weights else []
        rewards = [Mean(term) for term in self.sized]
        apart = [value[key] - value[other] for key, other in self.rivals]
        bounded = [end for key in self.terms.pairs for end in self._ends(key[1], key[0])]
        bounded += [end for one in self.terms.estimators for end in self._between_ends(one)]
        every = [self.reward, *gains, *between, *biases, *bounded, *weights]
        return pairs_needed([*every, *with_weights, *rewards, *apart, *tested])

    def _outer(self, estimator: Estimator, target: str) -> Ends | None:
        return self.bounds(estimator, target) or self.supported(estimator, target, (0.0, 1.0))

    def _ends(self, estimator: Estimator, target: str) -> list[Functional]:
        """Functionals whose pairs are those of the bounds of gains, and of the mean weight with the gap."""
        outer, logged = self._outer(estimator, target), self.logged(estimator)
        gap, weight = self.gap(estimator, target), self.weight(estimator, target)
        balance = [] if outer is None or gap is None or weight is None else [Mean(weight) + gap]
        return [*(end - logged for end in outer or ()), *balance]

    def _between_ends(self, estimator: Estimator) -> list[Functional]:
        """Differences of the ends of bounds of two target policies."""
        values = [(self.value(estimator, target),) * 2 for target in self.targets]
        ends = [self._outer(estimator, t) or both for t, both in zip(self.targets, values, strict=True)]
        return [end for a, b in combinations(ends, 2) for end in (a[0] - b[1], a[1] - b[0])]

    @cached_property
    def rivals(self) -> list[tuple[tuple[str, Estimator], tuple[str, Estimator]]]:
        """Pairs of estimates of one target policy's reward, which should agree: each with the first.

        The first is one with plain weights, if there is one. Estimators whose parameter the data choose have
        rules of their own.
        """
        fixed = [each for each in self.asked if each.choice is None and each.definition.is_reward]
        first = next((each for each in fixed if each.weighting.transform == "plain"), None)
        if first is None:
            return []
        rest = [each for each in fixed if each != first]
        return [((target, each), (target, first)) for target in self.targets for each in rest]

    @cached_property
    def sized(self) -> tuple[int, ...]:
        """The terms of rewards that carry an estimate, whose sizes are summed."""
        every = {term for target, one in self.terms.pairs for term in self.rewards(one, target)}
        return tuple(sorted(every))

    @cached_property
    def tails(self) -> tuple[int, ...]:
        """The terms whose largest values are kept: untransformed weights of a whole round or session."""
        every = {self.weight(estimator, target) for target, estimator in self.terms.pairs}
        of_clicks = all(estimator.definition.of_clicks for estimator in self.asked)
        return () if of_clicks else tuple(sorted(term for term in every if term is not None))

    def _with_weights(self, values: Mapping[tuple[str, Estimator], Functional]) -> list[Functional]:
        """Functionals whose pairs are those of a gain and the untransformed weight of its estimator."""
        found = [
            (value - self.logged(estimator), self.weight(estimator, target))
            for (target, estimator), value in values.items()
            if not estimator.definition.of_rankings and not estimator.is_ratio
        ]
        return [gain + Mean(weight) for gain, weight in found if weight is not None]
