"""Checks that the data connect every position to position 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.errors import DataError
from rankeval.position_bias.request import Request


def unconnected(length: int, edges: Ints) -> list[int]:
    """The positions in 1 to ``length`` that have no path of ``edges`` (m, 2) to position 1."""
    reached = np.zeros(length + 1, np.bool_)
    reached[1] = True
    while True:
        either = reached[edges].any(axis=1)
        before = int(reached.sum())
        reached[edges[either].ravel()] = True
        if int(reached.sum()) == before:
            return [k for k in range(1, length + 1) if not reached[k]]


def require_connected(request: Request, segment: Any, length: int, edges: Ints) -> None:
    """Check that a path of ``edges`` (m, 2) leads from every position to position 1.

    Raises:
        DataError: some positions have no such path; the message names them.
    """
    refuse(request, segment, unconnected(length, edges))


def refuse(request: Request, segment: Any, positions: list[int]) -> None:
    """Raise the error for ``positions``, which are not connected to position 1.

    Raises:
        DataError: ``positions`` is not empty.
    """
    if not positions:
        return
    of = "" if segment is None else f", {request.by} {segment!r}"
    names = ", ".join(map(str, positions))
    verb = "positions {} do" if len(positions) > 1 else "position {} does"
    less = f", or --top {positions[0] - 1}" if positions[0] > 2 else ""
    raise DataError(
        f"{request.log.origin}{of}: {verb.format(names)} not connect to position 1, "
        f"wanted items that were clicked and shown at positions of both{less}"
    )


def require_clicks(request: Request, segment: Any, impressions: Floats, clicks: Floats) -> None:
    """Check that there are at least two positions, that each was shown, and that position 1 has clicks.

    Args:
        impressions: (K,) impressions at each position.
        clicks: (K,) clicks at each position.

    Raises:
        DataError: there is a single position, a position was never shown, or position 1 has no clicks.
    """
    of = "" if segment is None else f", {request.by} {segment!r}"
    origin = f"{request.log.origin}{of}"
    if len(clicks) < 2:
        raise DataError(f"{origin}: all sessions show a single position, wanted some that show more")
    if not impressions.all():
        unshown = int(np.argmin(impressions > 0.0)) + 1
        less = f", or --top {unshown - 1}" if unshown > 2 else ""
        raise DataError(
            f"{origin}: no session shows position {unshown}, wanted some for each of 1 to {len(clicks)}{less}"
        )
    if clicks[0] <= 0.0:
        raise DataError(f"{origin}: no click at position 1, wanted some: the curve is relative to it")
