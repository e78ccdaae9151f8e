"""Curves from randomised sessions: the ratio of clicks at a position to clicks at position 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only
from rankeval.errors import DataError
from rankeval.logs import (
    RANGES,
    Impressions,
    Log,
    Sessions,
    impression_roles,
    impressions_of,
    marked_shuffled,
    within_range,
)
from rankeval.notes import Note
from rankeval.position_bias.connectivity import require_clicks
from rankeval.position_bias.contrasts import LogContrast
from rankeval.position_bias.curve import Counts, Curve, curve_of, curves
from rankeval.position_bias.position_sums import Tally, Terms, gather, last_position
from rankeval.position_bias.request import Request


def shuffle(request: Request) -> dict[Any, Curve]:
    """Curves from sessions that show their items in random order: clicks at ``k`` over clicks at 1.

    Under a uniform shuffle every item is as likely at ``k`` as at 1, so the ratio of expected clicks is
    ``theta_k``. The clicks at 1 are counted in the sessions that have a position ``k``. The sessions used are
    those marked by the column ``shuffled``, or all if the log has no such column, except those of a swap
    experiment.

    Raises:
        DataError: no session is shuffled; there is no click at position 1; or an error of
            :func:`~rankeval.logs.impressions.impressions_of`.
    """
    log = request.log
    design = design_of(log)

    def values(sessions: Sessions, shown: Impressions) -> tuple[Floats, Bools]:
        return shown.clicks.astype(np.float64), _shuffled(sessions, design)

    found = _of_ratios(request, design, values)
    if "shuffled" in design:
        return found
    text = f"no column {log.name('shuffled')!r}: all sessions are taken to have shown a random order"
    return found | {None: found[None].with_notes(Note("all_taken_as_shuffled", text))}


def pair(request: Request) -> dict[Any, Curve]:
    """Curves from all sessions: clicks at ``k`` over clicks at 1, each weighted by ``1 / propensity``.

    ``propensity`` is the probability of the item at its position under the whole logging policy, shuffled
    sessions included. A design that swaps one random pair of positions is an example. The expectation of the
    weighted clicks at ``k`` is ``theta_k`` times the total relevance of the items that can appear at ``k``.
    The method assumes that these are the same items at every position: each item has a propensity above 0 at
    each position.

    Raises:
        DataError: a propensity is outside (0, 1]; there is no click at position 1; or an error of
            :func:`~rankeval.logs.impressions.impressions_of`.
    """

    def values(sessions: Sessions, shown: Impressions) -> tuple[Floats, Bools]:
        numbers = shown.sessions.numbers("propensity")
        propensity, bad = within_range("propensity", numbers)
        if bad is not None:
            raise shown.sessions.error("propensity", bad, numbers[bad], RANGES["propensity"].wanted)
        return shown.clicks / propensity, np.ones(len(sessions), np.bool_)

    return _of_ratios(request, ["propensity"], values)


def design_of(log: Log) -> list[str]:
    """The roles that say which sessions were shuffled or swapped, among those that the log has."""
    return [role for role in ("shuffled", "swap_low") if log.has(role)]


def _shuffled(sessions: Sessions, design: list[str]) -> Bools:
    """(n,) whether all items of a session were shuffled: it is marked, and in no swap experiment.

    Args:
        design: the roles among ``shuffled`` and ``swap_low`` that the log has.
    """
    chosen = np.ones(len(sessions), np.bool_)
    if "shuffled" in design:
        chosen &= marked_shuffled(sessions)
    if "swap_low" in design:
        chosen &= np.isnan(as_float64(sessions.per_session("swap_low")))
    return chosen


#: Takes sessions and their shown items; returns the value of each item, and whether each session is used.
Values = Callable[[Sessions, Impressions], tuple[Floats, Bools]]


def _of_ratios(request: Request, more: list[str], values: Values) -> dict[Any, Curve]:
    """Curves: ``theta_k`` is the total value at ``k`` over that at 1, in the sessions with a position ``k``.

    ``more`` holds the roles to read in addition to those of :func:`impressions_of`.
    """
    roles = [*impression_roles(request.log), *more]

    def terms_of(sessions: Sessions) -> Terms:
        shown = impressions_of(sessions, request.top)
        of_items, chosen = values(sessions, shown)
        lengths = shown.sessions.lengths
        last = last_position(shown.sessions, shown.positions)
        terms = np.zeros((2 * (last - 1), len(sessions)))
        _write_ratios(shown.sessions.offsets, read_only(shown.positions), read_only(of_items), terms)
        return Terms(shown, terms, np.flatnonzero(chosen & (lengths > 0)))

    tallies = gather(request, roles, terms_of, bucketed=request.infer.bucketed)
    if not tallies[None].moments.n:
        raise _nothing_shuffled(request.log)
    return curves(tallies, lambda value, tally: _curve(request, value, tally))


def _nothing_shuffled(log: Log) -> DataError:
    wanted = "some that showed all items in random order"
    if log.has("swap_low"):
        wanted += "; for swaps of two positions --method swap"
    return DataError(f"{log.origin}: no session is shuffled, wanted {wanted}")


def _curve(request: Request, segment: Any, tally: Tally) -> Curve:
    means = tally.moments.mean
    require_clicks(request, segment, tally.impressions, tally.clicks)
    positions = len(means) // 2 + 1
    for k in range(2, positions + 1):
        if not means[2 * (k - 2) + 1] > 0.0:
            of = "" if segment is None else f", {request.by} {segment!r}"
            raise DataError(
                f"{request.log.origin}{of}: no click at position 1 in the sessions that show position {k}, "
                f"wanted some, or --top {k - 1}"
            )
    contrasts = [
        LogContrast(((2 * (k - 2), 1.0), (2 * (k - 2) + 1, -1.0))) if means[2 * (k - 2)] > 0.0 else None
        for k in range(2, positions + 1)
    ]
    counts = Counts(int(tally.moments.n), tally.impressions, tally.clicks)
    return curve_of(segment, counts, request.infer.of(tally.moments), [None, *contrasts])


@kernel
def _write_ratios(offsets: Ints, positions: Ints, values: Floats, terms: Floats) -> None:
    """Write the two terms of each session for positions k = 2, 3, ...: the values at ``k`` and at 1.

    Both terms stay 0 if the session has no position ``k``.
    """
    for row in range(offsets.size - 1):
        first = 0.0
        for i in range(offsets[row], offsets[row + 1]):
            if positions[i] == 1:
                first = values[i]
        for i in range(offsets[row], offsets[row + 1]):
            if positions[i] > 1:
                terms[2 * (positions[i] - 2), row] = values[i]
                terms[2 * (positions[i] - 2) + 1, row] = first
