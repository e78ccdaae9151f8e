"""One leaf of a log: its whole sessions are processed, and those that may go on elsewhere are handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes
from rankeval.arrays import hashes_of
from rankeval.logs.grouped_rows import require_known
from rankeval.logs.layout import Stretch, run_starts
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.readers import Leaf

T = TypeVar("T")
#: Reduces a list of results to the results that are kept.
Keep = Callable[[list[T]], list[T]]


@dataclass(frozen=True)
class Fragment:
    """Rows of one session; its other rows may be in another batch or leaf."""

    id: Any
    stretches: tuple[Stretch, ...]

    def joined(self, stretches: tuple[Stretch, ...]) -> Fragment:
        return Fragment(self.id, self.stretches + stretches)


def over_leaves(
    log: Log, roles: Sequence[str], run: Callable[[Leaf], T], threads: int, what: str
) -> Iterator[T]:
    """Yield ``run(leaf)`` for each leaf of a log, in order, wherever its engine works on them.

    ``run`` reads ``roles`` of ``log``, and gives back all that it finds. What the log itself keeps of a pass
    is kept here, as the copies of the log that workers have are lost.
    """
    log.roles_read.update(roles)
    for state, filled in log.engine.in_order(partial(_counted, log, run), log.leaves(), threads, what):
        log.filled.counts.update(filled)
        yield state


def _counted(log: Log, run: Callable[[Leaf], T], leaf: Leaf) -> tuple[T, dict[Leaf, int]]:
    """The result of a leaf, and the number of its null rewards, if they are filled."""
    state, counts = run(leaf), log.filled.counts
    return state, ({leaf: counts[leaf]} if leaf in counts else {})


@dataclass(frozen=True)
class LeafFound(Generic[T]):
    """What a leaf gives back, also from another process.

    Attributes:
        results: those of its whole sessions.
        hashes: the hashes of the ids of these sessions.
        repeated: the hashes that occur in more than one place of the leaf.
        rows: number of rows that the filter keeps.
        ends: the first and the last session, which may continue in another leaf.
    """

    results: list[T]
    hashes: list[Hashes]
    repeated: Hashes
    rows: int
    ends: tuple[Fragment, ...]


@dataclass(frozen=True)
class LeafPass(Generic[T]):
    """What is done with each leaf of a log."""

    log: Log
    roles: Sequence[str]
    work: Callable[[Sessions], T]
    keep: Keep[T]

    def run(self, leaf: Leaf) -> LeafFound[T]:
        """Read a leaf, and pass its whole sessions to ``work``."""
        reading = _Reading(self)
        for stretch in self.log.batches(leaf, self.roles):
            reading.take(stretch)
        return reading.found()


@dataclass
class _Reading(Generic[T]):
    """The state of the work on one leaf. Its first and its last session are kept as ``head`` and ``tail``."""

    made: LeafPass[T]
    results: list[T] = field(default_factory=list)
    hashes: list[Hashes] = field(default_factory=list)
    rows: int = 0
    head: Fragment | None = None
    tail: Fragment | None = None

    def take(self, stretch: Stretch) -> None:
        """Process the next rows of the leaf."""
        self.rows += len(stretch)
        if self.made.log.session is None or self.made.log.nested:
            self._whole(stretch)
        else:
            self._grouped(stretch)

    def found(self) -> LeafFound[T]:
        """What is handed on at the end of the leaf."""
        return LeafFound(
            self.results,
            self.hashes,
            repeated_hashes(self.hashes),
            self.rows,
            tuple(fragment for fragment in (self.head, self.tail) if fragment is not None),
        )

    def _whole(self, *stretches: Stretch) -> None:
        sessions = self.made.log.sessions_of(*stretches)
        self.hashes += ids_hashed(sessions)
        self.results = self.made.keep([*self.results, *worked(self.made.log, self.made.work, sessions)])

    def _grouped(self, stretch: Stretch) -> None:
        require_known(self.made.log, [stretch])
        ids = stretch.rows.column(self.made.log.session)
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

    def _close(self, fragment: Fragment) -> None:
        """Process a session that has ended, or keep it as ``head`` if it is the first of the leaf."""
        if self.head is None:
            self.head = fragment
        else:
            self._whole(*fragment.stretches)


def repeated_hashes(hashes: Sequence[Hashes]) -> Hashes:
    """The hashes that occur more than once."""
    ordered = np.sort(np.concatenate([*hashes, np.zeros(0, np.uint64)]))
    repeated: Hashes = ordered[1:][ordered[1:] == ordered[:-1]]
    return repeated


def worked(log: Log, work: Callable[[Sessions], T], sessions: Sessions) -> list[T]:
    """The result of ``work`` as a list of one; an empty list if none of the sessions is drawn."""
    if log.draw is None:
        return [work(sessions)]
    drawn = log.draw.over(sessions)
    return [work(drawn)] if len(drawn) else []


def _fragment(stretch: Stretch, ids: pa.Array, start: int, stop: int) -> Fragment:
    return Fragment(ids[start].as_py(), (stretch.slice(start, stop).copied(),))


def ids_hashed(sessions: Sessions) -> list[Hashes]:
    """The hashes of the session ids, as a list of one array; empty if sessions have no ids."""
    return [] if sessions.session is None else [hashes_of(sessions.per_session(sessions.session))]
