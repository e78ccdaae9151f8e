"""Work on many items at once, with the results in the order of the input: the engines, and threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from rankeval.progress import progress

T = TypeVar("T")
Item = TypeVar("Item")


class Engine(Protocol):
    """Where the pieces of a log are worked on."""

    def in_order(self, run: Callable[[Any], T], items: Sequence[Any], threads: int, what: str) -> Iterator[T]:
        """Yield ``run(item)`` for each item, in the order of ``items``, whatever the order of the work.

        ``run`` gives back all that it finds: what it changes in objects that it shares may be lost.

        Args:
            run: the work on one item.
            items: the inputs.
            threads: number of threads of this process.
            what: the name of the work in the progress line.
        """
        ...


def default_threads() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Threads:
    """The engine that works in the threads of this process."""

    def in_order(
        self, run: Callable[[Item], T], items: Sequence[Item], threads: int, what: str
    ) -> Iterator[T]:
        """See :func:`in_order`."""
        return in_order(run, items, threads, what)


THREADS: Engine = Threads()


def in_order(run: Callable[[Item], T], items: Sequence[Item], threads: int, what: str) -> Iterator[T]:
    """Yield ``run(item)`` for each item, in the order of ``items``.

    At most about two items per thread are queued or running at a time, so memory stays limited.

    Args:
        run: the work on one item.
        items: the inputs.
        threads: number of threads; with 1, items run in the calling thread.
        what: the name of the work in the progress line.
    """
    with progress(what, len(items)) as advance:
        for result in streamed(run, items, 1 if len(items) == 1 else threads):
            yield result
            advance()


def streamed(
    run: Callable[[Item], T], items: Iterable[Item], threads: int, ahead: int | None = None
) -> Iterator[T]:
    """Yield ``run(item)`` for each item, in order, where the items are made one by one as they are needed.

    The calling thread makes the items. At most ``ahead`` of them, or two per thread, wait or run besides the
    one whose result is wanted next.
    """
    ahead = 2 * threads if ahead is None else ahead
    if threads == 1:
        yield from map(run, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[T]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(run, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
