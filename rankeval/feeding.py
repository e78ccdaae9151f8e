"""Which estimators the columns of a log can feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rankeval.errors import DataError
from rankeval.estimators import ESTIMATORS, Definition, Estimator, parse
from rankeval.log import Log
from rankeval.plan import Plan

#: Column -> the columns it follows from where the log does not have it.
FollowsFrom = Mapping[str, Sequence[str]]


def sources_of(log: Log, columns: Sequence[str], follows_from: FollowsFrom) -> list[str]:
    """The columns to read for these: each itself where the log has it, else those it follows from."""
    roles: dict[str, None] = {}
    for column in columns:
        roles.update(dict.fromkeys([column] if log.has(column) else follows_from.get(column, [column])))
    return list(roles)


def fed(log: Log, follows_from: FollowsFrom) -> list[str]:
    """Names of the estimators that a log has the columns of."""
    kind = [d for d in ESTIMATORS.values() if d.of_rankings == (log.session is not None)]
    return [d.name for d in kind if not _missing(log, parse(d.name), follows_from)]


def require_fed(log: Log, estimators: Sequence[Estimator], follows_from: FollowsFrom) -> None:
    """Check that a log is of the estimators' kind and has their columns.

    Raises:
        DataError: naming the first estimator it cannot feed, what is missing, and the estimators it can.
    """
    for estimator in estimators:
        can = f"it can feed {', '.join(fed(log, follows_from)) or 'no estimator'}"
        if estimator.definition.of_rankings != (log.session is not None):
            raise DataError(f"{log.origin}: {_of_the_other_kind(log, estimator.definition)}; {can}")
        missing = _missing(log, estimator, follows_from)
        if missing:
            have = ", ".join(log.schema.names[:20])
            lacks = ", ".join(_lacks(log, column, follows_from) for column in missing)
            raise DataError(f"{log.origin}: {lacks}, which {estimator.label} needs; {can}; it has {have}")


def _missing(log: Log, estimator: Estimator, follows_from: FollowsFrom) -> list[str]:
    columns = Plan.of([estimator]).columns
    return [c for c in columns if not all(log.has(role) for role in sources_of(log, [c], follows_from))]


def _of_the_other_kind(log: Log, definition: Definition) -> str:
    session = repr(log.name("session_id"))
    if definition.of_rankings:
        return f"no column {session} and so a bandit log; wanted a ranking log for {definition.name}"
    return (
        f"has a column {session} and so is a ranking log; "
        f"wanted a bandit log, one row a round, for {definition.name}"
    )


def _lacks(log: Log, column: str, follows_from: FollowsFrom) -> str:
    text = f"no column {log.name(column)!r}"
    if column in follows_from:
        others = " and ".join(repr(log.name(role)) for role in follows_from[column])
        text += f", nor {others} that it follows from"
    return text
