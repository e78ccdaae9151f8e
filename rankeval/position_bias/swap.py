"""Curves from swap experiments: two positions of a session are exchanged with probability one half."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only, sums
from rankeval.errors import DataError
from rankeval.inference import Inference
from rankeval.logs import Sessions, fold, from_one, impression_roles, impressions_of
from rankeval.notes import Note
from rankeval.position_bias.connectivity import require_connected
from rankeval.position_bias.contrasts import LogContrast
from rankeval.position_bias.curve import Counts, Curve, curve_of, curves
from rankeval.position_bias.position_sums import Tally, Terms, gather
from rankeval.position_bias.request import Request

#: Largest number of arms; the limit exists because each arm adds two terms, whose covariances are kept.
MAX_ARMS = 200
_DESIGN = ["swap_low", "swap_high"]


class Arms(NamedTuple):
    """The pairs of positions that the experiment exchanges.

    Attributes:
        low, high: (A,) int64, the positions of each arm, ``low < high``.
    """

    low: Ints
    high: Ints


def swap(request: Request) -> dict[Any, Curve]:
    """Curves from a swap experiment: ``log theta`` by generalised least squares over its arms.

    An arm is a pair of positions, ``swap_low`` and ``swap_high``. Its sessions show the two items in either
    order with the same probability. So clicks at the high position over clicks at the low one estimate
    ``theta_high / theta_low``. The logarithm of this ratio estimates a difference of ``log theta``, with the
    inverse of its variance as weight. If the arms form a star or a chain, the weights have no effect.

    Raises:
        DataError: no session belongs to an arm; there are more than 200 arms; the arms with clicks at both
            positions do not connect every position to position 1; an arm is not two positions of the list;
            or an error of :func:`~rankeval.logs.impressions.impressions_of`.
    """
    log = request.log
    roles = [*impression_roles(log), *_DESIGN]
    arms = _arms(request)

    def terms_of(sessions: Sessions) -> Terms:
        shown = impressions_of(sessions, request.top)
        arm = _arm_of(sessions, arms, request.top)
        terms = np.zeros((2 * len(arms.low), len(sessions)))
        _write_arms(
            shown.sessions.offsets,
            read_only(shown.positions),
            read_only(shown.clicks),
            arm,
            read_only(arms.low),
            read_only(arms.high),
            terms,
        )
        of_items = np.repeat(arm, shown.sessions.lengths)
        at = (shown.positions == arms.low[of_items]) | (shown.positions == arms.high[of_items])
        behind = at & (of_items >= 0)
        _require_both(sessions, arm, sums(shown.sessions.offsets, read_only(behind.astype(np.float64))))
        return Terms(shown, terms, np.flatnonzero(arm >= 0), behind)

    tallies = gather(request, roles, terms_of, bucketed=request.infer.bucketed)
    return curves(tallies, lambda value, tally: _curve(request, value, arms, tally))


def _arms(request: Request) -> Arms:
    """The arms of a log in ascending order, without those that reach below the position ``top``."""
    log = request.log

    def work(sessions: Sessions) -> Ints:
        low, high = _design(sessions)
        there = ~np.isnan(low)
        both = np.stack([low[there], high[there]], axis=1).astype(np.int64)
        return np.unique(both, axis=0)

    def merged(left: Ints, right: Ints) -> Ints:
        arms = np.unique(np.concatenate([left, right]), axis=0)
        if len(arms) > MAX_ARMS:
            raise DataError(
                f"{log.origin}: more than {MAX_ARMS} pairs of {log.name('swap_low')!r} and "
                f"{log.name('swap_high')!r}, wanted fewer, or --top"
            )
        return arms

    # In a nested log only a list column gives the lengths of sessions, so ``click`` is read too.
    found: Ints = fold(log, ["session_id", "click", *_DESIGN], work, merged, request.threads)
    if request.top is not None:
        found = found[found[:, 1] <= request.top]
    if not len(found):
        raise DataError(
            f"{log.origin}: no session has {log.name('swap_low')!r} and {log.name('swap_high')!r}, "
            "wanted some of a swap experiment"
        )
    return Arms(*np.ascontiguousarray(found.T))


def _design(sessions: Sessions) -> tuple[Floats, Floats]:
    """(n,) low and (n,) high position of the arm of each session, NaN outside the experiment."""
    low, high = (from_one(sessions, as_float64(sessions.per_session(role))) for role in _DESIGN)
    whole = (low >= 1.0) & (low == np.floor(low)) & (high == np.floor(high)) & (low < high)
    bad = ~(whole | (np.isnan(low) & np.isnan(high)))
    if bad.any():
        row = int(np.argmax(bad))
        found = [sessions.per_session(role)[row].as_py() for role in _DESIGN]
        wanted = f"a position above that in {sessions.names['swap_low']!r} ({found[0]}), or null in both"
        raise sessions.error_once("swap_high", row, found[1], wanted)
    return low, high


def _require_both(sessions: Sessions, arm: Ints, shown: Floats) -> None:
    """Check that the sessions of an arm show both of its positions.

    Args:
        sessions: the sessions.
        arm: (n,) index of the arm of each session; -1 if it has none.
        shown: (n,) how many of the two positions each session shows.

    Raises:
        DataError: one of the positions is not in the list.
    """
    lacking = (arm >= 0) & (shown != 2.0)
    if lacking.any():
        row = int(np.argmax(lacking))
        found, low = (sessions.per_session(role)[row].as_py() for role in _DESIGN[::-1])
        wanted = f"a position of the list, as that in {sessions.names['swap_low']!r} ({low})"
        raise sessions.error_once("swap_high", row, found, wanted)


def _arm_of(sessions: Sessions, arms: Arms, top: int | None) -> Ints:
    """(n,) index of the arm of each session; -1 if it has none, or its arm reaches below ``top``."""
    low, high = _design(sessions)
    there = np.flatnonzero(high <= (np.inf if top is None else top))  # NaN is not
    width = int(arms.high.max()) + 1
    number = np.full(width * width, -1, np.int64)
    number[arms.low * width + arms.high] = np.arange(len(arms.low))
    found = np.full(len(sessions), -1, np.int64)
    codes = low[there].astype(np.int64) * width + high[there].astype(np.int64)
    found[there] = number[codes]
    return found


def _curve(request: Request, segment: Any, arms: Arms, tally: Tally) -> Curve:
    infer, means = request.infer, tally.moments.mean
    clicked = (means[0::2] > 0.0) & (means[1::2] > 0.0)
    used = np.flatnonzero(clicked)
    length = int(arms.high.max())
    require_connected(request, segment, length, np.stack([arms.low, arms.high], axis=1)[used])
    plain = replace(infer, methods=("normal",), clustered=False).of(tally.moments)
    ratios = [LogContrast(((2 * a + 1, 1.0), (2 * a, -1.0))) for a in used.tolist()]
    projection = _projection(arms, used, length, _variances(plain, ratios))
    contrasts = [
        LogContrast(
            tuple(
                (2 * a + side, sign * float(weight))
                for a, weight in zip(used.tolist(), row, strict=True)
                if weight != 0.0
                for side, sign in ((1, 1.0), (0, -1.0))
            )
        )
        for row in projection
    ]
    counts = Counts(int(tally.moments.n), tally.impressions, tally.clicks)
    curve = curve_of(segment, counts, infer.of(tally.moments), [None, *contrasts])
    return curve.with_notes(*_left_out(arms, clicked))


def _variances(inference: Inference, ratios: list[LogContrast]) -> Floats:
    """(A,) variance of the logarithm of each ratio.

    A variance of 0, as in tiny logs, is replaced by the mean of the others, or by 1 if all are 0.
    """
    found = np.array([inference.std_error(ratio) ** 2 for ratio in ratios])
    good = found > 0.0
    return np.where(good, found, found[good].mean() if good.any() else 1.0)


def _projection(arms: Arms, used: Ints, length: int, variances: Floats) -> Floats:
    """(K - 1, A) matrix that maps the logarithms of ratios to ``log theta`` of positions 2 to K."""
    rows = np.arange(len(used))
    design = np.zeros((len(used), length))
    design[rows, arms.high[used] - 1] += 1.0
    design[rows, arms.low[used] - 1] -= 1.0
    weighted = design[:, 1:] / variances[:, np.newaxis]
    projection = np.linalg.solve(weighted.T @ design[:, 1:], weighted.T)
    return np.where(np.abs(projection) < 1e-12, 0.0, projection)


def _left_out(arms: Arms, clicked: Bools) -> list[Note]:
    names = [f"{arms.low[a]} with {arms.high[a]}" for a in np.flatnonzero(~clicked)]
    text = f"no clicks at both positions: swaps of {', '.join(names)} are left out"
    return [Note("swaps_left_out", text)] if names else []


@kernel
def _write_arms(
    offsets: Ints, positions: Ints, clicks: Ints, arm: Ints, low: Ints, high: Ints, terms: Floats
) -> None:
    """Write the two terms of each session for its arm: its clicks at the low and at the high position."""
    for row in range(offsets.size - 1):
        a = arm[row]
        if a < 0:
            continue
        for i in range(offsets[row], offsets[row + 1]):
            if positions[i] == low[a]:
                terms[2 * a, row] = clicks[i]
            elif positions[i] == high[a]:
                terms[2 * a + 1, row] = clicks[i]
