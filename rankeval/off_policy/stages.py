"""All that ``ope`` computes of a log, as one function of it. A refit is the same on another draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rankeval.inference import InferenceOptions
from rankeval.logs import MAX_BUCKETED_SEGMENTS, Grouping, Log
from rankeval.notes import Note
from rankeval.off_policy.accumulate import Sums, accumulate
from rankeval.off_policy.betting_paths import BettingPaths
from rankeval.off_policy.estimates import Estimates, Many
from rankeval.off_policy.fit_errors import FitErrors
from rankeval.off_policy.nuisances import FittingOptions, Nuisances, fit_nuisances
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.request import Request
from rankeval.off_policy.samples import Setting, TermList, require_agreement
from rankeval.position_bias import LearnedCurve, learn_curve, of_the_ranker


@dataclass(frozen=True)
class Found:
    """What the stages make of a log.

    Attributes:
        request: the request, checked.
        nuisances: what was counted and fitted.
        sums: the moments of the terms.
        estimates: the estimates.
        errors: which estimates lean on what was fitted to the log.
        learned: the position-bias curve that was learned from the log; None: it is given, or there is none.
    """

    request: Request
    nuisances: Nuisances
    sums: Sums
    estimates: Estimates
    errors: FitErrors
    learned: LearnedCurve | None

    def estimates_with(self, infer: InferenceOptions, paths: BettingPaths) -> Estimates:
        """The estimates with the confidence sequences of a further pass, if there are any."""
        return (
            Estimates.of(self.sums, infer, self.estimates.many, self.errors, paths)
            if paths.intervals
            else self.estimates
        )

    def notes(self, by: str | None, cluster: str | None) -> Iterator[Note]:
        """Warnings about the curve, the rows and the fits."""
        yield from () if self.learned is None else self.learned.notes
        yield from self.sums.notes(self.request.sources, by, cluster)
        yield from self.nuisances.notes(self.request.log)


@dataclass(frozen=True)
class Stages:
    """The stages of ``ope``, with all options that they read.

    Attributes:
        names: the requested estimators; empty: the default ones.
        columns_of: name of each target policy -> its column.
        setting: the facts that the caller states.
        fitting: how nuisance models are fitted.
        infer: how standard errors and intervals are computed.
        by: the column that splits the units into segments.
        learning: the method that learns the position-bias curve from the log; None: it is given, or none is.
        many: how several comparisons are told together.
        checked: whether the log is known to be without contradictions, so that no pass looks for them.
        apart: whether the sessions that teach the curve are known to be no sessions of the ranker.
    """

    names: tuple[str, ...]
    columns_of: Mapping[str, str]
    setting: Setting
    fitting: FittingOptions
    infer: InferenceOptions
    by: str | None
    learning: str | None
    many: Many = Many()  # noqa: RUF009
    checked: bool = False
    apart: bool = False

    def of(self, log: Log) -> Found:
        """What the stages make of ``log``; errors as in :func:`rankeval.ope`."""
        fitting, infer = self.fitting, self.infer
        setting, learned = self.setting, None
        if self.learning is not None:
            learned = learn_curve(log, self.learning, fitting.threads, tested=not self.checked)
            setting = replace(setting, position_bias=learned.bias)
            log = of_the_ranker(log) if learned.apart or self.apart else log
        request = Request.of(log, self.names, self.columns_of, setting, fitting, infer, self.by)
        if not self.checked:
            require_agreement(request.sources, TermList.of(request.estimators).columns)
        nuisances = fit_nuisances(request.log, request.setting, request.estimators, fitting)
        likely = "likelihood" in infer.methods
        plan = Plan.of(request.estimators, request.setting, nuisances.logging_policies, likely)
        grouping = Grouping(infer.bucketed, self.by, fitting.cluster)
        sums = accumulate(request.sources, plan, nuisances, grouping, fitting.threads)
        errors = FitErrors.of(request.setting, nuisances, learned=self.learning is not None)
        estimates = Estimates.of(sums, infer, self.many, errors)
        if estimates.unsettled and len(sums.moments.segments) <= MAX_BUCKETED_SEGMENTS:
            # The choice of intervals needs more sums than means do.
            plan = replace(plan, with_weights=setting.reward_range is not None)
            grouping = replace(grouping, bucketed=True)
            sums = accumulate(request.sources, plan, nuisances, grouping, fitting.threads)
            estimates = Estimates.of(sums, infer, self.many, errors)
        return Found(request, nuisances, sums, estimates, errors, learned)
