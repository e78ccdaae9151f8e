"""Session ids that stand in more than one place of a log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import hashes_of, take, take_or_null
from rankeval.errors import DataError
from rankeval.logs.layout import run_starts
from rankeval.logs.log import Log
from rankeval.progress import is_silent, notice


def tell_of_ids_again(log: Log, repeated: Hashes) -> None:
    """Say on stderr where an id comes back after other ids, for it may be that of another session.

    Args:
        log: a log in long layout.
        repeated: the hashes of ids that are known to stand in several places.
    """
    if log.session != "session_id" or is_silent():
        return
    found = _first_again(log, log.session, repeated)
    if found is not None:
        place, session = found
        name = log.name(log.session)
        text = f"{place}: {name} {session!r} again after other ids, taken as the same session"
        more = f"; if ids start anew, name what tells them apart: --column session_id=day,{name}"
        notice(text + ("" if "," in name else more))


def _first_again(log: Log, role: str, repeated: Hashes) -> tuple[str, Any] | None:
    """The place of the first row whose id stands in an earlier row, but not in the row before; and the id."""
    ended, last = set(), None
    for leaf in log.leaves():
        for stretch in log.batches(leaf, [role]):
            ids = stretch.rows.column(role)
            starts = run_starts(ids)
            for row in starts[np.isin(hashes_of(take(ids, starts)), repeated)].tolist():
                session = ids[row].as_py()
                if session in ended and (row or session != last):
                    return log.place(leaf, stretch.index + row), session
                ended.add(session)
            last = ids[len(ids) - 1].as_py()
    return None


def _of_rows(ids: pa.Array) -> pa.Array:
    """The id of each row, which may stand in a list, once for each item; null for an empty list."""
    if not pa.types.is_list(ids.type) and not pa.types.is_large_list(ids.type):
        return ids
    offsets = ids.offsets.to_numpy()
    return take_or_null(ids.values, np.where(np.diff(offsets) > 0, offsets[:-1], -1))


def require_one_row_each(log: Log, repeated: Hashes) -> None:
    """Check that no session of a nested log has two rows; there is none if only hashes collide.

    Raises:
        DataError: a session has two rows; the message names the second.
    """
    assert log.session is not None
    seen = set()
    for leaf in log.leaves():
        for stretch in log.batches(leaf, [log.session]):
            ids = _of_rows(stretch.rows.column(log.session))
            for row in np.flatnonzero(np.isin(hashes_of(ids), repeated)):
                session = ids[row].as_py()
                if session in seen:
                    place = log.place(leaf, stretch.index + int(row))
                    raise DataError(
                        f"{place}: {log.name(log.session)} {session!r} again, wanted one row for each"
                    )
                seen.add(session)
