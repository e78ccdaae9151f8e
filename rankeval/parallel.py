"""Work in several threads, with the results in the order of the input."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
        if threads == 1 or len(items) == 1:
            for item in items:
                yield run(item)
                advance()
            return
        with ThreadPoolExecutor(threads) as pool:
            pending: deque[Future[T]] = deque()
            try:
                for item in items:
                    pending.append(pool.submit(run, item))
                    if len(pending) > 2 * threads:
                        yield pending.popleft().result()
                        advance()
                while pending:
                    yield pending.popleft().result()
                    advance()
            finally:
                for future in pending:
                    future.cancel()
