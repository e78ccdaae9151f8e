"""Positions of items in a ranking log: from the column ``position``, or from the order of nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, by_place, read_only, stretch_of
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting


def position_roles(log: Log) -> list[str]:
    """The roles to read for positions: ``position``.

    The list is empty for a nested log without this column: the order of its lists gives the positions.
    """
    return [] if log.nested and not log.has("position") else ["position"]


def item_positions(sessions: Sessions) -> Floats:
    """(n,) float64, the position of each item, from 1; NaN if the item was not shown. Not checked."""
    if "position" in sessions:
        return as_float64(sessions.column("position"))
    first = np.repeat(sessions.offsets[:-1], sessions.lengths)
    return (counting(len(first)) - first + 1).astype(np.float64)


def position_of(sessions: Sessions, item: int) -> Any:
    """Position of one item, in the form that messages use."""
    if "position" in sessions:
        return sessions.column("position")[item].as_py()
    return int(item_positions(sessions)[item])


def order_by_position(sessions: Sessions) -> Ints | None:
    """(n,) int64, the order that sorts the items of each session by position.

    None if the items already are in this order, or if there is no column ``position``.

    Raises:
        DataError: the positions of a session are not 1, 2, ... with each of them once; a position is null.
    """
    if "position" not in sessions:
        return None
    places = sessions.numbers("position")
    order, bad = by_place(sessions.offsets, read_only(places))
    if bad >= 0:
        session = stretch_of(sessions.offsets, bad)
        length = int(sessions.lengths[session])
        raise sessions.error(
            "position", bad, f"{places[bad]:g}", f"each of 1 to {length} once in the session"
        )
    return None if np.array_equal(order, counting(len(order))) else order
