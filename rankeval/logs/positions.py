"""Where items stand in the lists of a ranking log, whether a column says it or the order of nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, by_place, read_only, stretch_of
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting


def position_roles(log: Log) -> list[str]:
    """The column ``position``; none in nested layout without it, where the order of the lists is meant."""
    return [] if log.nested and not log.has("position") else ["position"]


def item_positions(sessions: Sessions) -> Floats:
    """Position of each item, NaN where it was not shown."""
    if "position" in sessions:
        return as_float64(sessions.column("position"))
    first = np.repeat(sessions.offsets[:-1], sessions.lengths)
    return (counting(len(first)) - first + 1).astype(np.float64)


def position_of(sessions: Sessions, item: int) -> Any:
    """Position of one item, as messages say it."""
    if "position" in sessions:
        return sessions.column("position")[item].as_py()
    return int(item_positions(sessions)[item])


def order_by_position(sessions: Sessions) -> Ints | None:
    """The order that puts the items of each session by position; None where they are.

    Raises:
        DataError: positions other than 1, 2, ... once each; a null among them.
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
