"""Moments of terms over the sessions of a log and of its segments, the input of curves and their errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import in_order, places_of, segments_of
from rankeval.errors import DataError, UsageError
from rankeval.inference import Moments, NamedKeys
from rankeval.logs import MAX_BUCKETED_SEGMENTS, Impressions, Sessions, fold, unit_keys
from rankeval.position_bias.request import MAX_POSITIONS, Request

T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """The terms of ``n`` sessions.

    Attributes:
        shown: the shown items of the sessions.
        values: (p, n) float64, the terms of each session.
        used: (m,) int64, the sessions that the estimate uses.
        behind: (items,) whether the estimate uses an item, so that its impressions and clicks are counted;
            None: it uses all items.
    """

    shown: Impressions
    values: Floats
    used: Ints
    behind: Bools | None = None


@dataclass(frozen=True)
class Tally:
    """Moments of the terms, and (K,) impressions and (K,) clicks at each position.

    Parts of the log may have lists of different lengths. A part with longer lists has more terms at the end.
    """

    moments: Moments
    impressions: Floats
    clicks: Floats

    @classmethod
    def of(
        cls,
        values: Floats,
        places: Ints,
        clicks: Ints,
        keys: Hashes | None,
        unnamed: NamedKeys | None = None,
    ) -> Tally:
        """The tally of ``n`` sessions.

        Args:
            values: (p, n) terms.
            places: (items,) position minus 1 of each item that is counted.
            clicks: (items,) clicks on these items.
            keys: (n,) hash of the unit of each session; None without bucket sums.
            unnamed: the column of users, where nobody named it as cluster.
        """
        values = np.ascontiguousarray(values)
        return cls(
            Moments.of(values, all_pairs(len(values)), keys, unnamed=unnamed),
            np.bincount(places).astype(np.float64),
            np.asarray(np.bincount(places, clicks), np.float64),
        )

    def merge(self, other: Tally) -> Tally:
        """The tally of both parts. The result is reproducible if parts are merged in the order of the log."""
        p = max(len(self.moments.total), len(other.moments.total))
        return Tally(
            _spread(self.moments, p).merge(_spread(other.moments, p)),
            added(self.impressions, other.impressions),
            added(self.clicks, other.clicks),
        )


def all_pairs(p: int) -> Ints:
    """(c, 2) int64, all pairs ``i <= j < p`` in ascending order."""
    return np.stack(np.triu_indices(p), axis=1).astype(np.int64)


def _spread(moments: Moments, p: int) -> Moments:
    known = len(moments.total)
    return moments if known == p else moments.spread(np.arange(known), p, all_pairs(p))


def added(a: Floats, b: Floats) -> Floats:
    """The sum of two vectors; the shorter one is padded with 0."""
    total = np.zeros(max(len(a), len(b)))
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def gather(
    request: Request, roles: Sequence[str], terms_of: Callable[[Sessions], Terms], *, bucketed: bool
) -> dict[Any, Tally]:
    """The tally of the whole log (``None``) and of each segment, in one pass.

    Segments are in ascending order. A segment without a session that the estimate uses is absent.

    Args:
        request: the request.
        roles: the columns to read.
        terms_of: the terms of some sessions.
        bucketed: whether to keep bucket sums, which clusters and the bootstrap need.
    """

    def work(sessions: Sessions) -> dict[Any, Tally]:
        terms = terms_of(sessions)
        keys = unit_keys(sessions, request.key, ()) if bucketed else None
        found = parts_of(request, sessions, terms.used, MAX_BUCKETED_SEGMENTS)
        users = request.unnamed(sessions)
        return {
            value: _tally(terms, rows, keys, users if value is None else None)
            for value, rows in found.items()
        }

    return fold_parts(request, [*roles, *request.user_roles], work, Tally.merge)


def _tally(terms: Terms, rows: Ints, keys: Hashes | None, users: NamedKeys | None) -> Tally:
    """The tally of the sessions ``rows``."""
    items = places_of(terms.shown.sessions.offsets, rows)
    if terms.behind is not None:
        items = items[terms.behind[items]]
    places, clicks = terms.shown.positions[items] - 1, terms.shown.clicks[items]
    of_units = None if keys is None else keys[rows]
    return Tally.of(terms.values[:, rows], places, clicks, of_units, users and users.of(rows))


def fold_parts(
    request: Request,
    roles: Sequence[str],
    work: Callable[[Sessions], dict[Any, T]],
    merge: Callable[[T, T], T],
    check: Callable[[dict[Any, T]], None] = lambda parts: None,
) -> dict[Any, T]:
    """The merged results of ``work`` for the whole log (``None``) and each segment, in one pass.

    Segments are in ascending order.

    Args:
        request: the request.
        roles: the columns to read.
        work: the results for some sessions: for all of them (``None``) and for each segment.
        merge: merges two results of the same part.
        check: called with the results so far after each merge; it may raise an error.
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
    """The sessions ``used`` (``None``), and those among them in each segment.

    A session whose value of the segment column is null is in no segment.

    Raises:
        UsageError: there are more than ``most`` segments.
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


def last_position(sessions: Sessions, positions: Ints) -> int:
    """The last of the ``positions`` (items,) of some sessions, at least 1.

    Raises:
        DataError: it is below position 200; curves end there, because the covariance of all positions is
            kept.
    """
    last = int(positions.max(initial=1))
    if last > MAX_POSITIONS:
        raise DataError(
            f"{sessions.place(int(np.argmax(positions)))}: shows position {last}, wanted at most "
            f"{MAX_POSITIONS}, or --top {MAX_POSITIONS}"
        )
    return last
