"""Operands of row filters in types that Arrow compares exactly, and conditions joined in a flat tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

#: Conditions that are joined in one chain.
_CHAIN = 64


@dataclass(frozen=True)
class Operand:
    """One side of a comparison. ``words`` names it in messages; ``kind`` is None without a schema."""

    value: Any
    kind: str | None
    words: str
    type: pa.DataType | None = None


def joined(join: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    """The conditions joined, in a tree of small depth: Arrow walks through it by recursion.

    Arrow makes one deep chain of all neighbouring ``or``. A double ``not`` between them keeps it from that.
    """
    while len(parts) > _CHAIN:
        groups = [parts[i : i + _CHAIN] for i in range(0, len(parts), _CHAIN)]
        parts = [~~reduce(join, group) for group in groups]
    return reduce(join, parts)


def in_one_type(column: Operand, literal: Operand) -> tuple[Any, Any]:
    """A number column and a number literal in types that Arrow compares exactly, or else as float64."""
    value = literal.value
    if pt.is_decimal(column.type):
        return column.value, value
    if not pt.is_integer(column.type):
        return column.value, pa.scalar(float(value))
    kind = pa.uint64() if pt.is_uint64(column.type) else pa.int64()
    low, high = (0, 2**64) if pt.is_uint64(kind) else (-(2**63), 2**63)
    if float(value).is_integer() and low <= value < high:
        return column.value, pa.scalar(int(value), kind)
    # No integer of the column's type equals this literal. Arrow alone would try float32, and fail.
    return column.value.cast(pa.float64(), safe=False), pa.scalar(float(value))


def kind_of(kind: pa.DataType) -> str:
    """The kind of values of an Arrow type; values of the same kind can be compared, except "other"."""
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return "time"
    if pt.is_null(kind):
        return "nothing"
    return "string" if pt.is_string(kind) else "boolean" if pt.is_boolean(kind) else "other"
