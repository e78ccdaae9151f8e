"""Sums over sessions of the terms that curves and their errors follow from, of a log and of its segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import in_order, places_of, segments_of
from rankeval.errors import DataError, UsageError
from rankeval.inference import Moments
from rankeval.logs import MAX_BUCKETED_SEGMENTS, Sessions, Shown, fold, unit_keys
from rankeval.position_bias.request import MAX_POSITIONS, Request

T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """The terms of some sessions.

    Attributes:
        shown: the items of the sessions.
        values: (p, n) float64, the terms of every session.
        used: (m,) the sessions that count.
        behind: (items,) whether an item is behind a point of the curve; None: all are.
    """

    shown: Shown
    values: Floats
    used: Ints
    behind: Bools | None = None


@dataclass(frozen=True)
class Tally:
    """Moments of the terms, and by position the sessions that showed it and the clicks.

    Where parts of the log have lists of different lengths, the longer ones have more terms at the end.
    """

    moments: Moments
    impressions: Floats
    clicks: Floats

    @classmethod
    def of(cls, values: Floats, places: Ints, clicks: Ints, keys: Hashes | None) -> Tally:
        """The sums of terms (p, n), and of items that are behind points: positions less 1, and clicks."""
        values = np.ascontiguousarray(values)
        return cls(
            Moments.of(values, all_pairs(len(values)), keys),
            np.bincount(places).astype(np.float64),
            np.asarray(np.bincount(places, clicks), np.float64),
        )

    def merge(self, other: Tally) -> Tally:
        """Both parts; fold leaves in their order."""
        p = max(len(self.moments.total), len(other.moments.total))
        return Tally(
            _spread(self.moments, p).merge(_spread(other.moments, p)),
            added(self.impressions, other.impressions),
            added(self.clicks, other.clicks),
        )


def all_pairs(p: int) -> Ints:
    """(c, 2) all pairs ``i <= j < p`` in ascending order."""
    return np.stack(np.triu_indices(p), axis=1).astype(np.int64)


def _spread(moments: Moments, p: int) -> Moments:
    known = len(moments.total)
    return moments if known == p else moments.spread(np.arange(known), p, all_pairs(p))


def added(a: Floats, b: Floats) -> Floats:
    """The sum of two vectors, the shorter one continued by 0."""
    total = np.zeros(max(len(a), len(b)))
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def gather(
    request: Request, roles: Sequence[str], terms_of: Callable[[Sessions], Terms], *, bucketed: bool
) -> dict[Any, Tally]:
    """The tally of the whole log (``None``) and of each segment that has sessions that count, in order."""

    def work(sessions: Sessions) -> dict[Any, Tally]:
        terms = terms_of(sessions)
        keys = unit_keys(sessions, request.key, ()) if bucketed else None
        found = parts_of(request, sessions, terms.used, MAX_BUCKETED_SEGMENTS)
        return {value: _tally(terms, rows, keys) for value, rows in found.items()}

    return fold_parts(request, roles, work, Tally.merge)


def _tally(terms: Terms, rows: Ints, keys: Hashes | None) -> Tally:
    """The sums over the sessions ``rows``."""
    items = places_of(terms.shown.sessions.offsets, rows)
    if terms.behind is not None:
        items = items[terms.behind[items]]
    places, clicks = terms.shown.positions[items] - 1, terms.shown.clicks[items]
    return Tally.of(terms.values[:, rows], places, clicks, None if keys is None else keys[rows])


def fold_parts(
    request: Request,
    roles: Sequence[str],
    work: Callable[[Sessions], dict[Any, T]],
    merge: Callable[[T, T], T],
    check: Callable[[dict[Any, T]], None] = lambda parts: None,
) -> dict[Any, T]:
    """What ``work`` finds of the whole log (``None``) and of its segments, which come in order.

    ``check`` may refuse what has been found so far.
    """
    log = request.log
    roles = list(dict.fromkeys([*roles, *request.extra_roles]))

    def merged(left: dict[Any, T], right: dict[Any, T]) -> dict[Any, T]:
        for value, part in right.items():
            left[value] = merge(left[value], part) if value in left else part
        check(left)
        return left

    found: dict[Any, T] = fold(log, roles, work, merged, request.threads)
    whole = {None: found.pop(None)}
    return whole | {value: found[value] for value in in_order(found)}


def parts_of(request: Request, sessions: Sessions, used: Ints, most: int) -> dict[Any, Ints]:
    """``None`` -> the sessions that count, and each segment -> those of it; sessions of no segment have none.

    Raises:
        UsageError: more than ``most`` segments.
    """
    parts: dict[Any, Ints] = {None: used}
    if request.by is None:
        return parts
    counted = np.zeros(len(sessions), np.bool_)
    counted[used] = True
    segments = segments_of(sessions.per_session(request.by))
    if len(segments) > most:
        log = request.log
        raise UsageError(
            f"by: column {log.name(request.by)!r} of {log.origin} has more than {most} values, wanted fewer"
        )
    for value, rows in segments.items():
        rows = rows[counted[rows]]
        if value is not None and len(rows):
            parts[value] = rows
    return parts


def require_length(request: Request, sessions: Sessions, longest: int) -> None:
    """Check that a curve is not longer than its covariance may be.

    Raises:
        DataError: it is.
    """
    if longest > MAX_POSITIONS:
        row = int(np.argmax(sessions.lengths))
        raise DataError(
            f"{sessions.place(int(sessions.offsets[row]))}: shows {longest} positions, wanted at most "
            f"{MAX_POSITIONS}, or --top {MAX_POSITIONS}"
        )
