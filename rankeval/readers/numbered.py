"""A source that numbers its rows, and can leave out rows that cannot be read as sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools
from rankeval.arrays import to_arrow
from rankeval.readers.source import Leaf, Source, filtered
from rankeval.readers.where import Where
from rankeval.readers.wrapped import WrappedSource

#: The column with the number of each row in its file, from 1, counted before any filter.
ROW_NUMBER = "<row number>"


class NumberedSource(WrappedSource):
    """Another source with one more column, :data:`ROW_NUMBER`; the other columns are as they were.

    Args:
        source: the source.
        keep: says which rows of a batch to yield; None: all that the filter keeps.
    """

    def __init__(self, source: Source, keep: Callable[[pa.RecordBatch], Bools] | None = None) -> None:
        super().__init__(source)
        self._keep = keep
        self.schema = source.schema.append(pa.field(ROW_NUMBER, pa.int64()))

    def batches(
        self,
        leaf: Leaf,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        dictionary: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """See ``Source``. All rows are read, also where a filter could skip some, to count them."""
        wanted = [*columns, *(where.columns if where else ())]
        needed = [name for name in dict.fromkeys(wanted) if name != ROW_NUMBER]
        needed = needed or self._source.schema.names[:1]
        expression = where.bind(self._source.schema, self.name) if where else None
        number = leaf.first_row + 1
        for batch in self._source.batches(leaf, needed, dictionary=dictionary):
            numbers = to_arrow(np.arange(number, number + batch.num_rows, dtype=np.int64))
            number += batch.num_rows
            rows = batch.append_column(ROW_NUMBER, numbers)
            if expression is not None:
                rows = filtered(rows, expression)
            rows = rows.select(list(columns))
            if self._keep is not None:
                kept = self._keep(rows)
                rows = rows if kept.all() else rows.take(to_arrow(np.flatnonzero(kept)))
            if rows.num_rows:
                yield rows

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source``."""
        return self._source.place(leaf, index, where)
