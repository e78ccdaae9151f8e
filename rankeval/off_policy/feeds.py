"""The estimators that a log can feed, and what it lacks for each of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rankeval.errors import DataError
from rankeval.estimators import ESTIMATORS, Estimator
from rankeval.logs import Log, check_columns
from rankeval.off_policy.samples import (
    ColumnSources,
    Setting,
    TermList,
    uses_ready_weights,
    uses_session_reward,
    with_scalar_reward,
    with_targets,
)


@dataclass(frozen=True)
class Feeds:
    """What the columns of a log are enough for; nothing is said of their values.

    Attributes:
        can: the estimators that the log can feed -> what each assumes.
        cannot: the other estimators -> the columns that each lacks, or that do not fit.
    """

    can: Mapping[str, str]
    cannot: Mapping[str, list[str]]


def feeds(log: Log) -> Feeds:
    """The estimators that ``ope`` would take for a log, by the checks of ``ope`` itself.

    A position-bias curve, or a reward model, can stand for some of the missing columns.
    """
    can: dict[str, str] = {}
    cannot: dict[str, list[str]] = {}
    for definition in ESTIMATORS.values():
        missing = _missing(log, Estimator(definition))
        if missing:
            cannot[definition.form] = missing
        else:
            can[definition.form] = definition.assumes
    return Feeds(can, cannot)


def _missing(log: Log, estimator: Estimator) -> list[str]:
    """The names of the columns that an estimator lacks, or that do not fit; empty if it can be fed."""
    rankings = estimator.definition.of_rankings
    kind = [] if rankings == (log.session is not None) else _of_the_other_kind(log)
    log = with_scalar_reward(log)
    embedding = ("embedding",) if log.has("embedding") else ()
    setting = Setting(exposed=log.has("exposure"), embedding=embedding)
    sources = ColumnSources.as_kind(log, setting, rankings=rankings)
    if missing := [*kind, *sources.lacking(estimator)]:
        weighed = not kind and log.has("importance_weight") and estimator.ratio == "action"
        if not weighed or sources.lacking(estimator.of_ready_weights):
            return list(dict.fromkeys(missing))
    try:
        log = with_targets(log, {}, [estimator])
        setting = replace(
            setting,
            session_reward=uses_session_reward(log, [estimator]),
            weighed=uses_ready_weights(log, setting.targets),
        )
        sources = ColumnSources.of(log, setting)
        estimator = setting.form_of(estimator)
        sources.require([estimator])
    except DataError:
        return ["reward"]
    return _unfit(sources, estimator)


def _unfit(sources: ColumnSources, estimator: Estimator) -> list[str]:
    """The columns that an estimator reads and whose types do not fit."""
    log, found = sources.log, []
    for role in sources.roles(TermList.of([estimator]).columns):
        try:
            check_columns(log, [role])
        except DataError:
            found.append(log.name(role))
    return found


def _of_the_other_kind(log: Log) -> list[str]:
    """What keeps a log from being one of the other kind."""
    session = log.name("session_id")
    return [session] if log.session is None else [f"one row a round, without {session}"]
