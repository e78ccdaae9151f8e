"""Conversion of the log argument of public functions to a :class:`Log`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.logs.other_sources import run_by
from rankeval.readers import opens_elsewhere
from rankeval.spark import engine_of


def as_log(
    data: Any,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    reward: str | None = None,
    first_action: int = 0,
    null_reward: str = "error",
    first_position: int = 1,
    engine: Any = None,
) -> Log:
    """A :class:`Log` over ``data``; a ``Log`` is returned unchanged, but for its engine if one is given.

    Args:
        data: a ``Log``, or any data that :class:`Log` accepts.
        columns: role -> column name, as in :class:`Log`.
        where: row filter, as in :class:`Log`.
        reward: reward expression, as in :class:`Log`.
        first_action: number of the first candidate, as in :class:`Log`.
        null_reward: what becomes of null rewards, as in :class:`Log`.
        first_position: number of the first position, as in :class:`Log`.
        engine: what works on its leaves, as :func:`rankeval.spark.engine_of` takes it; None: that of a given
            ``Log``, else threads.

    Raises:
        DataError: as in :class:`Log`.
        UsageError: as in :class:`Log`; also if ``data`` is a ``Log`` and one of the other arguments is given
            too, or if its role is not ``log``.
    """
    if not isinstance(data, Log):
        log = Log(data, "log", columns or {}, where, reward, first_action, null_reward, first_position)
        return on_engine(log, engine)
    given = {
        "columns": columns or None,
        "where": where,
        "reward": reward,
        "first_action": first_action or None,
        "null_reward": None if null_reward == "error" else null_reward,
        "first_position": None if first_position == 1 else first_position,
    }
    named = ", ".join(name for name, value in given.items() if value is not None)
    if named:
        raise UsageError(f"{named}: found a Log, which has its own; wanted {named} in Log(...)")
    if data.role != "log":
        raise UsageError(f"log: found a Log of role {data.role!r}, wanted 'log'")
    return on_engine(data, engine)


def on_engine(log: Log, engine: Any) -> Log:
    """The same log, on whose leaves an engine works, as :func:`rankeval.spark.engine_of` takes it.

    Raises:
        UsageError: there is no such engine, or its workers cannot open a file or table of the log.
        DataError: the engine cannot be reached.
    """
    if engine is None:
        return log
    for source in log.sources if engine != "local" else ():  # before a session is opened, which takes long
        if not opens_elsewhere(source):
            raise UsageError(
                f"{source.name}: engine spark reads Parquet files, which its workers open; wanted such files"
            )
    return run_by(log, engine_of(engine))


def as_ranking_log(
    data: Any,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    engine: Any = None,
) -> Log:
    """A ranking log over ``data``: :func:`as_log` that also requires sessions.

    Raises:
        DataError: as in :func:`as_log`; also if the log has no column ``session_id``.
        UsageError: as in :func:`as_log`.
    """
    log = as_log(data, columns, where, null_reward=null_reward, first_position=first_position, engine=engine)
    if log.session is None:
        raise DataError(
            f"{log.origin}: no column {log.name('session_id')!r} and so a bandit log, wanted a ranking log"
        )
    return log


def stated(log: Log) -> dict[str, Any]:
    """What the caller said of the values in a log, where it is not the default, as values for JSON."""
    usual = {"first_action": 0, "null_reward": "error", "first_position": 1}
    said = {name: getattr(log, name) for name in usual}
    return {name: value for name, value in said.items() if value != usual[name]}
