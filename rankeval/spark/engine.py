"""The engine that works in Spark: leaves go out, and their states come back in the order of the leaves."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from rankeval.errors import UsageError
from rankeval.parallel import Threads, streamed
from rankeval.progress import progress, silence
from rankeval.spark.failures import told
from rankeval.spark.worker import STATES, Job, state_or_raised

T = TypeVar("T")
#: Items of one Spark job, each a task of its own, and the most jobs that run or wait to be taken at a time:
#: this bounds the states in memory, and the tasks that run at once.
JOB_ITEMS = 32
JOBS = 4


@dataclass(frozen=True, eq=False)
class SparkEngine:
    """Works on items in the workers of a session, classic or Connect; see ``Engine``.

    A task that is lost with its machine is run again by Spark. As states are taken in the order of the items,
    results are the same to the last bit as with threads.

    Args:
        session: the ``SparkSession``.
    """

    session: Any

    def __reduce__(self) -> tuple[type[Threads], tuple[()]]:
        return Threads, ()  # logs go to workers, sessions do not

    def in_order(self, run: Callable[[Any], T], items: Sequence[Any], threads: int, what: str) -> Iterator[T]:
        """See ``Engine.in_order``.

        Raises:
            DataError: an item raises it on its worker, or Spark fails.
            UsageError: an item raises it on its worker, what it needs cannot be sent there, or the
                worker cannot run the library.
        """
        work = _packed(run)
        parts = [items[start : start + JOB_ITEMS] for start in range(0, len(items), JOB_ITEMS)]
        with progress(what, len(items)) as advance:
            for states in streamed(partial(self._states, work), parts, JOBS, ahead=JOBS - 1):
                for state in states:
                    yield state_or_raised(state)
                    advance()

    def _states(self, work: bytes, items: Sequence[Any]) -> list[bytes]:
        """The pickled state of each item, in order."""
        job = Job.of(work, items)

        def states(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            silence()
            yield from job.states(batches)

        with told():
            numbers = self.session.range(0, len(items), 1, len(items))  # an item is a task
            found = numbers.mapInArrow(states, STATES).toArrow()
        order = found["item"].to_pylist()
        states_found = found["state"].to_pylist()
        return [state for _, state in sorted(zip(order, states_found, strict=True))]


def _packed(run: Callable[[Any], Any]) -> bytes:
    from pyspark import cloudpickle

    try:
        packed: bytes = cloudpickle.dumps(run, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, ValueError) as error:
        raise UsageError(f"engine spark: what workers need cannot be sent to them: {error}") from error
    return packed
