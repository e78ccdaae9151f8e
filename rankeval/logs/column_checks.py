"""Checks of the columns that a pass reads, made before any row is read."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.roles import CANDIDATES, OF_ITEMS, OF_LOGGERS, ROLES, base


def check_columns(log: Log, roles: Sequence[str]) -> None:
    """Check that a log has these columns, as a pass over it needs them.

    Every file has them, with types that fit their roles. In a bandit log, candidate columns hold a list a
    round, their action is an index, and other columns with a role hold one value a round. In a nested
    ranking log, columns of items hold a list a session.

    Raises:
        DataError: for the first that does not fit.
    """
    log.require(roles)
    if log.role != "log":
        return
    indexed = any(role.startswith(CANDIDATES) for role in roles)
    for role in roles:
        wanted = _of_session(log, role) if log.session is not None else _of_round(log, role, indexed)
        if wanted is not None:
            raise DataError(
                f"{log.origin}: column {log.name(role)!r} holds {log.kind(role)}, wanted {wanted}"
            )


def check_grouping(log: Log, *roles: str | None) -> None:
    """Check columns that say which segment or cluster a unit is of: in a bandit log, no lists.

    Raises:
        DataError: a column is missing, or holds a list a round.
    """
    known = [role for role in roles if role is not None]
    log.require(known)
    for role in known if log.session is None else ():
        if pa.types.is_nested(log.kind(role)):
            found = f"column {log.name(role)!r} holds {log.kind(role)}"
            raise DataError(f"{log.origin}: {found}, wanted one value a round")


def _of_round(log: Log, role: str, indexed: bool) -> str | None:
    """What a column of a bandit log should hold instead; None where it fits."""
    if role in log.lists or base(role) not in ROLES["log"] or role == "embedding":
        return None
    kind = log.kind(role)
    if role.startswith((CANDIDATES, OF_LOGGERS)):
        return None if pa.types.is_nested(kind) else "a list of numbers a round"
    if role == "action" and indexed:
        return None if pa.types.is_integer(kind) else "an index from 0 into the candidates"
    return "one value a round" if pa.types.is_nested(kind) else None


def _of_session(log: Log, role: str) -> str | None:
    """What a column of a ranking log should hold instead; None where it fits."""
    if not log.nested or base(role) not in OF_ITEMS or pa.types.is_list(log.kind(role)):
        return None
    return "a list with a value for each item"
