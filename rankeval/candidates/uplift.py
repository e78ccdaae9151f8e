"""``uplift``: what candidate rankers would gain over the ranker of a click log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.candidates.alternatives import AGAINST_POSITION_BIAS, REFUTING, alternatives
from rankeval.candidates.curves import choose_curve
from rankeval.candidates.lists import Lists
from rankeval.candidates.request import Chosen, needs_curve, parse_candidates
from rankeval.candidates.result import Uplift
from rankeval.candidates.scored_log import with_scores
from rankeval.errors import UsageError
from rankeval.logs import Log, as_log, check_grouping
from rankeval.off_policy import OffPolicyEvaluation, ope
from rankeval.options import listed, require_types
from rankeval.parallel import default_threads
from rankeval.rankers import Ranker, with_columns
from rankeval.rankers.kinds import column_of


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
) -> Uplift:
    """Estimate what candidate rankers would gain over the ranker that made a click log."""
    require_types(locals())
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    rankers, specs = parse_candidates(candidate, trust)
    opened = as_log(log, columns, where, reward, 0, null_reward, first_position)
    check_grouping(opened, by, cluster)
    for name, ranker in rankers.items():
        with_columns(opened, list(ranker.columns), name)
    lists = Lists.of(opened, threads)
    needed = needs_curve(estimators, lists)
    curve = choose_curve(opened, position_bias, lists, cluster, threads, needed=needed)
    modelled = reward_model is not None
    chosen = Chosen.of(opened, lists, estimators, estimand, curve.given, modelled=modelled)
    scored, targets = _targets(curve.log, rankers, [by, cluster, *listed(features)], threads)
    found = ope(
        scored,
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
    asked = _models(user_models, found)
    users, failed = (
        alternatives(opened, scored, targets, asked, chosen.estimand, seed, threads) if asked else ([], [])
    )
    inputs = {
        "candidates": specs,
        "targets": None,
        "where": opened.where,
        "user_models": [each.users for each in users],
    }
    notes = [*curve.notes, *chosen.notes, *lists.notes(), *failed]
    return Uplift.of(found, inputs, users, notes, curve.learned)


def _models(user_models: str | Sequence[str] | None, found: OffPolicyEvaluation) -> Sequence[str]:
    """The click models to fit: those asked for, or the default ones if the log refutes position bias alone."""
    if user_models is not None:
        asked = listed(user_models)
        return [] if asked == ["none"] else asked
    refuted = any(note.code in REFUTING for note in found.notes)
    return AGAINST_POSITION_BIAS if refuted else ()


def _targets(
    log: Log, rankers: Mapping[str, Ranker], also: Sequence[str | None], threads: int
) -> tuple[Log, dict[str, str]]:
    """The log, and the column of scores of each candidate; nothing is scored where all are columns already."""
    columns = {name: column_of(ranker) for name, ranker in rankers.items()}
    known = {name: column for name, column in columns.items() if column is not None}
    if len(known) == len(columns):
        return log, known
    return with_scores(log, rankers, [name for name in also if name is not None], threads)
