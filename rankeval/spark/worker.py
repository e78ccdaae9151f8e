"""What runs in Spark's workers: one piece of a log after the other, each with its state or its error."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

from rankeval.errors import RankevalError, UsageError
from rankeval.versions import __version__

#: Names and types of the columns that a worker gives back, for Spark.
STATES = "item long, state binary"


@dataclass(frozen=True)
class Job:
    """Work on some items, packed for workers.

    Attributes:
        version: the version of the library that packed it.
        run: the work on one item, pickled.
        items: the inputs, pickled one by one.
    """

    version: str
    run: bytes
    items: Sequence[bytes]

    @classmethod
    def of(cls, run: bytes, items: Sequence[Any]) -> Job:
        """Some items of a work."""
        return cls(__version__, run, [pickle.dumps(item) for item in items])

    def states(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """A row with the pickled state of each item whose number stands in the first column."""
        for batch in batches:
            for item in batch.column(0).to_pylist():
                state = pickle.dumps(self._state(item), protocol=pickle.HIGHEST_PROTOCOL)
                yield pa.RecordBatch.from_arrays(
                    [pa.array([item], pa.int64()), pa.array([state], pa.binary())], names=["item", "state"]
                )

    def _state(self, item: int) -> Any:
        """What the work gives for an item, or its error, which the caller raises in its turn."""
        if self.version != __version__:
            return UsageError(
                f"engine spark: found rankeval {__version__} on a worker, wanted {self.version} as here"
            )
        try:
            return _work(self.run)(pickle.loads(self.items[item]))
        except RankevalError as error:
            return error


def state_or_raised(packed: bytes) -> Any:
    """A state that came back from a worker; if it is an error, that is raised."""
    state = pickle.loads(packed)
    if isinstance(state, RankevalError):
        raise state
    return state


@lru_cache(maxsize=4)
def _work(packed: bytes) -> Callable[[Any], Any]:
    """The work, unpacked once for all the items that a worker gets: its files stay open to it."""
    work: Callable[[Any], Any] = pickle.loads(packed)
    return work
