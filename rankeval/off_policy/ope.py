"""Off-policy estimates from a bandit log or a ranking log, by any number of estimators in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankeval.errors import UsageError
from rankeval.inference import InferenceOptions, parse_family, parse_side
from rankeval.logs import as_log, reader_notes
from rankeval.off_policy.betting_paths import BettingPaths, betting_paths
from rankeval.off_policy.click_refutation import ClickRefutation, with_doubts
from rankeval.off_policy.estimates import Many
from rankeval.off_policy.nested_assumptions import disagreements, with_disagreements
from rankeval.off_policy.nuisances import FittingOptions, Weighting
from rankeval.off_policy.propensity_reasons import PropensityReasons
from rankeval.off_policy.refits import RefitOptions, model_notes, refit, with_errors
from rankeval.off_policy.request_notes import request_notes
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.samples import (
    Setting,
    parse_estimand,
    parse_range,
    parse_targets,
    parse_weight_range,
)
from rankeval.off_policy.sensitivity import with_sensitivity
from rankeval.off_policy.stages import Stages
from rankeval.off_policy.value_range import ValueRange
from rankeval.off_policy.weight_histograms import weight_histograms
from rankeval.options import listed, require_types
from rankeval.position_bias import PositionBias, method_of
from rankeval.table_files import require_table_name, write_table


def ope(
    log: Any,
    estimators: str | Sequence[str] | None = None,
    *,
    target: Mapping[str, str] | Sequence[str] | None = None,
    position_bias: Any = None,
    estimand: str = "rerank",
    ci: str | Sequence[str] = ("auto",),
    level: float = 0.95,
    side: str = "two",
    replicates: int = 1000,
    family: str | None = None,
    simultaneous: bool = False,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    reward: str | None = None,
    reward_range: str | Sequence[float] | None = None,
    weight_range: str | Sequence[float] | None = None,
    first_action: int = 0,
    null_reward: str = "error",
    first_position: int = 1,
    reward_model: str | None = None,
    features: str | Sequence[str] = (),
    folds: int = 5,
    model_weighting: Weighting = "uniform",
    embedding: str | Sequence[str] = (),
    refits: int = 200,
    pessimistic: bool = False,
    path: str | Path | None = None,
    threads: int | None = None,
    engine: Any = None,
) -> OffPolicyEvaluation:
    """Estimate the value of target policies from a log, their gain over the logging policy, and diagnostics.

    The value of a policy is its expected reward per round of a bandit log, or per session of a ranking log.
    Estimators are computed from means over rounds or sessions. Most use importance weights ``w``, the ratio
    of target to logging probability; ``ips``, for example, is ``mean w r``. The formula and the source of
    each estimator are in ``rankeval.estimators.ESTIMATORS[NAME]``.

    Where there are several target policies, the best of them by each estimator has an estimate and an
    interval that are corrected for its having been chosen (Andrews, Kitagawa & McCloskey 2024).

    Estimators by propensities assume that the logged propensities are correct, and that the logging policy
    has support: it takes each action of the target policy with a probability above 0. Estimators from clicks
    assume that the position-bias curve is correct; their logging policy may be deterministic. Standard errors
    and intervals assume that rounds, sessions or clusters are independent.

    Args:
        log: a bandit log or a ranking log: path, folder, glob, URL, Arrow table, pandas or polars frame, or
            dict of arrays. A column ``weight`` says how many times a round or session counts: it
            stands for so many equal rows, all logged. A column ``sampling_weight`` says that a row of a
            thinned log was kept with probability 1 / weight. Means are then ``sum s x / sum s`` (Hajek), with
            linearised errors whose units are the rows (sessions, clusters), not the sum of the weights.

            A bandit log has one row per round with ``reward``, ``propensity`` and ``target_propensity``.
            A column ``importance_weight``, the ratio of target to logging probability or density, may stand
            for both propensities. Some estimators also need ``q_logged`` and ``q_target``, the predictions of
            a reward model. The log may hold candidate sets as lists instead: ``action`` (an index into the
            lists, from ``first_action``, or a name among ``candidates``), ``candidate_propensities``,
            ``candidate_target_propensities`` and ``candidate_q``. A number that the log holds in both forms
            must be the same in both.

            A ranking log has ``session_id``, ``position``, and ``reward`` or ``click``, in long layout (one
            row per item) or nested (one row per session). Each estimator needs some of the columns
            ``propensity_list``, ``propensity``, ``propensity_prefix`` and ``exposure``, each with the same
            column of the target policy under the prefix ``target_``, and of ``slate_weight``, ``q_logged``
            and ``q_target``. Estimators from clicks need ``score``, by which the candidate ranks, with
            ``item_id`` to order equal scores. Without ``position_bias`` they also need ``examination``, or
            ``alpha`` and ``beta``, of the logged position. A column ``session_reward`` is the reward of the
            whole list, the same in all rows of a session. ``sips``, ``snsips`` and ``pi`` use it.
        estimators: names such as ``snips``, ``cips:max_weight=5`` or ``click_dcg@10``
            (:func:`rankeval.estimators.parse`). The default for a bandit log is ``ips`` and ``snips``, and
            ``dr`` if there are predictions of the reward. The default for a ranking log is ``click_ips`` with
            ``position_bias``. Otherwise it is each of ``sips``, ``iips``, ``rips``, ``policy_aware``, ``pi``
            and ``cascade_dr`` whose columns the log has, ``pi`` only with ``slate_weight``. If there is none,
            it is ``click_ips``, if the log has ``score`` or ``examination``.
        target: target policies with names: name -> column, or texts ``NAME=COLUMN``. All are estimated and
            compared on the same rounds or sessions. In a bandit log the column holds a list, the policy's
            propensities of all candidates, a number, its propensity of the logged action, or a text, the
            action that it chooses. ``action:COLUMN``, ``propensity:COLUMN`` and ``weight:COLUMN`` (ready-made
            importance weights) say which; integers need it, if the log has ``action``. In a ranking log
            the column replaces the ``target_`` column that the estimators need. For estimators from clicks
            it is the score by which the candidate ranks, in descending order. ``score:COLUMN`` is that score
            for all estimators: by propensities, the policy ranks in this order with probability 1.
        position_bias: the probability of examination of positions 1, 2, ..., for estimators from clicks. It
            is a sequence of numbers, a JSON file with ``{"positions": [...], "examination": [...]}``, or such
            a dict. ``click_affine`` needs ``alpha`` and ``beta``. If there is a ``covariance`` of the
            examination, standard errors include it, as if the curve came from other sessions. Without it,
            and for ``click_affine``, the curve counts as known. A text such as ``learn:em`` learns the curve
            from this log, by a method of :func:`rankeval.propensity`. Errors are then joint, by refits.
        estimand: for estimators from clicks. ``rerank``: the candidate orders the items that were shown.
            ``full``: it orders all logged candidates; those without a position were not shown. ``full`` needs
            ``item_id``.
        ci: methods for confidence intervals: ``auto`` takes ``normal`` where it holds, else what does, and
            says which and why; ``normal`` (delta method), ``student``, ``bootstrap``
            (percentile), ``bootstrap_t``; with stated ranges also ``hoeffding``, ``bernstein``, ``betting``,
            ``clopper_pearson`` and ``likelihood``. Where a method does not exist for an estimate, its
            interval is None, with the reason. ``docs/intervals.md`` says when each holds. ``refit`` counts,
            fits, chooses and estimates everything anew on draws of the units
            (:mod:`rankeval.off_policy.refits`); standard errors are then those of refits. Without it,
            estimates whose models were fitted to this log in a way that other errors do not count have a
            value but no error (:mod:`rankeval.off_policy.fit_errors`).
        level: confidence level.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level, whose other end is open.
        replicates: number of bootstrap replicates. The bootstrap resamples buckets of units by the hash of
            ``cluster``, else of ``round_id`` or ``session_id``, else by the row number.
        family: over what the p-values of differences are adjusted, beside all pairs of policies: ``all``
            estimators and segments; the segments of one estimator (``metric``); the estimators in one
            ``segment``. Without it ``all`` if there is ``by``, else ``metric``.
        simultaneous: whether each difference gets a first interval ``max_t`` that holds for all of the
            family at once with probability ``level`` (Hothorn, Bretz & Westfall 2008).
        by: column that splits the rounds or sessions into segments.
        cluster: column whose values are independent, such as the user, if rounds or sessions are not. Without
            it, a warning tells if those of one user (a column such as ``user_id``) are alike.
        seed: seed of the bootstrap, and of the folds and samples of nuisance models.
        columns: role -> column name.
        where: row filter, such as ``position <= 3``.
        reward: arithmetic expression over columns that gives the reward, such as
            ``click + 5*purchase - 0.1*return``. It may have column names (in back-quotes unless they are
            plain words), numbers, ``+ - * /`` and parentheses. It is computed in float64, with booleans as 0
            and 1.
        reward_range: the least and the largest possible reward of a round, or of a position of a ranking. A
            reward outside this range is an error. Predictions outside it (``q_logged``, ``q_target`` and
            ``candidate_q``, if the estimators read them) are counted in a warning. A value outside
            it is a warning too; without a stated range, a value outside that of the logged rewards is.
        weight_range: the least and the largest possible importance weight of an action (``w`` of a bandit
            log), over all contexts and actions; the largest may be ``inf``. It is a true bound, which follows
            from both policies, and not what the log happens to hold: a log shows its heaviest weights
            rarely. A weight outside is an error.
        first_action: the number of the first candidate in column ``action``, 0 or 1.
        null_reward: ``zero``: a null or NaN in the rewards or clicks, or in a column of the expression,
            counts as 0, as after a left join; ``error``: it is an error.
        first_position: the number of the first position in the log, 0 or 1.
        reward_model: ``lightgbm``, ``logistic`` (rewards 0 and 1) or ``ridge``. Predictions ``q`` then come
            from a model that is fitted to the log by cross-fitting, not from the log. On a bandit log it
            needs candidate lists (:func:`rankeval.off_policy.nuisances.reward_model.fit_reward_model`). On a
            ranking log it is the relevance model of ``click_dr``
            (:func:`rankeval.off_policy.nuisances.relevance_model.fit_relevance_model`).
        features: columns that nuisance models read. A reward model takes one value per round, or lists with
            one value for each candidate. A relevance model takes one value per item or session. The behaviour
            tree of ``aips`` takes one value per session.
        folds: number of folds for cross-fitting.
        model_weighting: ``uniform``, or ``mrdr``, which fits the reward model for the least variance of
            ``dr`` (Farajtabar et al. 2018).
        embedding: columns that describe an action, for ``mips``; by default ``embedding``. A list holds the
            embedding of each candidate. A single value per round is the embedding of the logged action; its
            probability given the action is then counted in the log
            (:mod:`rankeval.off_policy.nuisances.embeddings`).
        path: a file for the running intervals of ``betting``, with columns ``estimator, target, against, n,
            low, high``: the interval after ``n`` rounds of a value, or of its difference to the policy
            ``against``. The extension decides: ``.parquet, .csv, .json, .jsonl`` or ``.arrow``.
        refits: number of refits for ``ci="refit"``. Units are drawn by the hash of ``cluster``, else of
            ``round_id`` or ``session_id``, else by the row number.
        pessimistic: whether values, gains and differences are those of the worst end of each policy's bounds:
            the lowest value over all rewards that actions without support may have, or candidates that were
            not shown. Estimates without bounds stay as they are.
        threads: number of threads; the result does not depend on it.
        engine: what works on the pieces of the log: ``local``, ``spark``, ``spark:MASTER_URL`` or a
            ``SparkSession`` (``docs/spark.md``). None: that of a ``Log``, else threads of this process.

    Returns:
        The estimates as an :class:`OffPolicyEvaluation`, with ``to_dict()``, ``to_pandas()`` and a readable
        repr.

    Raises:
        DataError: the data are invalid. The message names file, column and row, and says what is expected.
        UsageError: an argument is invalid.

    Example:
        >>> import rankeval
        >>> log = {"reward": [1, 0, 1, 0], "propensity": [0.5, 0.5, 0.25, 0.25]}
        >>> log["target_propensity"] = [0.5, 0, 0.5, 0.5]
        >>> rankeval.ope(log, "snips").to_dict()["results"][0]["value"]  # (1 + 2) / (1 + 0 + 2 + 2)
        0.6
    """
    require_types(locals())
    require_table_name("path", None if path is None else Path(path))
    many = Many(parse_family(family, by), simultaneous)
    log = as_log(log, columns, where, reward, first_action, null_reward, first_position, engine)
    columns_of, embeddings, learning = parse_targets(target), listed(embedding), method_of(position_bias)
    refitting = RefitOptions.of_call(ci, refits, level, parse_side(side), joint=learning is not None)
    infer = InferenceOptions.of_call(
        refitting.others, level, replicates, seed, cluster, side=side, automatic=True
    )
    if simultaneous and refitting.asked:
        raise UsageError("simultaneous: found it with refits, wanted intervals of other methods")
    if path is not None and "betting" not in infer.methods:
        raise UsageError("path: found it without betting among ci, wanted --ci betting, whose path it holds")
    fitting = FittingOptions(
        reward_model, tuple(listed(features)), folds, model_weighting, seed, cluster, threads
    )
    setting = Setting(
        targets=tuple(columns_of) or ("",),
        position_bias=None if position_bias is None or learning else PositionBias.of(position_bias),
        estimand=parse_estimand(estimand),
        exposed=log.has("exposure"),
        reward_range=parse_range(reward_range),
        weight_range=parse_weight_range(weight_range),
        embedding=tuple(embeddings) or (("embedding",) if log.has("embedding") else ()),
        modelled=reward_model is not None,
        pessimistic=pessimistic,
    )
    stages = Stages(tuple(listed(estimators or ())), columns_of, setting, fitting, infer, by, learning, many)
    found, paths = stages.of(log), BettingPaths()
    request, refitted = found.request, None
    notes = [
        *reader_notes(request.log),
        *request_notes(request, embeddings),
        *found.notes(by, cluster),
    ]
    if "betting" in infer.methods:
        paths = betting_paths(request.sources, found.sums, found.nuisances, infer, threads)
    estimates = found.estimates_with(infer, paths)
    if path is not None:
        write_table(paths.table(), Path(path))
    if refitting.asked:
        refitted = refit(stages, log, found, refitting, threads)
        estimates = with_errors(estimates, refitted, refitting)
        notes += [*model_notes(found.estimates), *refitted.notes()]
    refutation = ClickRefutation.of(found.sums, request.log, infer, found.learned)
    refutation = refutation.with_models(found)
    doubts = tuple(refutation.notes(estimates.rows))
    notes = [*refutation.without_false_alarms(notes, request.setting.position_bias)]
    within = ValueRange.of(found.sums, request.setting)
    outside = list(within.notes(estimates.rows))
    shared = [*notes, *estimates.unnamed, *paths.notes()]
    rows = with_doubts(with_sensitivity(estimates.rows, found.sums), doubts)
    rows, disagree = with_disagreements(rows, disagreements(found.sums, infer, estimates.rows))
    propensities = PropensityReasons.of(found.sums)
    rows = propensities.on(rows)
    return OffPolicyEvaluation(
        inputs={
            **request.inputs(columns_of, embeddings),
            "family": many.family,
            "refits": refitting.count if refitting.asked else None,
        },
        estimates=tuple(
            row.because(note for note in [*shared, *within.notes([row])] if note.level) for row in rows
        ),
        comparisons=estimates.comparisons,
        best=estimates.best,
        logged=estimates.logged,
        notes=(
            *notes,
            *estimates.notes(),
            *paths.notes(),
            *doubts,
            *disagree,
            *propensities.notes(),
            *outside,
        ),
        learned_curve=None if refitted is None or learning is None else refitted.learned_curve(learning),
        refutation=refutation.to_dict(),
        propensity_tests=propensities.to_dict(),
        weights=tuple(weight_histograms(found.sums)),
    )
