"""One pass over a log: leaves are read in parallel, and every session is processed as a whole.

Sessions that cross batches or files are joined first. The order of the results is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import hashes_of
from rankeval.errors import DataError, UsageError
from rankeval.logs.column_checks import check_columns
from rankeval.logs.grouped_rows import require_known
from rankeval.logs.layout import Stretch, run_starts
from rankeval.logs.log import Log
from rankeval.logs.repeated_ids import require_one_row_each, tell_of_ids_again
from rankeval.logs.sessions import Sessions
from rankeval.parallel import default_threads, in_order
from rankeval.readers import Leaf, sorted_on_disk

T = TypeVar("T")
#: Reduces a list of results to the results that are kept.
Keep = Callable[[list[T]], list[T]]

#: Sessions that cross leaves are collected, and processed together once they hold more rows than this.
SET_ASIDE_ROWS = 1 << 18


def scan(
    log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int | None = None
) -> list[T]:
    """The results of ``work`` on batches of sessions that together hold all sessions of a log.

    Several threads read the leaves. ``work`` gets each session exactly once and as a whole, even if the
    session crosses row groups or part files. Rows that are not grouped by session are sorted on disk first;
    a message on stderr reports it.

    Args:
        log: the log.
        roles: the roles of the columns to read.
        work: function of a batch of whole sessions. It runs in several threads at once.
        threads: number of threads; None: one for each available processor.

    Returns:
        One result per batch. Batches and their order depend only on the files, not on ``threads``.

    Raises:
        DataError: from ``work``, the reader or :func:`check_columns`; the input has no rows; in nested
            layout, a session has two rows.
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
    """The results of :func:`scan`, merged into one from left to right.

    Results are merged during the pass, so that memory does not hold all of them. Arguments and errors are
    those of :func:`scan`.
    """
    results = _grouped_scan(
        log, roles, work, threads, lambda results: [reduce(merge, results)] if results else []
    )
    if not results:
        raise DataError(f"{log.origin}: no unit was drawn, wanted more units")
    return results[0]


@contextmanager
def grouped(log: Log, roles: Iterable[str], threads: int | None = None) -> Iterator[Log]:
    """A context with the log for many passes over some roles; rows are sorted by session where need be."""
    threads = default_threads() if threads is None else threads
    if not len(_repeated_sessions(log, threads)):
        yield log
        return
    assert log.session is not None
    keys, names = log.names([log.session]), log.names(sorted(roles))
    with sorted_on_disk(log.sources, names, keys, log.row_filter, threads) as source:
        yield log.over(source)


def _grouped_scan(
    log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int | None, keep: Keep[T]
) -> list[T]:
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    check_columns(log, roles)
    roles = [*roles, *(log.draw.roles if log.draw else ())]
    results: list[T] = []
    try:
        results, repeated = _scan(log, roles, work, threads, keep, give_up=not log.nested)
    except DataError:  # rows that are not grouped by session may be its cause
        repeated = _repeated_sessions(log, threads)
        if not len(repeated):
            raise
    if not len(repeated):
        return results
    assert log.session is not None
    if log.nested:
        require_one_row_each(log, repeated)
        return results
    tell_of_ids_again(log, repeated)
    keys = log.names([log.session])
    with sorted_on_disk(log.sources, log.names(roles), keys, log.row_filter, threads) as source:
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
    """The kept results, and the hashes of session ids that occur in more than one place.

    With ``give_up`` the scan stops, without results, at the first leaf that repeats a session id.
    """
    crossing = _Crossing(log, work)
    results: list[T] = []
    hashes: list[Hashes] = []
    rows = 0
    leaves = in_order(lambda leaf: _Leaf(log, roles, work, keep).run(leaf), log.leaves(), threads, "reading")
    for leaf in leaves:
        if give_up and len(leaf.repeated):
            return [], leaf.repeated  # rows in random order would give nearly one session per row
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
    """The hashes of session ids whose rows are not adjacent; empty for nested layout and bandit logs."""
    if log.session is None or log.nested:
        return np.zeros(0, np.uint64)
    return _scan(log, [log.session], len, threads, lambda _: [], give_up=True)[1]


@dataclass(frozen=True)
class _Fragment:
    """Rows of one session; its other rows may be in another batch or leaf."""

    id: Any
    stretches: tuple[Stretch, ...]

    def joined(self, stretches: tuple[Stretch, ...]) -> _Fragment:
        return _Fragment(self.id, self.stretches + stretches)


@dataclass
class _Leaf(Generic[T]):
    """Reads one leaf and passes its whole sessions to ``work``.

    The first and the last session may continue in another leaf. They are kept as ``head`` and ``tail``.
    """

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
        self.results = self.keep([*self.results, *_worked(self.log, self.work, sessions)])

    def _grouped(self, stretch: Stretch) -> None:
        require_known(self.log, [stretch])
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
        """Process a session that has ended, or keep it as ``head`` if it is the first of the leaf."""
        if self.head is None:
            self.head = fragment
        else:
            self._whole(*fragment.stretches)


@dataclass
class _Crossing(Generic[T]):
    """Joins the last session of each leaf with the first of the next, and passes them to ``work``."""

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
        return _worked(self.log, self.work, sessions)


def _worked(log: Log, work: Callable[[Sessions], T], sessions: Sessions) -> list[T]:
    """The result of ``work`` as a list of one; an empty list if none of the sessions is drawn."""
    if log.draw is None:
        return [work(sessions)]
    drawn = log.draw.over(sessions)
    return [work(drawn)] if len(drawn) else []


def _fragment(stretch: Stretch, ids: pa.Array, start: int, stop: int) -> _Fragment:
    return _Fragment(ids[start].as_py(), (stretch.slice(start, stop).copied(),))


def _ids_hashed(sessions: Sessions) -> list[Hashes]:
    """The hashes of the session ids, as a list of one array; empty if sessions have no ids."""
    return [] if sessions.session is None else [hashes_of(sessions.per_session(sessions.session))]
