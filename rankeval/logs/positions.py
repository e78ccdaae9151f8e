"""Positions of items in a ranking log: from the column ``position``, or from the order of nested lists.

Positions are whole numbers, each at most once in a session. They need not follow one another: slots may stay
empty, and a session may hold a second page. The position says where an item was shown, and so how likely
users are to examine it. The order of the positions is the order of the list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, by_place, read_only, stretch_of
from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions, counting

#: A larger position would cost memory in proportion.
LARGEST_POSITION = 10_000
#: So many sessions that all start at 1 show that positions count from 1.
TELLING = 20


class Placed(NamedTuple):
    """The items of some sessions in the order of their positions.

    Attributes:
        order: (n,) int64, the order that sorts the items of each session by position; None if they are in
            this order.
        positions: (n,) float64, the positions in this order; None if those of each session are 1, 2, ...
    """

    order: Ints | None
    positions: Floats | None


def position_roles(log: Log) -> list[str]:
    """The roles to read for positions: ``position``.

    The list is empty for a nested log without this column: the order of its lists gives the positions.
    """
    return [] if log.nested and not log.has("position") else ["position"]


def item_positions(sessions: Sessions) -> Floats:
    """(n,) float64, the position of each item, from 1; NaN if the item was not shown. Not checked."""
    if "position" in sessions:
        return from_one(sessions, as_float64(sessions.column("position")))
    first = np.repeat(sessions.offsets[:-1], sessions.lengths)
    return (counting(len(first)) - first + 1).astype(np.float64)


def from_one(sessions: Sessions, positions: Floats) -> Floats:
    """Positions that count from 1, from numbers that count as those of the file do."""
    return positions if sessions.first_position == 1 else positions + (1 - sessions.first_position)


def position_of(sessions: Sessions, item: int) -> Any:
    """Position of one item, in the form that messages use."""
    if "position" in sessions:
        return sessions.column("position")[item].as_py()
    return int(item_positions(sessions)[item])


def order_by_position(sessions: Sessions) -> Ints | None:
    """(n,) int64, the order that sorts the items of each session by position; see :func:`placed`."""
    return placed(sessions).order


def placed(sessions: Sessions) -> Placed:
    """The items of sessions in the order of their positions.

    Raises:
        DataError: a position is null, no whole number, below the first position, above 10,000, or occurs
            twice in a session; all sessions start at the other first position.
    """
    if "position" not in sessions:
        return Placed(None, None)
    places = read_only(from_one(sessions, sessions.numbers("position")))
    order, bad = by_place(sessions.offsets, places)
    if bad >= 0:
        return _with_gaps(sessions, places)
    return Placed(None if np.array_equal(order, counting(len(order))) else order, None)


def _with_gaps(sessions: Sessions, places: Floats) -> Placed:
    bad = ~((places >= 1.0) & (places <= LARGEST_POSITION) & (places == np.floor(places)))
    if bad.any():
        raise _unfit(sessions, int(np.argmax(bad)), places)
    owner = np.repeat(counting(len(sessions)), sessions.lengths)
    order = np.lexsort((places, owner))
    again = np.flatnonzero((np.diff(places[order]) == 0.0) & (np.diff(owner[order]) == 0))
    if len(again):
        raise _unfit(sessions, int(order[again + 1].min()), places)
    if sessions.first_position == 0 and len(sessions) >= TELLING and _start_at(sessions, places, 2.0):
        item, wanted = int(np.argmin(places)), "0 in some sessions; all so far start at 1: --first-position 1"
        raise sessions.error("position", item, position_of(sessions, item), wanted)
    in_order = np.array_equal(order, counting(len(order)))
    return Placed(None if in_order else order, read_only(places[order]))


def _unfit(sessions: Sessions, item: int, places: Floats) -> DataError:
    """The error for an item whose position is no number of a position, or stands in the session before."""
    first = sessions.first_position
    wanted = f"a whole number from {first} to {LARGEST_POSITION - 1 + first}, each once in the session"
    if first == 1 and _start_at(sessions, places, 0.0):
        wanted += "; all sessions so far start at 0: --first-position 0"
    return sessions.error("position", item, f"{position_of(sessions, item)}", wanted)


def _start_at(sessions: Sessions, places: Floats, first: float) -> bool:
    """Whether the lowest position of each of these sessions is ``first``."""
    starts = sessions.offsets[:-1][sessions.lengths > 0]
    return bool((np.minimum.reduceat(places, starts) == first).all())


def require_no_gaps(sessions: Sessions, reader: str) -> None:
    """Check that the positions of each session are 1, 2, ... without a gap.

    Args:
        sessions: the sessions, whose positions are valid.
        reader: what cannot read gaps, for the message.

    Raises:
        DataError: a session lacks a position above its last one.
    """
    if "position" not in sessions:
        return
    places = item_positions(sessions)
    beyond = places > np.repeat(sessions.lengths, sessions.lengths)
    if beyond.any():
        item = int(np.argmax(beyond))
        length, first = int(sessions.lengths[stretch_of(sessions.offsets, item)]), sessions.first_position
        wanted = (
            f"each of {first} to {length - 1 + first} once in the session: {reader} takes lists without gaps"
        )
        raise sessions.error("position", item, f"{position_of(sessions, item)}", wanted)
