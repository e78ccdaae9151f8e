"""Curves from sessions whose order was random: ratios of clicks at a position to those at position 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only
from rankeval.errors import DataError
from rankeval.logs import (
    RANGES,
    Log,
    Sessions,
    Shown,
    marked_shuffled,
    out_of_range,
    shown_items,
    shown_roles,
)
from rankeval.notes import Note
from rankeval.position_bias.connectivity import require_clicks
from rankeval.position_bias.contrasts import LogContrast
from rankeval.position_bias.curve import Counts, Curve, curve_of, curves
from rankeval.position_bias.position_sums import Tally, Terms, gather, require_length
from rankeval.position_bias.request import Request


def shuffle(request: Request) -> dict[Any, Curve]:
    """``theta_k`` as clicks at ``k`` over clicks at 1, of sessions that showed their items in random order.

    Under a uniform shuffle every item is as likely at ``k`` as at 1, so the ratio of expected clicks is that
    of examination. Clicks at 1 are those of the sessions that have a position ``k``. Sessions are those of
    ``shuffled``, all where the log has no such column; not those of a swap experiment.

    Raises:
        DataError: no session was shuffled; no click at position 1; as
            :func:`~rankeval.logs.impressions.shown_items` says.
    """
    log = request.log
    design = [role for role in ("shuffled", "swap_low") if log.has(role)]

    def values(sessions: Sessions, shown: Shown) -> tuple[Floats, Bools]:
        return shown.clicks.astype(np.float64), _shuffled(sessions, design)

    found = _of_ratios(request, design, values)
    if "shuffled" in design:
        return found
    text = f"no column {log.name('shuffled')!r}: all sessions are taken to have shown a random order"
    return found | {None: found[None].with_notes(Note("all_taken_as_shuffled", text))}


def pair(request: Request) -> dict[Any, Curve]:
    """``theta_k`` as the ratio of clicks weighted by ``1 / propensity``, of all sessions.

    ``propensity`` is the probability of this item at this position under the whole logging policy, shuffled
    sessions included, as a design that swaps one random pair gives it. The weighted clicks at ``k`` expect
    ``theta_k`` times the relevance of all items that may stand there: of the same items at every position, as
    is so if each of them has a propensity above 0 at each.

    Raises:
        DataError: a propensity outside (0, 1]; no click at position 1; as
            :func:`~rankeval.logs.impressions.shown_items` says.
    """

    def values(sessions: Sessions, shown: Shown) -> tuple[Floats, Bools]:
        propensity = shown.sessions.numbers("propensity")
        bad = out_of_range("propensity", propensity)
        if bad is not None:
            raise shown.sessions.error("propensity", bad, propensity[bad], RANGES["propensity"].wanted)
        return shown.clicks / propensity, np.ones(len(sessions), np.bool_)

    return _of_ratios(request, ["propensity"], values)


def _shuffled(sessions: Sessions, design: list[str]) -> Bools:
    """(n,) whether a session was shuffled in full."""
    chosen = np.ones(len(sessions), np.bool_)
    if "shuffled" in design:
        chosen &= marked_shuffled(sessions)
    if "swap_low" in design:
        chosen &= np.isnan(as_float64(sessions.per_session("swap_low")))
    return chosen


Values = Callable[[Sessions, Shown], tuple[Floats, Bools]]


def _of_ratios(request: Request, more: list[str], values: Values) -> dict[Any, Curve]:
    roles = [*shown_roles(request.log), *more]

    def terms_of(sessions: Sessions) -> Terms:
        shown = shown_items(sessions, request.top)
        of_items, chosen = values(sessions, shown)
        lengths = shown.sessions.lengths
        longest = int(lengths.max(initial=1))
        require_length(request, shown.sessions, longest)
        terms = np.zeros((2 * (longest - 1), len(sessions)))
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
    require_clicks(request, segment, tally.clicks)
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
    """For positions k = 2, 3, ... the value there, and that at position 1 where the list is as long."""
    for row in range(offsets.size - 1):
        first = 0.0
        for i in range(offsets[row], offsets[row + 1]):
            if positions[i] == 1:
                first = values[i]
        for i in range(offsets[row], offsets[row + 1]):
            if positions[i] > 1:
                terms[2 * (positions[i] - 2), row] = values[i]
                terms[2 * (positions[i] - 2) + 1, row] = first
