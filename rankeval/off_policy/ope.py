"""Off-policy estimates from a bandit or a ranking log: one streaming pass, any number of estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.inference import InferenceOptions
from rankeval.logs import Grouping, as_log
from rankeval.off_policy.accumulate import accumulate
from rankeval.off_policy.estimates import Estimates
from rankeval.off_policy.nuisances import FittingOptions, Weighting, fit_nuisances
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.request import Request
from rankeval.off_policy.request_notes import request_notes
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.samples import Setting, parse_estimand, parse_range, parse_targets
from rankeval.options import listed, require_types
from rankeval.position_bias import PositionBias


def ope(
    log: Any,
    estimators: str | Sequence[str] | None = None,
    *,
    target: Mapping[str, str] | Sequence[str] | None = None,
    position_bias: Any = None,
    estimand: str = "rerank",
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    reward: str | None = None,
    reward_range: str | Sequence[float] | None = None,
    reward_model: str | None = None,
    features: str | Sequence[str] = (),
    folds: int = 5,
    model_weighting: Weighting = "uniform",
    embedding: str | Sequence[str] = (),
    threads: int | None = None,
) -> OffPolicyEvaluation:
    """Value of a target policy from a log, its gain over the log, and what the weights look like.

    Args:
        log: a bandit log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays) with
            ``reward, propensity, target_propensity``, for some estimators ``q_logged, q_target``; or with
            candidate sets as lists: ``action`` (an index from 0), ``candidate_propensities``,
            ``candidate_target_propensities``, ``candidate_q``. Or a ranking log, long or nested, with
            ``session_id, position``, ``reward`` or ``click``, and what an estimator needs of
            ``propensity_list, propensity, propensity_prefix, exposure`` with their ``target_`` twins,
            ``slate_weight, q_logged, q_target``; for those from clicks, whose logging policy may be
            deterministic, the candidate's ``score``, with ``item_id`` for ties, and unless ``position_bias``
            is given ``examination``, or ``alpha`` and ``beta``, of the logged position. A column ``weight``
            says how many times a round or session counts.
        estimators: names such as ``snips``, ``cips:max_weight=5`` or ``click_dcg@10``
            (:func:`rankeval.estimators.parse`); by default ``ips`` and ``snips``, and ``dr`` where the log
            has a reward model's predictions; for rankings all of ``sips, iips, rips, policy_aware, pi,
            cascade_dr`` that the log can feed, ``pi`` only if it has ``slate_weight``; ``click_ips`` with
            ``position_bias``, or where none of those can be fed and there is ``score`` or ``examination``.
        target: several target policies, name -> column, or texts ``NAME=COLUMN``. In a bandit log the column
            holds the propensities of all candidates as a list, or that of the logged action; in a ranking
            log what stands for the ``target_`` twin of the estimators, or for those from clicks the score by
            which the candidate ranks, descending. They are compared on the same units.
        position_bias: for estimators from clicks, how likely users are to examine positions 1, 2, ...:
            numbers, a JSON file of ``{"positions": [...], "examination": [...]}``, or such a dict; with
            ``alpha`` and ``beta`` for ``click_affine``. Errors include those that its ``covariance`` tells
            of, as if it came from other sessions; without one, and for ``click_affine``, it is as known.
        estimand: of estimators from clicks: ``rerank``, the candidate orders the items that were shown, or
            ``full``, all candidates that were logged, where those without a position were not shown; it needs
            ``item_id``.
        ci: interval methods: ``normal`` (delta method), ``bootstrap`` (percentile), ``bootstrap_t``.
        level: confidence level.
        replicates: of the bootstrap, which resamples buckets of hashed ``round_id`` or ``session_id``, else
            of row numbers.
        by: a column that splits the rounds or sessions into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``position <= 3``.
        reward: arithmetic over columns that gives the reward, such as ``click + 5*purchase - 0.1*return``:
            column names (in back-quotes where they are no plain word), numbers, ``+ - * /``, parentheses;
            all in float64, booleans as 0 and 1.
        reward_range: the least and the largest reward of a round, or of a position of a ranking, that there
            can be. A reward outside is an error, a prediction of it (``q_logged, q_target, candidate_q``, as
            far as the estimators read them) is counted in a warning.
        reward_model: ``lightgbm``, ``logistic`` (rewards 0 and 1) or ``ridge``: predictions ``q`` of a model
            that is fitted by cross-fitting, not those of the log; needs candidate lists
            (:func:`rankeval.off_policy.nuisances.reward_model.fit_reward_model`).
        features: columns that the model reads; one value a round, or a list with one for each candidate.
        folds: of the cross-fitting.
        model_weighting: ``mrdr`` fits for the least variance of ``dr`` (Farajtabar et al. 2018).
        embedding: columns that say what an action is, for ``mips``; by default ``embedding``. Lists hold that
            of each candidate; one value a round is that of the logged action, and its probability given the
            action is counted in the log (:mod:`rankeval.off_policy.nuisances.embeddings`).
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`OffPolicyEvaluation`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and what is wanted.
        UsageError: the call is wrong.
    """
    require_types(locals())
    log = as_log(log, columns, where, reward)
    columns_of, embeddings = parse_targets(target), listed(embedding)
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster)
    fitting = FittingOptions(
        reward_model, tuple(listed(features)), folds, model_weighting, seed, cluster, threads
    )
    setting = Setting(
        targets=tuple(columns_of) or ("",),
        position_bias=None if position_bias is None else PositionBias.of(position_bias),
        estimand=parse_estimand(estimand),
        exposed=log.has("exposure"),
        reward_range=parse_range(reward_range),
        embedding=tuple(embeddings) or (("embedding",) if log.has("embedding") else ()),
        modelled=reward_model is not None,
    )
    request = Request.of(log, listed(estimators or ()), columns_of, setting, fitting, infer, by)
    nuisances = fit_nuisances(request.log, setting, request.estimators, fitting)
    plan = Plan.of(request.estimators, setting, nuisances.logging_policies)
    sums = accumulate(request.sources, plan, nuisances, Grouping(infer.bucketed, by, cluster), threads)
    estimates = Estimates.of(sums, infer)
    return OffPolicyEvaluation(
        inputs=request.inputs(columns_of, embeddings),
        estimates=estimates.rows,
        comparisons=estimates.comparisons,
        logged=estimates.logged,
        notes=(
            *request_notes(request, embeddings),
            *sums.notes(request.sources, by),
            *nuisances.notes(request.log),
            *estimates.notes(),
        ),
    )
