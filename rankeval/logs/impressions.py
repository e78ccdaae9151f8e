"""The items that sessions showed, with their positions and clicks, checked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Bools, Ints
from rankeval.arrays import as_float64, is_null
from rankeval.logs.log import Log
from rankeval.logs.positions import item_positions, order_by_position, position_roles
from rankeval.logs.sessions import Sessions


class Shown(NamedTuple):
    """The shown items of some sessions.

    Attributes:
        sessions: these sessions, of the items that were shown.
        positions: (n,) int64, 1 to the length of its session's list.
        clicks: (n,) int64, 0 or 1.
    """

    sessions: Sessions
    positions: Ints
    clicks: Ints


def shown_roles(log: Log) -> list[str]:
    """The columns that :func:`shown_items` reads."""
    return ["session_id", *position_roles(log), "click"]


def shown_items(sessions: Sessions, top: int | None = None) -> Shown:
    """Positions and clicks of the items that were shown, down to position ``top``.

    Items of null position were not shown.

    Raises:
        DataError: a click other than 0 and 1, or on an item that was not shown; positions other than 1, 2,
            ... once each in a session.
    """
    shown, _ = parted(sessions, "click")
    order_by_position(shown)
    places = item_positions(shown)
    if top is not None and places.max(initial=0.0) > top:
        checked_clicks(shown)
        shown = shown.having(places <= top)
        places = places[places <= top]
    return Shown(shown, places.astype(np.int64), checked_clicks(shown))


def parted(sessions: Sessions, reward: str) -> tuple[Sessions, Sessions | None]:
    """The sessions with the items that were shown, and with those that have no position, where there are any.

    Raises:
        DataError: a reward on an item without position.
    """
    if "position" not in sessions or not sessions.column("position").null_count:
        return sessions, None
    without = is_null(sessions.column("position"))
    unshown = sessions.having(without)
    rewards = unshown.column(reward)
    bad = ~is_null(rewards) & (as_float64(rewards) != 0.0)
    if bad.any():
        item = int(np.argmax(bad))
        found = f"{rewards[item].as_py()} where {sessions.names['position']!r} is null"
        raise unshown.error(reward, item, found, "0 or null")
    return sessions.having(~without), unshown


def checked_clicks(sessions: Sessions) -> Ints:
    """(n,) int64, the clicks of items.

    Raises:
        DataError: one that is neither 0 nor 1.
    """
    values = as_float64(sessions.column("click"))
    clicked = values == 1.0
    bad = ~(clicked | (values == 0.0))
    if bad.any():
        item = int(np.argmax(bad))
        raise sessions.error("click", item, sessions.column("click")[item].as_py(), "0 or 1")
    return np.asarray(clicked, np.int64)


def marked_shuffled(sessions: Sessions) -> Bools:
    """(n,) what the column ``shuffled`` says of each session.

    Raises:
        DataError: a session with items where it is neither true nor false.
    """
    flags = as_float64(sessions.per_session("shuffled"))
    bad = (flags != 0.0) & (flags != 1.0) & (sessions.lengths > 0)
    if bad.any():
        row = int(np.argmax(bad))
        found = sessions.per_session("shuffled")[row].as_py()
        raise sessions.error_once("shuffled", row, found, "true or false")
    return np.asarray(flags == 1.0)
