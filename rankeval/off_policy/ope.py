"""Off-policy estimates from a bandit or a ranking log: one streaming pass, any number of estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from rankeval.arrays.segments import in_order
from rankeval.errors import DataError, UsageError
from rankeval.estimators import parse
from rankeval.inference.inferring import Inferring
from rankeval.logs.log import Log
from rankeval.off_policy.accumulate import collect
from rankeval.off_policy.estimates import PartEstimates
from rankeval.off_policy.notes import of_clicks, of_counts, of_estimates, of_left_out, of_targets
from rankeval.off_policy.nuisances.nuisances import Fitting, announced, prepared, unused
from rankeval.off_policy.nuisances.reward_model import Weighting
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.samples.column_sources import Feed
from rankeval.off_policy.samples.rankings import ranking_feed
from rankeval.off_policy.samples.reward_range import parse_range
from rankeval.off_policy.samples.rounds import bandit_feed
from rankeval.off_policy.samples.setting import Given, parse_estimand, parse_targets, with_targets
from rankeval.options import listed, require_types
from rankeval.position_bias.known_curve import PositionBias


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
    stated = parse_range(reward_range)
    source = _source(log, columns, where, reward)
    _require_one_value(source, by, cluster)
    columns_of = parse_targets(target)
    bias = None if position_bias is None else PositionBias.of(position_bias)
    embeddings = listed(embedding)
    fitting = Fitting(reward_model, tuple(listed(features)), folds, model_weighting, seed, cluster, threads)
    exposed = source.has("exposure")
    given = Given(tuple(columns_of) or ("",), bias, parse_estimand(estimand), exposed, reward_range=stated)
    names = _estimator_names(source, estimators, given, fitting)
    chosen = list(dict.fromkeys(parse(name) for name in names))
    source = with_targets(source, columns_of, chosen)
    source, given = announced(source, given, fitting, embeddings)
    _feed(source, given).require(chosen)
    methods = tuple(dict.fromkeys(listed(ci)))
    infer = Inferring(methods, float(level), int(replicates), int(seed), cluster is not None)
    given = prepared(source, given, chosen, fitting)
    plan = Plan.of(chosen, given)
    found = collect(source, plan, given, bucketed=infer.bucketed, by=by, cluster=cluster, threads=threads)
    parts = {None: found.whole} | {v: found.segments[v] for v in in_order(found.segments) if v is not None}
    rows, comparisons = [], []
    for value, moments in parts.items():
        of_part = PartEstimates(value, infer.of(moments), found.plan)
        rows += of_part.rows()
        comparisons += of_part.comparisons()
    return OffPolicyEvaluation(
        inputs={
            "log": source.origin,
            "estimators": [estimator.label for estimator in chosen],
            "targets": columns_of or None,
            "position_bias": None if bias is None else bias.origin,
            "estimand": given.estimand if any(e.definition.of_clicks for e in chosen) else None,
            "where": where,
            "reward": source.reward,
            "reward_range": stated and [stated.low, stated.high],
            "reward_model": reward_model,
            "features": list(fitting.features),
            "folds": folds if reward_model else None,
            "model_weighting": model_weighting if reward_model else None,
            "embedding": embeddings,
            "by": by,
            "cluster": cluster,
            "seed": infer.seed,
        },
        estimates=tuple(rows),
        comparisons=tuple(comparisons),
        logged=rows[0].reward,
        notes=(
            *of_counts(source, infer),
            *(of_targets(source, chosen) if columns_of else ()),
            *of_clicks(source, given, chosen),
            *unused(given, chosen, fitting, embeddings),
            *of_left_out(found, by),
            *(stated.notes(found.checked, source) if stated else ()),
            *given.notes(source.name),
            *of_estimates({value: parts[value].n for value in parts}, rows, found.whole.whole),
        ),
    )


def _source(log: Any, columns: Mapping[str, str] | None, where: str | None, reward: str | None) -> Log:
    if not isinstance(log, Log):
        return Log(log, "log", columns or {}, where, reward)
    if columns or where is not None or reward is not None:
        raise UsageError("columns, where, reward: found a Log, which has its own; wanted them in Log(...)")
    if log.role != "log":
        raise UsageError(f"log: found a Log of role {log.role!r}, wanted 'log'")
    return log


def _require_one_value(log: Log, *names: str | None) -> None:
    """Lists are columns of a bandit log too, but none that says which segment or cluster a round is of."""
    known = [name for name in names if name is not None]
    log.require(known)
    for name in known if log.session is None else ():
        if pa.types.is_nested(log.kind(name)):
            found = f"column {log.name(name)!r} holds {log.kind(name)}"
            raise DataError(f"{log.origin}: {found}, wanted one value a round")


def _estimator_names(
    log: Log, estimators: str | Sequence[str] | None, given: Given, fitting: Fitting
) -> Sequence[str]:
    if estimators:
        return listed(estimators)
    if log.session is not None:
        return ["click_ips"] if given.position_bias is not None else _of_ranking(log)
    known = (log.has("q_logged") and log.has("q_target")) or log.has("candidate_q")
    return ["ips", "snips", *(["dr"] if known or fitting.reward_model else [])]


def _of_ranking(log: Log) -> Sequence[str]:
    """By default all that are not normalised; ``pi`` where its weights are logged, else ``click_ips``."""
    names = [
        "sips",
        "iips",
        "rips",
        "policy_aware",
        *(["pi"] if log.has("slate_weight") else []),
        "cascade_dr",
    ]
    can = ranking_feed(log, Given()).fed()
    default = "click_ips" if log.has("examination") or log.has("score") else names[0]
    return [name for name in names if name in can] or [default]


def _feed(log: Log, given: Given) -> Feed:
    return bandit_feed(log, given) if log.session is None else ranking_feed(log, given)
