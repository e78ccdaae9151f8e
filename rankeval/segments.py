"""Segments: the rows of each value of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Segments with fewer units carry a warning.
SMALL_SEGMENT = 100


def segments_of(column: pa.Array) -> dict[Any, NDArray[np.int64]]:
    """Value of the column (None for null) -> its rows, ascending."""
    codes = column if pa.types.is_dictionary(column.type) else column.dictionary_encode(null_encoding="encode")
    indices = codes.indices.fill_null(len(codes.dictionary)) if codes.indices.null_count else codes.indices
    numbers = np.asarray(indices)
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    values = [*codes.dictionary.to_pylist(), None]
    rows = np.split(order, starts[1:])
    return {values[code]: part for code, part in zip(present, rows, strict=True)}


def in_order(segments: dict[Any, Any]) -> list[Any]:
    """The values of a column in ascending order, null last."""
    return sorted(segments, key=lambda value: (value is None, str(type(value)), value if value is not None else 0))
