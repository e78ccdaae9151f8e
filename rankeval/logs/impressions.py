"""Impressions: the items that sessions showed, with their checked positions and clicks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Bools, Ints
from rankeval.arrays import as_float64, is_null
from rankeval.logs.log import Log
from rankeval.logs.positions import item_positions, order_by_position, position_roles
from rankeval.logs.sessions import Sessions


class Impressions(NamedTuple):
    """The ``n`` shown items of some sessions.

    Attributes:
        sessions: the sessions, each with its shown items only.
        positions: (n,) int64, the position of each item, from 1; each at most once in its session.
        clicks: (n,) int64, 0 or 1.
    """

    sessions: Sessions
    positions: Ints
    clicks: Ints


def impression_roles(log: Log) -> list[str]:
    """The roles of the columns that :func:`impressions_of` reads."""
    return ["session_id", *position_roles(log), "click"]


def impressions_of(sessions: Sessions, top: int | None = None) -> Impressions:
    """The shown items of sessions, with their positions and clicks.

    An item with a null position was not shown.

    Args:
        sessions: sessions with the columns of :func:`impression_roles`.
        top: the last position to keep; None keeps all positions. Items below it are checked too.

    Raises:
        DataError: a click is neither 0 nor 1, or an item that was not shown has a click; or as in
            :func:`rankeval.logs.positions.placed`.
    """
    shown, _ = parted(sessions, "click")
    order_by_position(shown)
    places = item_positions(shown)
    if top is not None and places.max(initial=0.0) > top:
        checked_clicks(shown)
        shown = shown.having(places <= top)
        places = places[places <= top]
    return Impressions(shown, places.astype(np.int64), checked_clicks(shown))


def parted(sessions: Sessions, reward: str) -> tuple[Sessions, Sessions | None]:
    """Split the items of sessions into shown items and items with a null position.

    Args:
        sessions: the sessions.
        reward: the role of the reward (or click) column.

    Returns:
        The sessions with their shown items, and the same sessions with their other items. The second is
        None if every item has a position.

    Raises:
        DataError: an item without a position has a reward that is neither null nor 0.
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
    """(n,) int64, the click on each item, 0 or 1.

    Raises:
        DataError: a click is neither 0 nor 1.
    """
    values = as_float64(sessions.column("click"))
    clicked = values == 1.0
    bad = ~(clicked | (values == 0.0))
    if bad.any():
        item = int(np.argmax(bad))
        raise sessions.error("click", item, sessions.column("click")[item].as_py(), "0 or 1")
    return np.asarray(clicked, np.int64)


def marked_shuffled(sessions: Sessions) -> Bools:
    """(n,) bool, the column ``shuffled`` for each session: whether its top items are in random order.

    Raises:
        DataError: a session with items has a value that is neither true nor false.
    """
    flags = as_float64(sessions.per_session("shuffled"))
    bad = (flags != 0.0) & (flags != 1.0) & (sessions.lengths > 0)
    if bad.any():
        row = int(np.argmax(bad))
        found = sessions.per_session("shuffled")[row].as_py()
        raise sessions.error_once("shuffled", row, found, "true or false")
    return np.asarray(flags == 1.0)
