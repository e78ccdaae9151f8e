"""What is counted or fitted before the pass that estimates: loggers, embeddings, models, behaviours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rankeval.errors import UsageError
from rankeval.estimators import Estimator
from rankeval.logs.log import Log
from rankeval.logs.roles import own
from rankeval.off_policy.nuisances.behaviour_learning import learn_behaviour_tree
from rankeval.off_policy.nuisances.embedding_counts import count_embeddings
from rankeval.off_policy.nuisances.embeddings import Embedding, are_lists
from rankeval.off_policy.nuisances.logging_policies import Loggers, count_loggers
from rankeval.off_policy.nuisances.relevance_model import RelevanceModel, fit_relevance_model
from rankeval.off_policy.nuisances.reward_model import RewardModel, Weighting, fit_reward_model
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.samples.click_views import examination_of
from rankeval.off_policy.samples.column_sources import PREDICTIONS
from rankeval.off_policy.samples.setting import Given
from rankeval.off_policy.user_behaviour.tree import BehaviourTree

#: What a target has of its own that a reward model is weighted by.
OF_WEIGHTING = ("target_propensity", "candidate_target_propensities")


@dataclass(frozen=True)
class Fitting:
    """How models are fitted.

    Attributes:
        reward_model: ``lightgbm, logistic, ridge``; None: predictions are those of the log.
        features: columns that models read.
        folds: a round or session is predicted by a model that has not seen its fold.
        weighting: ``uniform``, or ``mrdr`` for the least variance of doubly robust estimates.
        seed: of folds and samples.
        cluster: a column whose values stay in one fold.
        threads: number of threads; models do not depend on it.
    """

    reward_model: str | None
    features: tuple[str, ...]
    folds: int
    weighting: Weighting
    seed: int
    cluster: str | None
    threads: int | None


def announced(log: Log, given: Given, fitting: Fitting, embedding: Sequence[str]) -> tuple[Log, Given]:
    """What is known before anything is fitted: which columns will come from where.

    Raises:
        DataError: a column of the embedding is missing.
    """
    columns = tuple(embedding) or (("embedding",) if log.has("embedding") else ())
    if columns and log.session is None:
        log, given = log.with_lists(columns), replace(given, embedding=Embedding(columns))
    if fitting.reward_model is not None and log.session is None:
        return log.with_lists(fitting.features), replace(given, reward_models={})
    return log, replace(given, modelled=fitting.reward_model is not None)


def prepared(log: Log, given: Given, estimators: Sequence[Estimator], fitting: Fitting) -> Given:
    """The same with all that the estimators need fitted.

    Raises:
        DataError: as the fits say.
        UsageError: a reward model that none of the estimators uses; a parameter out of range.
    """
    columns = Plan.of(estimators).columns
    given = replace(given, loggers=_loggers(log, estimators, fitting.threads))
    if given.embedding is not None and "marginal_propensity" in columns:
        given = replace(given, embedding=_counted(log, given, given.embedding, fitting.threads))
    if given.reward_models is not None:
        if PREDICTIONS.isdisjoint(columns):
            names = ", ".join(estimator.label for estimator in estimators)
            raise UsageError(f"reward_model: none of {names} uses one; wanted one that does, such as dr")
        given = replace(given, reward_models=_reward_models(log, given.targets, fitting))
    if given.modelled:
        given = replace(given, relevance_model=_relevance_model(log, given, estimators, fitting))
    if "subset_weight" in columns and not log.has("behaviour"):
        given = replace(given, behaviours=_behaviours(log, given.targets, fitting))
    return given


def unused(
    given: Given, estimators: Sequence[Estimator], fitting: Fitting, embedding: Sequence[str]
) -> Iterator[str]:
    """What was asked for and changes nothing."""
    if fitting.reward_model is None and fitting.features and not given.behaviours:
        yield "features: nothing is learned from them; they are for a reward model, or behaviours for aips"
    if fitting.reward_model is None and fitting.weighting != "uniform":
        yield f"model_weighting: no reward model is fitted, {fitting.weighting!r} changes nothing"
    if embedding and "marginal_propensity" not in Plan.of(estimators).columns:
        yield "embedding: none of the estimators uses it; it is for mips"


def _loggers(log: Log, estimators: Sequence[Estimator], threads: int | None) -> Loggers | None:
    """Who wrote the log, where estimators tell them apart."""
    forms = {estimator.loggers for estimator in estimators}
    if forms == {"naive"}:
        return None
    return count_loggers(log, threads, indexed="balanced" in forms and not log.has("mixture_propensity"))


def _counted(log: Log, given: Given, embedding: Embedding, threads: int | None) -> Embedding:
    """The embedding with the frequencies it needs where only that of the logged action is known."""
    if log.has("marginal_propensity") or are_lists(log, embedding.columns):
        return embedding
    lists = ["candidate_propensities"]
    lists += [own("candidate_target_propensities", target) for target in given.targets]
    return replace(embedding, frequencies=count_embeddings(log, embedding.columns, lists, threads))


def _reward_models(log: Log, targets: Sequence[str], fitting: Fitting) -> Mapping[str, RewardModel]:
    """A model for each target; without weights that depend on it all have the same."""
    if fitting.weighting == "mrdr":
        return {target: _reward_model(log, target, fitting) for target in targets}
    return dict.fromkeys(targets, _reward_model(log, targets[0], fitting))


def _reward_model(log: Log, target: str, fitting: Fitting) -> RewardModel:
    assert fitting.reward_model is not None
    mine = {column: log.columns.get(own(column, target)) for column in OF_WEIGHTING} if target else {}
    return fit_reward_model(
        log.with_roles({column: name for column, name in mine.items() if name is not None}),
        fitting.reward_model,
        fitting.features,
        folds=fitting.folds,
        weighting=fitting.weighting,
        seed=fitting.seed,
        cluster=fitting.cluster,
        threads=fitting.threads,
    )


def _relevance_model(
    log: Log, given: Given, estimators: Sequence[Estimator], fitting: Fitting
) -> RelevanceModel:
    """Relevance for ``click_dr``, by the examination of the curve that is given, else of the log."""
    assert fitting.reward_model is not None
    kinds = {estimator.definition.mean for estimator in estimators}
    if "click_doubly_robust" not in kinds or "doubly_robust" in kinds:
        names = ", ".join(estimator.label for estimator in estimators)
        wanted = "on a ranking log it is the relevance that click_dr needs, and no reward to go"
        raise UsageError(f"reward_model: {wanted}; found {names}")
    if fitting.weighting != "uniform":
        raise UsageError(f"model_weighting: found {fitting.weighting!r}, wanted uniform on a ranking log")
    examination, roles = examination_of(log, given)
    return fit_relevance_model(
        log,
        fitting.reward_model,
        fitting.features,
        examination,
        roles=roles,
        folds=fitting.folds,
        seed=fitting.seed,
        cluster=fitting.cluster,
        threads=fitting.threads,
    )


def _behaviours(log: Log, targets: Sequence[str], fitting: Fitting) -> Mapping[str, BehaviourTree]:
    """For each target whose subset weights are not logged, a tree of its own: it depends on the weights."""
    return {
        target: learn_behaviour_tree(
            log,
            fitting.features,
            columns=("reward", "propensity", own("target_propensity", target)),
            seed=fitting.seed,
            threads=fitting.threads,
        )
        for target in targets
        if not log.has(own("subset_weight", target))
    }
