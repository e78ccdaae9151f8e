"""An engine without Spark, whose workers share nothing with the driver: all that goes out and back is pickled."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from numba import cloudpickle

from rankeval import Log
from rankeval.logs.other_sources import run_by
from rankeval.parallel import Threads


class Copied:
    """Works on each item with an own copy of the work, the last item first, and hands back copies of states."""

    def __init__(self) -> None:
        self.items = 0

    def __reduce__(self) -> tuple[type[Threads], tuple[()]]:
        return Threads, ()  # as SparkEngine

    def in_order(
        self, run: Callable[[Any], Any], items: Sequence[Any], threads: int, what: str
    ) -> Iterator[Any]:
        packed = cloudpickle.dumps(run)
        self.items += len(items)
        states = {
            place: pickle.dumps(pickle.loads(packed)(pickle.loads(pickle.dumps(items[place]))))
            for place in reversed(range(len(items)))
        }
        yield from (pickle.loads(states[place]) for place in range(len(items)))


def elsewhere(log: Log) -> Log:
    """The same log, read by workers that share nothing with this process."""
    return run_by(log, Copied())
