"""Segments: the rows of each value of a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from rankeval.array_types import Ints
from rankeval.arrays.arrow import is_null, to_numpy

#: Segments with fewer units carry a warning.
SMALL_SEGMENT = 100
T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Segmented(Generic[T]):
    """Something of all units, and the same of each segment of them.

    Attributes:
        whole: of all units.
        segments: by value of the column that splits them; None holds the units without a value.
    """

    whole: T
    segments: dict[Any, T]

    def merge(self, other: Segmented[T], merge: Callable[[T, T], T]) -> Segmented[T]:
        """Both parts, each segment merged with its twin; fold leaves in their order."""
        segments = dict(self.segments)
        for value, part in other.segments.items():
            segments[value] = merge(segments[value], part) if value in segments else part
        return Segmented(merge(self.whole, other.whole), segments)

    def mapped(self, change: Callable[[T], S]) -> Segmented[S]:
        """``change`` of every part."""
        return Segmented(change(self.whole), {value: change(part) for value, part in self.segments.items()})

    def where(self, keep: Callable[[T], bool]) -> Segmented[T]:
        """Only the segments that ``keep`` holds for."""
        return Segmented(self.whole, {value: part for value, part in self.segments.items() if keep(part)})

    def parts(self) -> dict[Any, T]:
        """The whole under None, then the segments with a value in ascending order."""
        values = [value for value in in_order(self.segments) if value is not None]
        return {None: self.whole} | {value: self.segments[value] for value in values}


def segments_of(column: pa.Array) -> dict[Any, Ints]:
    """Value of the column (None for null, text for dates and the like) -> its rows, ascending."""
    codes = (
        column if pa.types.is_dictionary(column.type) else column.dictionary_encode(null_encoding="encode")
    )
    values = [*map(_plain, codes.dictionary.to_pylist()), None]
    numbers = np.where(is_null(codes.indices), len(values) - 1, to_numpy(codes.indices))
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    segments: dict[Any, Ints] = {}
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
