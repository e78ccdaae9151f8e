"""Checks of the columns that a pass reads. They run before any row is read."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.roles import CANDIDATES, OF_ITEMS, OF_LOGGERS, ROLES, base


def check_columns(log: Log, roles: Sequence[str]) -> None:
    """Check that a log has the columns that a pass reads, and that their types fit.

    Every file must have the columns, with types that fit their roles. In a bandit log, columns of all
    candidates or of all logging policies hold one list per round. ``action`` is an integer index if a
    candidate column is read too. Other columns with a known role hold one value per round, except
    ``embedding`` and the roles in ``log.lists``. In a nested ranking log, item columns hold one list per
    session.

    Args:
        log: the log; layouts are checked only if its role is ``log``.
        roles: the roles of the columns that the pass reads.

    Raises:
        DataError: a column is missing or does not fit; the message names the first one.
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
    """Check the columns that give the segment or the cluster of each unit.

    Args:
        log: the log. In a bandit log, the columns must not hold lists.
        roles: the roles of the columns; None is skipped.

    Raises:
        DataError: a column is missing, or holds one list per round in a bandit log.
    """
    known = [role for role in roles if role is not None]
    log.require(known)
    for role in known if log.session is None else ():
        if pa.types.is_nested(log.kind(role)):
            found = f"column {log.name(role)!r} holds {log.kind(role)}"
            raise DataError(f"{log.origin}: {found}, wanted one value a round")


def _of_round(log: Log, role: str, indexed: bool) -> str | None:
    """The expected content of a column of a bandit log, in words; None if the column fits.

    ``indexed``: whether the pass reads a candidate column, so that ``action`` must be an index into it.
    """
    if role in log.lists or base(role) not in ROLES["log"] or role == "embedding":
        return None
    kind = log.kind(role)
    if role.startswith((CANDIDATES, OF_LOGGERS)):
        return None if pa.types.is_nested(kind) else "a list of numbers a round"
    if role == "action" and indexed:
        return None if pa.types.is_integer(kind) else _index(log)
    return "one value a round" if pa.types.is_nested(kind) else None


def _index(log: Log) -> str:
    return f"an index from {log.first_action} into the candidates, or names and a column candidates of names"


def _of_session(log: Log, role: str) -> str | None:
    """The expected content of a column of a ranking log, in words; None if the column fits."""
    if not log.nested or base(role) not in OF_ITEMS or pa.types.is_list(log.kind(role)):
        return None
    return "a list with a value for each item"
