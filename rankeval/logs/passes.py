"""One pass over a log: leaves in parallel, sessions that cross batches and files put together, order kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import hashes_of
from rankeval.errors import DataError, UsageError
from rankeval.logs.column_checks import check_columns
from rankeval.logs.layout import Stretch, run_starts
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.parallel import default_threads, in_order
from rankeval.progress import message_stream
from rankeval.readers import Leaf, sorted_on_disk

T = TypeVar("T")
#: What is kept of a list of results.
Keep = Callable[[list[T]], list[T]]

#: Sessions that cross leaves are set aside and worked on together once they hold this many rows.
SET_ASIDE_ROWS = 1 << 18


def scan(
    log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int | None = None
) -> list[T]:
    """``work`` of all sessions of a log, as a list whose order depends on the files alone.

    Leaves are read by several threads; every session reaches ``work`` whole and once, whatever row groups
    and part files it crosses. Rows that are not grouped by session are sorted on disk first, which stderr
    says.

    Raises:
        DataError: as ``work``, the reader and :func:`check_columns` raise it; an input without rows; in
            nested layout, a session that stands in two rows.
        UsageError: ``threads`` is less than 1.
    """
    return _grouped_scan(log, roles, work, threads, lambda results: results)


def fold(
    log: Log,
    roles: Sequence[str],
    work: Callable[[Sessions], T],
    merge: Callable[[T, T], T],
    threads: int | None = None,
) -> T:
    """The results of :func:`scan` merged into one, leaf by leaf from the left, without keeping them all."""
    return _grouped_scan(
        log, roles, work, threads, lambda results: [reduce(merge, results)] if results else []
    )[0]


def _grouped_scan(
    log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int | None, keep: Keep[T]
) -> list[T]:
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    check_columns(log, roles)
    results: list[T] = []
    try:
        results, repeated = _scan(log, roles, work, threads, keep, give_up=not log.nested)
    except DataError:  # for which rows that are not grouped may be the reason
        repeated = _repeated_sessions(log, threads)
        if not len(repeated):
            raise
    if not len(repeated):
        return results
    assert log.session is not None
    if log.nested:
        _require_one_row_each(log, repeated)
        return results
    with sorted_on_disk(
        log.sources, log.names(roles), log.name(log.session), log.row_filter, threads, message_stream()
    ) as source:
        return _scan(log.over(source), roles, work, threads, keep, give_up=False)[0]


def _scan(
    log: Log,
    roles: Sequence[str],
    work: Callable[[Sessions], T],
    threads: int,
    keep: Keep[T],
    *,
    give_up: bool,
) -> tuple[list[T], Hashes]:
    """What is kept of the results, and the hashes of session ids that were met more than once.

    ``give_up`` ends it, without results, at the first leaf that shows such ids.
    """
    crossing = _Crossing(log, work)
    results: list[T] = []
    hashes: list[Hashes] = []
    rows = 0
    leaves = in_order(lambda leaf: _Leaf(log, roles, work, keep).run(leaf), log.leaves(), threads, "reading")
    for leaf in leaves:
        if give_up and len(leaf.repeated):
            return [], leaf.repeated  # in no order, nearly every row would have a result of its own
        results = keep([*results, *leaf.results, *crossing.take(leaf)])
        hashes += leaf.hashes
        rows += leaf.rows
    results = keep([*results, *crossing.finish()])
    hashes += crossing.hashes
    if rows == 0:
        raise DataError(
            f"{log.origin}: no rows{f' match {log.where!r}' if log.where else ''}, wanted at least one"
        )
    return results, _repeated(hashes)


def _repeated(hashes: Sequence[Hashes]) -> Hashes:
    ordered = np.sort(np.concatenate([*hashes, np.zeros(0, np.uint64)]))
    repeated: Hashes = ordered[1:][ordered[1:] == ordered[:-1]]
    return repeated


def _repeated_sessions(log: Log, threads: int) -> Hashes:
    """The hashes of session ids that rows of a long log come back to."""
    if log.session is None or log.nested:
        return np.zeros(0, np.uint64)
    return _scan(log, [log.session], len, threads, lambda _: [], give_up=True)[1]


def _require_one_row_each(log: Log, repeated: Hashes) -> None:
    """Name the session that stands in two rows; there is none if hashes merely collided."""
    assert log.session is not None
    seen = set()
    for leaf in log.leaves():
        for stretch in log.batches(leaf, [log.session]):
            ids = stretch.rows.column(log.session)
            for row in np.flatnonzero(np.isin(hashes_of(ids), repeated)):
                session = ids[row].as_py()
                if session in seen:
                    place = log.place(leaf, stretch.index + int(row))
                    raise DataError(
                        f"{place}: {log.name(log.session)} {session!r} again, wanted one row for each"
                    )
                seen.add(session)


@dataclass(frozen=True)
class _Fragment:
    """Rows of one session whose other rows may stand in another batch or leaf."""

    id: Any
    stretches: tuple[Stretch, ...]

    def joined(self, stretches: tuple[Stretch, ...]) -> _Fragment:
        return _Fragment(self.id, self.stretches + stretches)


@dataclass
class _Leaf(Generic[T]):
    """Reads one leaf: sessions known to be whole go to ``work``, the first and the last are set aside."""

    log: Log
    roles: Sequence[str]
    work: Callable[[Sessions], T]
    keep: Keep[T]
    results: list[T] = field(default_factory=list)
    hashes: list[Hashes] = field(default_factory=list)
    repeated: Hashes = field(init=False)
    rows: int = 0
    head: _Fragment | None = None
    tail: _Fragment | None = None

    def run(self, leaf: Leaf) -> _Leaf[T]:
        for stretch in self.log.batches(leaf, self.roles):
            self.rows += len(stretch)
            if self.log.session is None or self.log.nested:
                self._whole(stretch)
            else:
                self._grouped(stretch)
        self.repeated = _repeated(self.hashes)
        return self

    def _whole(self, *stretches: Stretch) -> None:
        sessions = self.log.sessions_of(*stretches)
        self.hashes += _ids_hashed(sessions)
        self.results = self.keep([*self.results, self.work(sessions)])

    def _grouped(self, stretch: Stretch) -> None:
        self.log.require_known(stretch)
        ids = stretch.rows.column(self.log.session)
        starts = np.append(run_starts(ids), len(stretch))
        last, begin = len(starts) - 2, 0
        if self.tail is not None and self.tail.id == ids[0].as_py():
            self.tail = self.tail.joined(_fragment(stretch, ids, 0, starts.item(1)).stretches)
            begin = 1
        if begin > last:
            return
        if self.tail is not None:
            self._close(self.tail)
        elif last > 0:
            self.head = _fragment(stretch, ids, 0, starts.item(1))
            begin = 1
        if begin < last:
            self._whole(stretch.slice(starts.item(begin), starts.item(last)))
        self.tail = _fragment(stretch, ids, starts.item(last), len(stretch))

    def _close(self, fragment: _Fragment) -> None:
        """The session has ended: only the leaf's first one may have begun in the leaf before."""
        if self.head is None:
            self.head = fragment
        else:
            self._whole(*fragment.stretches)


@dataclass
class _Crossing(Generic[T]):
    """Joins the last session of a leaf with the first of the next, and works on the joined ones in turn."""

    log: Log
    work: Callable[[Sessions], T]
    open: _Fragment | None = None
    ready: list[Stretch] = field(default_factory=list)
    rows: int = 0
    hashes: list[Hashes] = field(default_factory=list)

    def take(self, leaf: _Leaf[T]) -> list[T]:
        for fragment in (leaf.head, leaf.tail):
            if fragment is None:
                continue
            if self.open is not None and self.open.id == fragment.id:
                self.open = self.open.joined(fragment.stretches)
                continue
            self._set_aside()
            self.open = fragment
        return self._flush() if self.rows > SET_ASIDE_ROWS else []

    def finish(self) -> list[T]:
        self._set_aside()
        return self._flush() if self.ready else []

    def _set_aside(self) -> None:
        if self.open is not None:
            self.ready += self.open.stretches
            self.rows += sum(len(stretch) for stretch in self.open.stretches)
            self.open = None

    def _flush(self) -> list[T]:
        sessions = self.log.sessions_of(*self.ready)
        self.ready, self.rows = [], 0
        self.hashes += _ids_hashed(sessions)
        return [self.work(sessions)]


def _fragment(stretch: Stretch, ids: pa.Array, start: int, stop: int) -> _Fragment:
    return _Fragment(ids[start].as_py(), (stretch.slice(start, stop).copied(),))


def _ids_hashed(sessions: Sessions) -> list[Hashes]:
    """The hashes of the session ids, nothing where sessions have none."""
    return [] if sessions.session is None else [hashes_of(sessions.per_session(sessions.session))]
