"""All nuisance models, which are counted in a log or fitted to it before the pass that estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rankeval.errors import UsageError
from rankeval.estimators import Estimator
from rankeval.logs import Log, own
from rankeval.notes import Note, distinct
from rankeval.off_policy.nuisances.behaviour_learning import learn_behaviour_tree
from rankeval.off_policy.nuisances.embedding_counts import count_embeddings
from rankeval.off_policy.nuisances.embeddings import Embedding, are_lists
from rankeval.off_policy.nuisances.logging_policies import LoggingPolicies, count_logging_policies
from rankeval.off_policy.nuisances.relevance_model import RelevanceModel, fit_relevance_model
from rankeval.off_policy.nuisances.reward_model import RewardModel, RewardModels, Weighting, fit_reward_model
from rankeval.off_policy.samples import PREDICTIONS, RoundModel, Setting, TermList, examination_of
from rankeval.off_policy.user_behaviour import BehaviourTree

#: Columns of a target policy that the weights of a reward model depend on.
OF_WEIGHTING = ("target_propensity", "candidate_target_propensities")


@dataclass(frozen=True)
class FittingOptions:
    """How nuisance models are fitted.

    Attributes:
        reward_model: ``lightgbm``, ``logistic`` or ``ridge``; None: predictions come from the log.
        features: columns that the models read.
        folds: number of folds for cross-fitting: a model predicts only rounds or sessions of the fold that
            it was not fitted to.
        weighting: ``uniform``, or ``mrdr`` for the least variance of doubly robust estimates.
        seed: seed of folds and samples.
        cluster: column; all rows with the same value are in the same fold.
        threads: number of threads; the models do not depend on it.
    """

    reward_model: str | None
    features: tuple[str, ...]
    folds: int
    weighting: Weighting
    seed: int
    cluster: str | None
    threads: int | None


@dataclass(frozen=True)
class Nuisances:
    """The nuisance models that the estimators need; models that none needs are None or empty.

    Attributes:
        logging_policies: the logging policies and their numbers of rounds.
        embedding: marginal probabilities of embeddings, for ``mips``.
        rewards: reward models for each target policy, which replace logged predictions.
        relevance: the relevance model, which predicts ``q_logged`` for ``click_dr``.
        behaviours: target policy -> the tree that assigns user behaviours to sessions, for ``aips``.
    """

    logging_policies: LoggingPolicies | None = None
    embedding: Embedding | None = None
    rewards: RewardModels | None = None
    relevance: RelevanceModel | None = None
    behaviours: Mapping[str, BehaviourTree] = field(default_factory=dict)

    @property
    def of_rounds(self) -> list[RoundModel]:
        """The models that compute columns of bandit rounds."""
        found: list[RoundModel | None] = [self.logging_policies, self.embedding, self.rewards]
        return [model for model in found if model is not None]

    def notes(self, log: Log) -> list[Note]:
        """Warnings on the fits, and the learned behaviours."""
        found = [] if self.embedding is None else self.embedding.notes(log)
        models = [] if self.rewards is None else [*self.rewards.of_target.values()]
        found += distinct(note for model in models for note in model.notes)
        found += [] if self.relevance is None else self.relevance.notes
        for index, (target, tree) in enumerate(self.behaviours.items()):
            of = f" for target {target!r}" if target else ""
            leaves = "; ".join(tree.describe())
            found.append(Note("learned_behaviours", f"aips{of}, learned behaviours: {leaves}"))
            found += [tree.note] * (index == 0)
        return found


def fit_nuisances(
    log: Log, setting: Setting, estimators: Sequence[Estimator], options: FittingOptions
) -> Nuisances:
    """Count and fit the nuisance models that the estimators need, each in one pass over the log.

    Raises:
        DataError: invalid data, see the function that fits each model.
        UsageError: a reward model that none of the estimators uses; a parameter out of range.
    """
    columns = TermList.of(estimators).columns
    return Nuisances(
        logging_policies=_logging_policies(log, estimators, options.threads),
        embedding=_embedding(log, setting, columns, options.threads),
        rewards=_rewards(log, setting, estimators, columns, options),
        relevance=_relevance(log, setting, estimators, options),
        behaviours=_behaviours(log, setting, columns, options),
    )


def _logging_policies(
    log: Log, estimators: Sequence[Estimator], threads: int | None
) -> LoggingPolicies | None:
    """The logging policies; None if no estimator distinguishes them."""
    forms = {estimator.loggers for estimator in estimators}
    if forms == {"naive"}:
        return None
    indexed = "balanced" in forms and not log.has("mixture_propensity")
    return count_logging_policies(log, threads, indexed=indexed)


def _embedding(log: Log, setting: Setting, columns: Sequence[str], threads: int | None) -> Embedding | None:
    """The model of embeddings, with frequencies if only embeddings of logged actions are known."""
    if not setting.embedding or "marginal_propensity" not in columns:
        return None
    lists = [] if log.has("marginal_propensity") else ["candidate_propensities"]
    lists += [
        own("candidate_target_propensities", target)
        for target in setting.targets
        if not log.has(own("target_marginal_propensity", target))
    ]
    if not lists or are_lists(log, setting.embedding):
        return Embedding(setting.embedding)
    return Embedding(setting.embedding, count_embeddings(log, setting.embedding, lists, threads))


def _rewards(
    log: Log,
    setting: Setting,
    estimators: Sequence[Estimator],
    columns: Sequence[str],
    options: FittingOptions,
) -> RewardModels | None:
    """The reward model of each target policy; all share one, unless its weights depend on the policy."""
    if not setting.modelled or log.session is not None:
        return None
    if PREDICTIONS.isdisjoint(columns):
        names = ", ".join(estimator.label for estimator in estimators)
        raise UsageError(f"reward_model: none of {names} uses one; wanted one that does, such as dr")
    targets = setting.targets
    if options.weighting == "mrdr":
        return RewardModels({target: _reward_model(log, target, options) for target in targets})
    return RewardModels(dict.fromkeys(targets, _reward_model(log, targets[0], options)))


def _reward_model(log: Log, target: str, options: FittingOptions) -> RewardModel:
    assert options.reward_model is not None
    mine = {column: log.columns.get(own(column, target)) for column in OF_WEIGHTING} if target else {}
    return fit_reward_model(
        log.with_roles({column: name for column, name in mine.items() if name is not None}),
        options.reward_model,
        options.features,
        folds=options.folds,
        weighting=options.weighting,
        seed=options.seed,
        cluster=options.cluster,
        threads=options.threads,
    )


def _relevance(
    log: Log, setting: Setting, estimators: Sequence[Estimator], options: FittingOptions
) -> RelevanceModel | None:
    """The relevance model for ``click_dr``, with the examination of the given curve, else of the log."""
    if not setting.modelled or log.session is None:
        return None
    assert options.reward_model is not None
    kinds = {estimator.definition.mean for estimator in estimators}
    if "click_doubly_robust" not in kinds or "doubly_robust" in kinds:
        names = ", ".join(estimator.label for estimator in estimators)
        wanted = "on a ranking log it is the relevance that click_dr needs, and no reward to go"
        raise UsageError(f"reward_model: {wanted}; found {names}")
    if options.weighting != "uniform":
        raise UsageError(f"model_weighting: found {options.weighting!r}, wanted uniform on a ranking log")
    examination, roles = examination_of(log, setting)
    return fit_relevance_model(
        log,
        options.reward_model,
        options.features,
        examination,
        roles=roles,
        folds=options.folds,
        seed=options.seed,
        cluster=options.cluster,
        threads=options.threads,
    )


def learns_behaviours(log: Log, setting: Setting, columns: Sequence[str]) -> list[str]:
    """The target policies whose behaviours are learned: the log has neither behaviours nor subset weights."""
    if "subset_weight" not in columns or log.has("behaviour"):
        return []
    return [target for target in setting.targets if not log.has(own("subset_weight", target))]


def _behaviours(
    log: Log, setting: Setting, columns: Sequence[str], options: FittingOptions
) -> Mapping[str, BehaviourTree]:
    """A tree for each target policy that needs one, since it depends on the policy's importance weights."""
    return {
        target: learn_behaviour_tree(
            log,
            options.features,
            columns=("reward", "propensity", own("target_propensity", target)),
            seed=options.seed,
            threads=options.threads,
        )
        for target in learns_behaviours(log, setting, columns)
    }
