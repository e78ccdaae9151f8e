"""Segments: the groups of rows with the same value of a column."""

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
from rankeval.errors import UsageError

#: A segment with fewer units than this gets a warning.
SMALL_SEGMENT = 100
#: The largest number of segments; a row of results for each of more is of no use to anybody.
MOST_SEGMENTS = 10_000
T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Segmented(Generic[T]):
    """One object of type T for all units, and one for each segment.

    Attributes:
        whole: the object for all units.
        segments: value of the column that splits the units -> the object for that segment; the key None
            stands for the units without a value.
        most: the largest number of segments that is kept.

    Raises:
        UsageError: there are more segments.
    """

    whole: T
    segments: dict[Any, T]
    most: int = MOST_SEGMENTS

    def __post_init__(self) -> None:
        require_few_segments(len(self.segments), self.most)

    def merge(self, other: Segmented[T], merge: Callable[[T, T], T]) -> Segmented[T]:
        """Merge the wholes, and the segments with the same value; merge leaves in their order."""
        segments = dict(self.segments)
        for value, part in other.segments.items():
            segments[value] = merge(segments[value], part) if value in segments else part
        return Segmented(merge(self.whole, other.whole), segments, self.most)

    def mapped(self, change: Callable[[T], S]) -> Segmented[S]:
        """``change`` applied to the whole and to every segment."""
        segments = {value: change(part) for value, part in self.segments.items()}
        return Segmented(change(self.whole), segments, self.most)

    def where(self, keep: Callable[[T], bool]) -> Segmented[T]:
        """The same whole, with only the segments for which ``keep`` is true."""
        segments = {value: part for value, part in self.segments.items() if keep(part)}
        return Segmented(self.whole, segments, self.most)

    def parts(self) -> dict[Any, T]:
        """The whole under the key None, then the segments with a value, in ascending order."""
        values = [value for value in in_order(self.segments) if value is not None]
        return {None: self.whole} | {value: self.segments[value] for value in values}


def require_few_segments(number: int, most: int, column: str = "") -> None:
    """Check the number of segments; ``column`` names the column and its file, for the message.

    Raises:
        UsageError: there are more than ``most``.
    """
    if number > most:
        less = " with a bootstrap or clusters" if most < MOST_SEGMENTS else ""
        found = f"{column} has more than {most:,} values" if column else f"found more than {most:,} segments"
        raise UsageError(f"by: {found}, wanted at most {most:,}{less}; --where keeps some of them")


def segments_of(column: pa.Array) -> dict[Any, Ints]:
    """Value of the column -> its rows, (m,) int64, ascending.

    Null has the key None. Values that JSON cannot hold, such as dates, become text.
    """
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
        # Two codes may stand for one value: 0.0 and -0.0, or a null row and a null in the dictionary.
        segments[value] = np.sort(np.append(segments[value], rows)) if value in segments else rows
    return segments


def _plain(value: Any) -> Any:
    """A value as a JSON value: anything but a finite number, bool, string or null becomes text."""
    if isinstance(value, Decimal):
        value = float(value)
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and isfinite(value)):
        return value
    return str(value)


def in_order(segments: dict[Any, Any]) -> list[Any]:
    """The keys of ``segments`` in ascending order, None last."""
    return sorted(
        segments, key=lambda value: (value is None, str(type(value)), value if value is not None else 0)
    )
