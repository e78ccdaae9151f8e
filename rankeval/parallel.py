"""Work in several threads, with the results in the order of the input."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from rankeval.progress import progress

T = TypeVar("T")
Item = TypeVar("Item")


def default_threads() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def streamed(run: Callable[[Item], T], items: Iterable[Item], threads: int) -> Iterator[T]:
    """Yield ``run(item)`` for each item, in order, where the items are made one by one as they are needed.

    The calling thread makes the items. At most about two of them per thread are waiting or running.
    """
    if threads == 1:
        yield from map(run, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[T]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(run, item))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
