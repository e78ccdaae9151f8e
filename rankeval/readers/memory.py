"""Tables in memory: Arrow, anything with the Arrow C stream interface (pandas, polars), dicts of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.errors import DataError
from rankeval.readers.messages import first_line, guard
from rankeval.readers.source import LEAF_ROWS, ArrowSource, Leaf, coalesce
from rankeval.readers.where import Where


class MemorySource(ArrowSource):
    """A table in memory; its leaves are slices of 2**18 rows."""

    def __init__(self, table: pa.Table, name: str = "<table>") -> None:
        self._table = table
        super().__init__(name, table.schema)

    @property
    def has_rows(self) -> bool:
        """See ``ArrowSource``."""
        return bool(self._table.num_rows)

    def leaves(self, source_index: int) -> list[Leaf]:
        """Slices of 2**18 rows."""
        rows = self._table.num_rows
        return coalesce(source_index, [min(LEAF_ROWS, rows - start) for start in range(0, rows, LEAF_ROWS)])

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        part = self._table.select(columns).slice(leaf.first_row, leaf.rows)
        yield from part.combine_chunks().to_batches()


def is_in_memory(data: Any) -> bool:
    """Whether ``data`` is a table in memory: a mapping, or an object with the Arrow PyCapsule interface."""
    return (
        isinstance(data, Mapping) or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")
    )


def memory_source(data: Any) -> MemorySource:
    """A source over a table, a frame, a record batch, a reader or a dict of arrays; a reader is read here.

    Raises:
        DataError: Arrow cannot convert the data, for example because the values of a column are not alike.
    """
    if isinstance(data, Mapping):
        with guard("<dict>"):
            arrays = [_column(str(name), values) for name, values in data.items()]
            return MemorySource(pa.table(arrays, names=[str(name) for name in data]), "<dict>")
    with guard("<table>"):
        return MemorySource(data if isinstance(data, pa.Table) else pa.table(data))


def _column(name: str, values: Any) -> Any:
    try:
        if hasattr(values, "__arrow_c_stream__"):
            return pa.chunked_array(values)
        if isinstance(values, np.ndarray) and values.ndim == 2:
            # One list per row: candidate sets of equal size.
            return pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(values)), values.shape[1])
        return pa.array(values)
    except (TypeError, OverflowError, pa.ArrowException) as error:
        raise DataError(
            f"<dict>: column {name!r}: {first_line(error)}; wanted an array or a list of like values"
        ) from error
