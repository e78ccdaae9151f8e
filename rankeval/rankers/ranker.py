"""The protocol that every ranker keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from rankeval.array_types import Floats


@runtime_checkable
class Ranker(Protocol):
    """A model that gives each item a score; a higher score ranks higher.

    Attributes:
        columns: the columns that the model reads, by name. ``query_id`` and ``item_id`` are the ids under any
            name that they have in the data; other names are features.

    A ranker may also have ``single_precision``, the names of those of its columns that it reads as float32,
    and ``notes``, warnings about the files that it was read from.
    """

    @property
    def columns(self) -> Sequence[str]: ...

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the score of each of ``n`` items.

        Args:
            rows: ``n`` rows with the columns of :attr:`columns`, in that order. The rows are consecutive rows
                of a file: a query may begin in one batch and end in the next.
        """
        ...
