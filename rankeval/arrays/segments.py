"""Segments: the rows of each value of a column."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.arrays.arrow import is_null, to_numpy

#: Segments with fewer units carry a warning.
SMALL_SEGMENT = 100


def segments_of(column: pa.Array) -> dict[Any, NDArray[np.int64]]:
    """Value of the column (None for null, text for dates and the like) -> its rows, ascending."""
    codes = (
        column if pa.types.is_dictionary(column.type) else column.dictionary_encode(null_encoding="encode")
    )
    values = [*map(_plain, codes.dictionary.to_pylist()), None]
    numbers = np.where(is_null(codes.indices), len(values) - 1, to_numpy(codes.indices))
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    segments: dict[Any, NDArray[np.int64]] = {}
    for code, rows in zip(present, np.split(order, starts)[1:], strict=True):
        value = values[code]
        # Two codes may mean one value: 0.0 and -0.0, a null among the rows and one in their dictionary.
        segments[value] = np.sort(np.append(segments[value], rows)) if value in segments else rows
    return segments


def _plain(value: Any) -> Any:
    """A value as JSON takes it: what is no finite number, bool, string or null becomes text."""
    if isinstance(value, Decimal):
        value = float(value)
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and isfinite(value)):
        return value
    return str(value)


def in_order(segments: dict[Any, Any]) -> list[Any]:
    """The values of a column in ascending order, null last."""
    return sorted(
        segments, key=lambda value: (value is None, str(type(value)), value if value is not None else 0)
    )
