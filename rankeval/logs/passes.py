"""One pass over a log: leaves are read in parallel, and every session is processed as a whole.

Sessions that cross batches or files are joined first. The order of the results is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import Generic, TypeVar

import numpy as np

from rankeval.array_types import Hashes
from rankeval.errors import DataError, UsageError
from rankeval.logs.column_checks import check_columns
from rankeval.logs.layout import Stretch
from rankeval.logs.leaf_pass import (
    Fragment,
    Keep,
    LeafFound,
    LeafPass,
    ids_hashed,
    over_leaves,
    repeated_hashes,
    worked,
)
from rankeval.logs.log import Log
from rankeval.logs.repeated_ids import require_one_row_each, tell_of_ids_again
from rankeval.logs.sessions import Sessions
from rankeval.parallel import default_threads
from rankeval.readers import sorted_on_disk

T = TypeVar("T")

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
    found = LeafPass(log, roles, work, keep)
    for leaf in over_leaves(log, roles, found.run, threads, "reading"):
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
    return results, repeated_hashes(hashes)


def _repeated_sessions(log: Log, threads: int) -> Hashes:
    """The hashes of session ids whose rows are not adjacent; empty for nested layout and bandit logs."""
    if log.session is None or log.nested:
        return np.zeros(0, np.uint64)
    return _scan(log, [log.session], len, threads, lambda _: [], give_up=True)[1]


@dataclass
class _Crossing(Generic[T]):
    """Joins the last session of each leaf with the first of the next, and passes them to ``work``."""

    log: Log
    work: Callable[[Sessions], T]
    open: Fragment | None = None
    ready: list[Stretch] = field(default_factory=list)
    rows: int = 0
    hashes: list[Hashes] = field(default_factory=list)

    def take(self, leaf: LeafFound[T]) -> list[T]:
        for fragment in leaf.ends:
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
        self.hashes += ids_hashed(sessions)
        return worked(self.log, self.work, sessions)
