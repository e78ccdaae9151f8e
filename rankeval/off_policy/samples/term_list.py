"""The distinct terms that the estimators average, and the columns from which they are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Term, needed_columns
from rankeval.off_policy.samples.setting import LOGGED, Setting, under_moved
from rankeval.off_policy.samples.support import POWERS


@dataclass(frozen=True)
class TermList:
    """The terms of the estimators for all target policies.

    Attributes:
        asked: the requested estimators in their order.
        setting: the facts that the caller states, such as names of target policies and the estimand.
        loggers: number of logging policies that estimators distinguish.
        positions: length of the longest list, if an estimator has terms by position; else 0.
    """

    asked: tuple[Estimator, ...]
    setting: Setting = Setting()  # noqa: RUF009  (frozen)
    loggers: int = 1
    positions: int = 0

    @classmethod
    def of(
        cls,
        estimators: Sequence[Estimator],
        setting: Setting = Setting(),  # noqa: B008
        loggers: int = 1,
    ) -> TermList:
        """The terms of these estimators."""
        return cls(tuple(estimators), setting, loggers)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target policies; the log's own target policy has the empty name."""
        return self.setting.targets

    def at(self, positions: int) -> TermList:
        """The same terms for lists of up to ``positions`` positions."""
        by_position = any(estimator.definition.by_position for estimator in self.asked)
        return replace(self, positions=positions) if by_position else self

    @cached_property
    def estimators(self) -> tuple[Estimator, ...]:
        """All estimators to compute.

        If the data choose a parameter, there is one estimator per grid value and one with plain weights.
        """
        every = [candidate for estimator in self.asked for candidate in estimator.candidates]
        chosen = [estimator.unreduced for estimator in self.asked if estimator.choice is not None]
        return tuple(dict.fromkeys([*every, *(one for one in chosen if one is not None)]))

    @property
    def pairs(self) -> Iterator[tuple[str, Estimator]]:
        """Each target policy with each estimator."""
        return ((target, estimator) for target in self.targets for estimator in self.estimators)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The distinct terms, the reward first.

        Then come plain weights and reduced weights for diagnostics, the terms of the estimators' values, also
        for the logging policy and under shifted position-bias curves, and terms for overlap and bounds.
        """
        used = [term for target, estimator in self.pairs for term in self.of_value(estimator, target)]
        used += [
            estimator.term("weight", target=target)
            for target, estimator in self.pairs
            if estimator.weighting.transform in REDUCING
        ]
        plain = [term.plain for term in used if term.kind in WEIGHTED]
        apart = [estimator for estimator in self.estimators if estimator.definition.logged_apart]
        logged = [term for estimator in apart for term in self.of_value(estimator, LOGGED)]
        beside = [term for target, estimator in self.pairs for term in self._beside(estimator, target)]
        moved = [
            term
            for estimator in self.estimators
            for target in (*self.targets, *((LOGGED,) if estimator.definition.logged_apart else ()))
            for moved_target in self.moved_targets(estimator, target)
            for term in self.of_value(estimator, moved_target)
        ]
        return tuple(dict.fromkeys([REWARD, *plain, *used, *logged, *beside, *moved]))

    @cached_property
    def index(self) -> dict[Term, int]:
        """Term -> its index."""
        return {term: i for i, term in enumerate(self.terms)}

    @property
    def columns(self) -> list[str]:
        """The columns from which the terms are computed."""
        return needed_columns(self.at(1).terms)

    def of_value(self, estimator: Estimator, target: str) -> list[Term]:
        """The terms from whose means an estimator's value of a target policy is computed."""
        if estimator.definition.by_position:
            kinds: tuple[Kind, ...] = ("weighted_reward", "weight", "shown")
            return [estimator.term(kind, k, target) for kind in kinds for k in range(1, self.positions + 1)]
        strata = self.strata(estimator)
        terms = [term for logger in strata for term in estimator.terms(target, logger) if term is not None]
        return terms + [logged_by(estimator, logger) for logger in strata if logger]

    def strata(self, estimator: Estimator) -> Sequence[int]:
        """The numbers of the logging policies that an estimator distinguishes; 0 alone if it does not."""
        return [0] if estimator.loggers == "naive" else range(1, 1 + self.loggers)

    def moved_targets(self, estimator: Estimator, target: str) -> list[str]:
        """Names of a policy under each shifted curve that an estimator uses."""
        if not estimator.definition.of_clicks:
            return []
        directions = self.setting.directions(trust=estimator.ratio == "trust")
        return [under_moved(target, direction) for direction in directions]

    def unshown(self, estimator: Estimator) -> tuple[Kind, ...]:
        """Kinds of terms that bound the contribution of items that were not shown.

        Empty under the estimand ``rerank``, which ranks shown items only, and for ``click_dr`` with exposure,
        whose weights allow for sessions that do not show an item.
        """
        known = self.setting.estimand == "rerank" or (self.setting.exposed and estimator.ratio == "rho")
        return () if known else estimator.definition.unshown

    def _beside(self, estimator: Estimator, target: str) -> list[Term]:
        """Further terms for diagnostics.

        On bandit logs residuals of ``dr``, and support. From clicks overlap of the rankings, and bounds for
        items that were not shown.
        """
        if not estimator.definition.of_clicks:
            gap = [*self.support(estimator, target), *self.gap_model(estimator, target)]
            return self.residuals(estimator, target) + gap
        kinds: tuple[Kind, ...] = ("overlap", *self.unshown(estimator))
        return [estimator.term(kind, target=target) for kind in kinds]

    def support(self, estimator: Estimator, target: str) -> list[Term]:
        """The terms of the support gap, and of near-support by power; empty if they are not known.

        Weights over several logging policies, or of embeddings, have a support of their own.
        """
        known = estimator.ratio == "action" and estimator.loggers == "naive" and target in self.setting.listed
        if not known:
            return []
        near = [Term("near_support", target=target, cutoff=power) for power in POWERS]
        return [Term("support_gap", target=target), *near]

    def gap_model(self, estimator: Estimator, target: str) -> list[Term]:
        """The term of what a model predicts for the support gap; empty without a model, or if not known."""
        modelled = estimator.definition.mean in ("model", "doubly_robust") and self.setting.predicts_each
        return [Term("gap_model", target=target)] if modelled and self.support(estimator, target) else []

    def residuals(self, estimator: Estimator, target: str) -> list[Term]:
        """The terms of the weighted residuals by which ``dr`` corrects its model; empty for others."""
        definition = estimator.definition
        if definition.mean != "doubly_robust" or definition.of_rankings:
            return []
        return [
            estimator.term("weighted_residual", target=target, logger=logger)
            for logger in self.strata(estimator)
        ]


def logged_by(estimator: Estimator, logger: int) -> Term:
    """The term that is 1 for the rounds of one logging policy and 0 for others."""
    return estimator.term("logged_by", logger=logger)
