"""The distinct terms that some estimators average, and the columns that terms are computed from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rankeval.estimators import REDUCING, REWARD, WEIGHTED, Estimator, Kind, Term, needed_columns
from rankeval.off_policy.samples.setting import LOGGED, Setting, under_moved


@dataclass(frozen=True)
class TermList:
    """The terms of some estimators of the value of some target policies.

    Attributes:
        asked: the estimators in the order asked.
        setting: names of target policies, the estimand, the position-bias curve.
        loggers: number of logging policies, as far as estimators tell them apart.
        positions: of the longest list, as far as estimators go by position; 0 where none does.
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
        """The terms of some estimators."""
        return cls(tuple(estimators), setting, loggers)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target policies; one without a name is the log's own."""
        return self.setting.targets

    def at(self, positions: int) -> TermList:
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
    def pairs(self) -> Iterator[tuple[str, Estimator]]:
        """Each target with each estimator."""
        return ((target, estimator) for target in self.targets for estimator in self.estimators)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Distinct terms: the reward, for diagnostics plain weights and reduced ones, and the estimators'."""
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
        """Where each term stands."""
        return {term: i for i, term in enumerate(self.terms)}

    @property
    def columns(self) -> list[str]:
        """The columns of a log that the terms are computed from."""
        return needed_columns(self.at(1).terms)

    def of_value(self, estimator: Estimator, target: str) -> list[Term]:
        """The terms behind an estimator's value of a target policy."""
        if estimator.definition.by_position:
            kinds: tuple[Kind, ...] = ("weighted_reward", "weight", "shown")
            return [estimator.term(kind, k, target) for kind in kinds for k in range(1, self.positions + 1)]
        strata = self.strata(estimator)
        terms = [term for logger in strata for term in estimator.terms(target, logger) if term is not None]
        return terms + [logged_by(estimator, logger) for logger in strata if logger]

    def strata(self, estimator: Estimator) -> Sequence[int]:
        """The numbers of the logging policies that an estimator tells apart; 0 where it does not."""
        return [0] if estimator.loggers == "naive" else range(1, 1 + self.loggers)

    def moved_targets(self, estimator: Estimator, target: str) -> list[str]:
        """The policy under the curve moved in each of its directions, for what depends on examination."""
        if not estimator.definition.of_clicks or estimator.ratio == "trust":
            return []
        return [under_moved(target, direction) for direction in range(len(self.setting.moved_curves))]

    def unshown(self, estimator: Estimator) -> tuple[Kind, ...]:
        """What bounds an estimate: nothing where exposure stands in for items while they are not shown."""
        known = self.setting.estimand == "rerank" or (self.setting.exposed and estimator.ratio == "rho")
        return () if known else estimator.definition.unshown

    def _beside(self, estimator: Estimator, target: str) -> list[Term]:
        """What is said beside an estimate from clicks: overlap of the rankings, and what was not shown."""
        if not estimator.definition.of_clicks:
            return []
        kinds: tuple[Kind, ...] = ("overlap", *self.unshown(estimator))
        return [estimator.term(kind, target=target) for kind in kinds]


def logged_by(estimator: Estimator, logger: int) -> Term:
    """Whether a round is of a logging policy."""
    return estimator.term("logged_by", logger=logger)
