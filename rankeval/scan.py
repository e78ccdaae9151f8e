"""One pass over a log: leaves in parallel, sessions that cross batches and files put together, order kept."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.errors import DataError
from rankeval.ids import hashes_of
from rankeval.log import Log, run_starts
from rankeval.progress import progress
from rankeval.readers import Leaf, sorted_on_disk
from rankeval.sessions import Sessions

T = TypeVar("T")

#: Sessions that cross leaves are set aside and worked on together once they hold this many rows.
SET_ASIDE_ROWS = 1 << 18


def default_threads() -> int:
    """Number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan(log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int | None = None) -> list[T]:
    """``work`` of all sessions of a log, as a list whose order depends on the files alone.

    Leaves are read by several threads; every session reaches ``work`` whole and once, whatever row groups
    and part files it crosses. Rows that are not grouped by session are sorted on disk first, which stderr
    says.

    Raises:
        DataError: as ``work`` and the reader raise it; an input without rows; in nested layout, a session
            that stands in two rows.
    """
    threads = threads or default_threads()
    results, grouped = _scan(log, roles, work, threads)
    if grouped:
        return results
    assert log.session is not None
    if log.nested:
        raise DataError(f"{log.origin}: a {log.name(log.session)} stands in two rows, wanted one row for each")
    names = list(dict.fromkeys(log.name(role) for role in roles))
    with sorted_on_disk(
        log.sources, names, log.name(log.session), where=log.row_filter, threads=threads, message_stream=sys.stderr
    ) as source:
        return _scan(log.over(source), roles, work, threads)[0]


def _scan(log: Log, roles: Sequence[str], work: Callable[[Sessions], T], threads: int) -> tuple[list[T], bool]:
    """The results, and whether every session was met once only."""
    crossing = _Crossing(log, work)
    results: list[T] = []
    hashes: list[NDArray[np.uint64]] = []
    rows = 0
    for leaf in _in_order(lambda leaf: _Leaf(log, roles, work).run(leaf), log.leaves(), threads):
        results += leaf.results + crossing.take(leaf)
        hashes += leaf.hashes
        rows += leaf.rows
    results += crossing.finish()
    hashes += crossing.hashes
    if rows == 0:
        raise DataError(f"{log.origin}: no rows{' match --where' if log.where else ''}, wanted at least one")
    return results, _all_distinct(hashes)


def _in_order(run: Callable[[Leaf], T], leaves: Sequence[Leaf], threads: int) -> Iterator[T]:
    """Results in the order of the leaves, with at most two leaves a thread under way."""
    with progress("reading", len(leaves)) as advance:
        if threads == 1 or len(leaves) == 1:
            for leaf in leaves:
                yield run(leaf)
                advance()
            return
        with ThreadPoolExecutor(threads) as pool:
            pending: deque[Future[T]] = deque()
            try:
                for leaf in leaves:
                    pending.append(pool.submit(run, leaf))
                    if len(pending) > 2 * threads:
                        yield pending.popleft().result()
                        advance()
                while pending:
                    yield pending.popleft().result()
                    advance()
            finally:
                for future in pending:
                    future.cancel()


def _all_distinct(hashes: Sequence[NDArray[np.uint64]]) -> bool:
    """Whether no session id was met twice (a collision of hashes would merely sort in vain)."""
    if not hashes:
        return True
    ordered = np.sort(np.concatenate(hashes))
    return not bool((ordered[1:] == ordered[:-1]).any())


@dataclass(frozen=True)
class _Fragment:
    """Rows of one session whose other rows may stand in another batch or leaf."""

    id: Any
    first_row: int
    source: int
    batches: tuple[pa.RecordBatch, ...]

    def joined(self, batches: tuple[pa.RecordBatch, ...]) -> _Fragment:
        return replace(self, batches=self.batches + batches)

    @property
    def rows(self) -> int:
        return sum(batch.num_rows for batch in self.batches)


@dataclass
class _Leaf(Generic[T]):
    """Reads one leaf: sessions known to be whole go to ``work``, the first and the last are set aside."""

    log: Log
    roles: Sequence[str]
    work: Callable[[Sessions], T]
    results: list[T] = field(default_factory=list)
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    rows: int = 0
    head: _Fragment | None = None
    tail: _Fragment | None = None

    def run(self, leaf: Leaf) -> _Leaf[T]:
        source = leaf.source_index
        for batch, row in self.log.batches(leaf, self.roles):
            self.rows += batch.num_rows
            if self.log.session is None or self.log.nested:
                self._whole(batch, row, source)
            else:
                self._grouped(batch, row, source)
        return self

    def _whole(self, batch: pa.RecordBatch, row: int, source: int) -> None:
        sessions = self.log.sessions_of(batch, row, source)
        if sessions.session is not None:
            self.hashes.append(hashes_of(sessions.per_session(sessions.session)))
        self.results.append(self.work(sessions))

    def _grouped(self, batch: pa.RecordBatch, row: int, source: int) -> None:
        ids = batch.column(self.log.session)
        self.log.require_known(ids, row, self.log.sources[source].name)
        starts = [*run_starts(ids).tolist(), batch.num_rows]
        first = ids[0].as_py()
        last, begin = len(starts) - 2, 0
        if self.tail is not None and self.tail.id == first:
            self.tail = self.tail.joined((_copied(batch.slice(0, starts[1])),))
            begin = 1
        if begin > last:
            return
        if self.tail is not None:
            self._close(self.tail)
        elif last > 0:
            self.head = _Fragment(first, row, source, (_copied(batch.slice(0, starts[1])),))
            begin = 1
        if begin < last:
            self._whole(batch.slice(starts[begin], starts[last] - starts[begin]), row + starts[begin], source)
        rest = _copied(batch.slice(starts[last]))
        self.tail = _Fragment(ids[starts[last]].as_py(), row + starts[last], source, (rest,))

    def _close(self, fragment: _Fragment) -> None:
        """The session has ended: only the leaf's first one may have begun in the leaf before."""
        if self.head is None:
            self.head = fragment
        else:
            self._whole(_assembled([fragment]), fragment.first_row, fragment.source)


@dataclass
class _Crossing(Generic[T]):
    """Joins the last session of a leaf with the first of the next, and works on the joined ones in turn."""

    log: Log
    work: Callable[[Sessions], T]
    open: _Fragment | None = None
    ready: list[_Fragment] = field(default_factory=list)
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)

    def take(self, leaf: _Leaf[T]) -> list[T]:
        for fragment in (leaf.head, leaf.tail):
            if fragment is None:
                continue
            if self.open is not None and self.open.id == fragment.id:
                self.open = self.open.joined(fragment.batches)
                continue
            if self.open is not None:
                self.ready.append(self.open)
            self.open = fragment
        return self._flush() if sum(f.rows for f in self.ready) > SET_ASIDE_ROWS else []

    def finish(self) -> list[T]:
        if self.open is not None:
            self.ready.append(self.open)
            self.open = None
        return self._flush()

    def _flush(self) -> list[T]:
        """One batch for each file, so that messages can name it."""
        results = []
        for source in dict.fromkeys(fragment.source for fragment in self.ready):
            results.append(self._of(source, [f for f in self.ready if f.source == source]))
        self.ready = []
        return results

    def _of(self, source: int, fragments: list[_Fragment]) -> T:
        sessions = self.log.sessions_of(_assembled(fragments), 0, source)
        first_rows = np.array([fragment.first_row for fragment in fragments], dtype=np.int64)
        if len(first_rows) == len(sessions):
            sessions = replace(sessions, rows=first_rows)
        assert sessions.session is not None
        self.hashes.append(hashes_of(sessions.per_session(sessions.session)))
        return self.work(sessions)


def _copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A copy that does not keep alive the large batch it is a slice of."""
    plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    rows = pa.array(np.arange(batch.num_rows))
    return pa.RecordBatch.from_arrays([c.take(rows) for c in plain], names=batch.schema.names)


def _assembled(fragments: Sequence[_Fragment]) -> pa.RecordBatch:
    """One batch of the rows of several fragments."""
    batches = [batch for fragment in fragments for batch in fragment.batches]
    arrays = [pa.concat_arrays([batch.column(i) for batch in batches]) for i in range(batches[0].num_columns)]
    return pa.RecordBatch.from_arrays(arrays, names=batches[0].schema.names)
