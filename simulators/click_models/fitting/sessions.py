"""The sessions that click models are fitted to, read from a log.

They need 4 bytes of memory an item, and equal sessions are stored once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import (
    decoded,
    hashes_of,
    is_integer_id,
    kernel,
    mix64,
    offsets_of,
    places_of,
    read_only,
    take,
)
from rankeval.errors import DataError
from rankeval.logs import (
    Log,
    Sessions,
    fold,
    nothing_counts,
    pair_roles,
    pair_rows,
    require_no_gaps,
    unit_counts,
    unit_keys,
    weight_roles,
)
from rankeval.simulators.click_models.fitting.equal_sessions import equal_stretches, indexed

Words = NDArray[np.int32]

#: Number of sessions that are expanded to (n, K) arrays at a time.
CHUNK = 1 << 13
#: Parts are merged only if those after the first have more items than this.
LEAST_MERGED = 1 << 24


@dataclass(frozen=True, eq=False)
class SessionLists:
    """Distinct sessions as lists of clicked or skipped pairs of query and item.

    Attributes:
        offsets: (n + 1,) session ``i`` is ``words[offsets[i]:offsets[i + 1]]``, from position 1 down.
        words: int32, one for each item: twice the number of its pair, plus 1 if it was clicked.
        counts: (n,) number of sessions, or sum of their weights, that each one stands for.
        pairs: P, the number of pairs.
        positions: K, the number of positions of the longest list in the log.
        clusters: (n,) uint64 hash of the cluster of each session; (0,) without clusters.
    """

    offsets: Ints
    words: Words
    counts: Floats
    pairs: int
    positions: int
    clusters: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))

    def __post_init__(self) -> None:
        for name in ("offsets", "words", "counts", "clusters"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def lengths(self) -> Ints:
        """(n,) number of items of each session."""
        return np.diff(self.offsets)

    @cached_property
    def sessions(self) -> float:
        """The number of sessions, equal ones included."""
        return float(self.counts.sum())

    def chunks(self) -> Iterator[slice]:
        """Slices of the rows of sessions, of at most ``CHUNK`` rows each."""
        for begin in range(0, len(self), CHUNK):
            yield slice(begin, min(begin + CHUNK, len(self)))

    def padded(self, rows: slice) -> tuple[Ints, NDArray[np.int8]]:
        """(n, K) pairs, -1 beyond the end of a list, and (n, K) clicks of the sessions ``rows``."""
        return _padded(self.offsets[rows.start : rows.stop + 1], self.words, self.positions)


class Collected(NamedTuple):
    """The sessions of a log.

    Attributes:
        train, test: the sessions to fit to, and the held-out sessions.
        ids: role (``query_id``, ``item_id``) -> (P,) Arrow array, the id of each pair.
    """

    train: SessionLists
    test: SessionLists
    ids: Mapping[str, pa.Array]


class _Part(NamedTuple):
    """The sessions of a part of a log, with the pairs numbered within this part.

    Attributes:
        keys: (P,) uint64 hash of each pair.
        ids: as in :class:`Collected`.
        lists: the sessions to fit to, and the held-out sessions.
    """

    keys: Hashes
    ids: dict[str, pa.Array]
    lists: tuple[SessionLists, SessionLists]


def collect(
    log: Log,
    held_out: Log | None = None,
    share: float = 0.0,
    seed: int = 0,
    threads: int | None = None,
    cluster: str | None = None,
) -> Collected:
    """Read a ranking log in one pass, or two logs in two.

    Args:
        log: a ranking log with ``session_id, item_id, position, click`` and optionally ``query_id`` and
            ``weight``.
        held_out: a log of the sessions to hold out. None holds out a ``share`` of the sessions of ``log``.
        share: of the sessions to hold out, selected by a hash of the session id and ``seed``; with
            ``cluster``, of its values, so that no cluster is in both parts.
        seed: of the hash.
        threads: number of threads; the result does not depend on it.
        cluster: role of the column that names the cluster of each session.

    Raises:
        DataError: as for :func:`rankeval.logs.query_item_counts.pair_rows`; no sessions to fit to.
    """
    parts = _scanned(log, share if held_out is None else 0.0, seed, threads, cluster)
    if held_out is not None:
        parts += _scanned(held_out, 1.0, seed, threads, cluster)
    part = _merged(parts)
    positions = max(lists.positions for lists in part.lists)
    train, test = (replace(lists, positions=positions) for lists in part.lists)
    if not train.sessions and test.sessions:
        raise DataError(f"{log.origin}: all sessions are held out, wanted some to fit to")
    if not train.sessions:
        raise nothing_counts(log)
    return Collected(train, test, part.ids)


def _scanned(log: Log, share: float, seed: int, threads: int | None, cluster: str | None) -> list[_Part]:
    """The parts of a log in its order, merged from time to time; each part stores equal sessions once."""
    roles = [*pair_roles(log), *weight_roles(log), *([] if cluster is None else [cluster])]
    return fold(log, roles, lambda sessions: [_part(sessions, share, seed, cluster)], _together, threads)


def _together(left: list[_Part], right: list[_Part]) -> list[_Part]:
    """The parts of ``left`` and ``right``, merged into one if those after the first have more items than it.

    Because of this condition and ``LEAST_MERGED``, parts are merged rarely.
    """
    parts = left + right
    items = [sum(len(lists.words) for lists in part.lists) for part in parts]
    return [_merged(parts)] if sum(items[1:]) > max(items[0], LEAST_MERGED) else parts


def _part(sessions: Sessions, share: float, seed: int, cluster: str | None) -> _Part:
    rows = pair_rows(sessions)
    shown = rows.sessions
    require_no_gaps(shown, "a click model")
    numbers, first = indexed(read_only(rows.pairs))
    words = _by_position(read_only(shown.offsets), read_only(rows.positions), numbers, rows.clicks)
    counts = unit_counts(sessions)
    size = int(shown.lengths.max(initial=0))
    assert sessions.session is not None
    clusters = np.zeros(0, np.uint64) if cluster is None else unit_keys(sessions, cluster, ())
    drawn = clusters if cluster is not None else hashes_of(sessions.per_session(sessions.session))
    uniform = mix64(drawn, seed) * 2.0**-64
    kept = (counts > 0.0) & (shown.lengths > 0)
    every = SessionLists(shown.offsets, words, counts, len(first), size, clusters)
    lists = tuple(_distinct(_chosen(every, kept & mask)) for mask in (uniform >= share, uniform < share))
    ids = {role: take(_plain(shown.column(role)), first) for role in ("query_id", "item_id") if role in shown}
    return _Part(rows.pairs[first], ids, (lists[0], lists[1]))


def _plain(ids: pa.Array) -> pa.Array:
    return ids if is_integer_id(ids.type) else decoded(ids).cast(pa.large_string())


def _chosen(lists: SessionLists, chosen: Bools) -> SessionLists:
    """The sessions where ``chosen`` is true."""
    if chosen.all():
        return lists
    rows = np.flatnonzero(chosen)
    return _rows(lists, rows, lists.counts[rows])


def _rows(lists: SessionLists, rows: Ints, counts: Floats) -> SessionLists:
    """The sessions ``rows``, which count ``counts`` times."""
    clusters = lists.clusters[rows] if len(lists.clusters) else lists.clusters
    words = lists.words[places_of(lists.offsets, rows)]
    return SessionLists(
        offsets_of(lists.lengths[rows]), words, counts, lists.pairs, lists.positions, clusters
    )


def _distinct(lists: SessionLists) -> SessionLists:
    """Store equal sessions, of one cluster if there are clusters, once and add up their counts."""
    begins, ends = lists.offsets[:-1], lists.offsets[1:]
    among = lists.clusters.view(np.int64) if len(lists.clusters) else np.zeros(len(lists), np.int64)
    numbers, first = equal_stretches(lists.words, begins, ends, read_only(among))
    if len(first) == len(lists):
        return lists
    return _rows(lists, first, np.bincount(numbers, lists.counts, len(first)).astype(np.float64))


def _merged(parts: Sequence[_Part]) -> _Part:
    """Merge parts into one, with the pairs numbered by their first occurrence."""
    every = np.concatenate([part.keys for part in parts])
    numbers, first = indexed(read_only(every))
    ids = {role: take(pa.concat_arrays([part.ids[role] for part in parts]), first) for role in parts[0].ids}
    bounds = np.cumsum([0, *(len(part.keys) for part in parts)])
    own = [numbers[bounds[i] : bounds[i + 1]] for i in range(len(parts))]
    train, test = (_joined([part.lists[i] for part in parts], own, len(first)) for i in range(2))
    return _Part(every[first], ids, (train, test))


def _joined(lists: Sequence[SessionLists], numbers: Sequence[Words], pairs: int) -> SessionLists:
    """Join the sessions of all parts; ``numbers``: for each part the new number of each of its pairs."""
    words = np.empty(sum(len(part.words) for part in lists), np.int32)
    end = 0
    for part, own in zip(lists, numbers, strict=True):
        renamed = words[end : end + len(part.words)]
        renamed[:] = (own[part.words >> 1] << 1) | (part.words & 1)
        end += len(part.words)
    offsets = offsets_of(np.concatenate([part.lengths for part in lists]))
    counts = np.concatenate([part.counts for part in lists])
    clusters = np.concatenate([part.clusters for part in lists])
    positions = max(part.positions for part in lists)
    return _distinct(SessionLists(offsets, words, counts, pairs, positions, clusters))


@kernel
def _by_position(offsets: Ints, positions: Ints, numbers: Words, clicks: Ints) -> Words:
    """The words of all items, in the order of their positions within each session."""
    words = np.empty(numbers.size, np.int32)
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            words[offsets[row] + positions[i] - 1] = 2 * numbers[i] + clicks[i]
    return words


@kernel
def _padded(offsets: Ints, words: Words, size: int) -> tuple[Ints, NDArray[np.int8]]:
    n = offsets.size - 1
    pairs = np.full((n, size), -1, np.int64)
    clicks = np.zeros((n, size), np.int8)
    for i in range(n):
        for k in range(offsets[i + 1] - offsets[i]):
            word = words[offsets[i] + k]
            pairs[i, k] = word >> 1
            clicks[i, k] = word & 1
    return pairs, clicks
