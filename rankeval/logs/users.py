"""The column of users of a log, where nobody named it as cluster: sessions of one user are often alike.

Nothing here is an error: a log may hold such a column for other purposes.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import is_unknown, mix64, quick_hashes_of, take, take_or_null
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting
from rankeval.logs.synonyms import USERS


def user_column(*logs: Log | None) -> str | None:
    """The column of users of the files of some logs, the first of the usual names; None: there is none.

    All files must have the column, with ids of one type, and none may use it for a role.
    """
    known = [log for log in logs if log is not None]
    names = set.intersection(*(_user_columns(log) for log in known)) if known else set()
    return min(names, key=lambda name: (USERS.index(name.lower()), name), default=None)


def _user_columns(log: Log) -> set[str]:
    """The columns of a log that may hold users."""
    played: Collection[str] = {*log.columns.values(), *log.usual.values()}
    names = {name for name in log.schema.names if name.lower() in USERS and name not in played}
    return {name for name in names if _of_ids(log, name)}


def _of_ids(log: Log, name: str) -> bool:
    kinds = set()
    for source in log.sources:
        indices = source.schema.get_all_field_indices(name)
        if len(indices) != 1:
            return False
        kind = source.schema.field(indices[0]).type
        kinds.add(kind.value_type if pa.types.is_dictionary(kind) else kind)
    fits = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_floating)
    return len(kinds) == 1 and any(fit(kind) for kind in kinds for fit in fits)


def user_keys(sessions: Sessions, column: str) -> Hashes:
    """(n,) uint64, the hashed user of each unit; a unit without a user has a key of its own.

    If the value changes within a session, the first one counts.
    """
    ids = first_values(sessions, column)
    unknown = is_unknown(ids)
    if not unknown.any():
        return quick_hashes_of(ids)
    own = sessions.first_row + counting(len(sessions))
    keys = mix64(own.view(np.uint64), sessions.source + 1)
    known = np.flatnonzero(~unknown)
    keys[known] = quick_hashes_of(take(ids, known))
    return keys


def first_values(sessions: Sessions, column: str) -> pa.Array:
    """The first value of a column in each session; null for a session without rows."""
    if column in sessions.fields:
        return sessions.fields[column]
    values = sessions.items[column]
    if len(values) == len(sessions) and not sessions.nested:
        return values
    return take_or_null(values, np.where(sessions.lengths > 0, sessions.offsets[:-1], -1))
