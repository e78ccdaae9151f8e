"""``uplift``: what candidate rankers would gain over the ranker of a click log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.candidates.alternatives import (
    AGAINST_POSITION_BIAS,
    MOST_FITTED,
    REFUTING,
    alternatives,
    parse_user_models,
)
from rankeval.candidates.curves import choose_curve
from rankeval.candidates.lists import Lists
from rankeval.candidates.request import Chosen, needs_curve, parse_candidates
from rankeval.candidates.result import Uplift
from rankeval.candidates.scored_log import scored
from rankeval.errors import UsageError
from rankeval.logs import as_log, check_grouping
from rankeval.notes import distinct
from rankeval.off_policy import ope
from rankeval.options import listed, require_types
from rankeval.parallel import default_threads
from rankeval.rankers import with_columns


def uplift(
    log: Any,
    candidate: Mapping[str, Any] | Sequence[str],
    *,
    position_bias: Any = None,
    estimators: str | Sequence[str] | None = None,
    estimand: str = "auto",
    trust: str | Sequence[str] = (),
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
    null_reward: str = "error",
    first_position: int = 1,
    reward_model: str | None = None,
    features: str | Sequence[str] = (),
    folds: int = 5,
    user_models: str | Sequence[str] | None = None,
    refits: int = 200,
    pessimistic: bool = False,
    threads: int | None = None,
    engine: Any = None,
) -> Uplift:
    """Estimate what candidate rankers would gain over the ranker that made a click log.

    Every candidate orders the items of each session by its scores, and the rewards of the log say what that
    order would bring. All candidates are scored in one pass, and estimated by the stages of
    :func:`rankeval.ope` on the same sessions.

    Two estimands are told apart. ``rerank``: a candidate orders the items that were shown. ``full``: it
    orders all candidate items of the log, those without a position too; what these would bring is bounded,
    and never scored.

    Estimates from clicks assume position-based users (a click has the probability of examination of its
    position times the relevance of the item) and a right curve. Both are tested where the log allows it, and
    the verdict says so. It also says where a candidate keeps so little of the top of the logged lists (30 %
    and 20 %) that the curve decides its gain. Values are per session.

    Args:
        log: a ranking log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays),
            long or nested, with ``session_id``, ``item_id``, ``position`` (null: a candidate item that was
            not shown), and ``click`` or ``reward``; ``shuffled`` (sessions in random order) and ``ranker``,
            if there are several.
        candidate: name -> candidate, or texts ``NAME=SPEC``. A candidate is a text as
            :func:`rankeval.open_ranker` takes it (``lightgbm:FILE``, ``column:NAME``, ``run:FILE``, ...), or
            an object with ``columns`` and ``score``. Equal scores rank by item id, descending.
        position_bias: examination of positions 1, 2, ..., as :func:`rankeval.ope` takes it. None: a column
            ``examination`` of the log, else learned from sessions in random order, from swaps, or from the
            lists of several rankers. Sessions in random order are left out of the estimates, since gains are
            over the ranker alone: the errors of their curve are independent of those of the estimates, and
            add to them by the delta method. Else curve and estimates rest on the same clicks, and their
            errors are joint, by refits.
        estimators: as for :func:`rankeval.ope`. None: where the ranker of the log is random (its items have
            a mean propensity under 0.9), ``iips``, ``rips`` or ``sips``, the first whose propensities are
            logged; with a curve of trust bias ``click_affine``; else ``click_ips``, ``click_dr`` if there is
            a model of relevance, and the metrics ``click_dcg@10``, ``click_precision@5``, ``click_arp``.
        estimand: ``rerank``, ``full``, or ``auto``: ``full`` where the log has items that were not shown.
        trust: types that a ``sklearn`` candidate may hold beside those that skops trusts.
        user_models: click models, such as ``pbm_trust`` and ``dbn``, that are fitted to the log; the result
            has the gains under each, and which of them predicts held-out sessions best. None: these two,
            where the log can tell them apart (sessions in random order, and at most a million sessions), or
            speaks against position-based users. ``none``: none.
        ci: methods for confidence intervals, as for :func:`rankeval.ope`. So are all arguments that are not
            named here: level, side, replicates, family, simultaneous, by, cluster, seed, columns, where,
            reward, reward_range, null_reward, first_position, reward_model, features, folds, refits,
            pessimistic, threads, engine.

    Returns:
        :class:`Uplift`, with the attributes of the result of ``ope``; the target of a row is the name of the
        candidate.

    Raises:
        DataError: the data are invalid, no session shows two items, nothing was clicked, or there is no
            curve and nothing to learn one from.
        UsageError: an argument is invalid.

    Example:
        >>> import rankeval
        >>> _ = rankeval.simulate("today", 2000, seed=1, queries=5, items=4, positions=4, logging="fixed",
        ...     candidate={"new": "fixed:skill=0.9"}, shuffle="full:share=0.5")
        >>> candidate = {"new": "column:score"}
        >>> found = rankeval.uplift("today", candidate, estimators="click_ips", user_models="none")
        >>> gain = found.to_dict()["results"][0]["gain"]
        >>> gain["relative_ci"]["low"] < gain["relative"] < gain["relative_ci"]["high"]
        True
    """
    require_types(locals())
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    models = None if user_models is None else parse_user_models(listed(user_models))
    rankers, specs = parse_candidates(candidate, trust)
    opened = as_log(log, columns, where, reward, 0, null_reward, first_position, engine)
    check_grouping(opened, by, cluster)
    for name, ranker in rankers.items():
        with_columns(opened, list(ranker.columns), name)
    lists = Lists.of(opened, threads)
    needed = needs_curve(estimators, lists)
    curve = choose_curve(opened, position_bias, lists, cluster, threads, needed=needed)
    modelled = reward_model is not None
    chosen = Chosen.of(opened, lists, estimators, estimand, curve.given, modelled=modelled)
    also = [name for name in (by, cluster, *listed(features)) if name is not None]
    with scored(curve.log, rankers, also, threads) as (used, targets):
        found = ope(
            used,
            chosen.estimators,
            target={name: f"score:{column}" for name, column in targets.items()},
            position_bias=curve.given,
            estimand=chosen.estimand,
            ci=ci,
            level=level,
            side=side,
            replicates=replicates,
            family=family,
            simultaneous=simultaneous,
            by=by,
            cluster=cluster,
            seed=seed,
            reward_range=reward_range,
            reward_model=reward_model,
            features=features,
            folds=folds,
            refits=refits,
            pessimistic=pessimistic,
            threads=threads,
        )
        if models is None:  # nobody asked: where the log can tell them from position bias
            telling = lists.shuffled > 0 and lists.sessions <= MOST_FITTED
            telling = telling and curve.given is not None and opened.reward is None
            refuted = any(note.code in REFUTING for note in found.notes)
            models = AGAINST_POSITION_BIAS if telling or refuted else ()
        users, failed = alternatives(opened, used, targets, models, chosen.estimand, seed, threads)
    inputs = {
        "candidates": specs,
        "targets": None,
        "where": opened.where,
        "user_models": [each.users for each in users],
    }
    of_models = [note for ranker in rankers.values() for note in getattr(ranker, "notes", ())]
    notes = distinct([*curve.notes, *chosen.notes, *lists.notes(), *of_models, *failed])
    return Uplift.of(found, inputs, users, notes, curve.learned)
