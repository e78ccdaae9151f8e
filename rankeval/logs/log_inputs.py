"""What callers hand over as a log, as a :class:`Log`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log


def as_log(
    data: Any,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    reward: str | None = None,
) -> Log:
    """What callers name as a log: a :class:`Log` as it is, or one of this data.

    Raises:
        DataError: as :class:`Log` says.
        UsageError: so too; a ``Log`` with a column map, filter or reward beside its own, or of another role.
    """
    if not isinstance(data, Log):
        return Log(data, "log", columns or {}, where, reward)
    if columns or where is not None or reward is not None:
        raise UsageError("columns, where, reward: found a Log, which has its own; wanted them in Log(...)")
    if data.role != "log":
        raise UsageError(f"log: found a Log of role {data.role!r}, wanted 'log'")
    return data


def as_ranking_log(data: Any, columns: Mapping[str, str] | None = None, where: str | None = None) -> Log:
    """:func:`as_log`, of a log with sessions.

    Raises:
        DataError: so too; a log without a column ``session_id``.
        UsageError: so too.
    """
    log = as_log(data, columns, where)
    if log.session is None:
        raise DataError(
            f"{log.origin}: no column {log.name('session_id')!r} and so a bandit log, wanted a ranking log"
        )
    return log
