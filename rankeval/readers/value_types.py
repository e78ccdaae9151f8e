"""Types of columns of Python values. They follow from all values, so they are settled in two steps.

The traits of the values of each block of rows are collected first. The type follows from their union.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence, Set
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

#: How deep a value lies in lists, and its kind; a list without values has the kind "".
Trait = tuple[int, str]

_INT64 = 2**63
#: Integers up to here are exact as floats.
_EXACT = 2**53


def traits_of(values: Sequence[Any]) -> frozenset[Trait]:
    """The traits of ``values``: of each but the nulls, its depth and kind.

    Kinds are ``bool``, ``int``, ``wide`` (an integer that a float may round), ``huge`` (one that 64 bits do
    not hold), ``float``, ``text``, or the name of any other Python type.
    """
    found: set[Trait] = set()
    for kind in set(map(type, values)):
        if kind in (list, tuple):
            lists = [value for value in values if type(value) is kind]
            inner = traits_of(list(chain.from_iterable(lists)))
            found |= {(depth + 1, name) for depth, name in inner} or {(1, "")}
        elif issubclass(kind, bool | np.bool_):
            found.add((0, "bool"))
        elif issubclass(kind, int | np.integer):
            found |= _of_integers([int(value) for value in values if type(value) is kind])
        elif issubclass(kind, float | np.floating):
            found.add((0, "float"))
        elif issubclass(kind, str):
            found.add((0, "text"))
        elif kind is not type(None):
            found.add((0, kind.__name__))
    return frozenset(found)


def settled(traits: Set[Trait], *, as_float: bool = False) -> pa.DataType | None:
    """The type that holds all values with these ``traits``; None if Arrow is to find it.

    Integers of 64 bits alone are integers. Numbers are floats if every integer among them is exact as a
    float; ``as_float`` asks for floats in any case. Values of several kinds are text: the id 7 in a column
    with "07" is "7", and an integer that 64 bits do not hold keeps its digits.
    """
    if not traits:
        return pa.null()
    depths, kinds = {depth for depth, _ in traits}, {kind for _, kind in traits if kind}
    if len(depths) > 1:
        return pa.string()
    if depths != {0}:
        inner = settled({(depth - 1, kind) for depth, kind in traits if kind or depth > 1})
        return None if inner is None else pa.list_(inner)
    if kinds == {"bool"}:
        return pa.bool_()
    if kinds <= {"int", "wide"} and not as_float:
        return pa.int64()
    if kinds <= {"int", "float"} or (as_float and kinds <= {"int", "wide", "huge", "float"}):
        return pa.float64()
    return pa.string() if kinds & {"bool", "int", "wide", "huge", "float", "text"} else None


def as_array(values: Sequence[Any], kind: pa.DataType | None) -> pa.Array:
    """``values`` as an array of the type that :func:`settled` gives for their traits."""
    if kind == pa.string():
        return pa.array([_text(value) for value in values], kind)
    if kind == pa.float64():
        return pa.array([None if value is None else _float(value) for value in values], kind)
    if kind == pa.list_(pa.string()):
        return pa.array(
            [None if value is None else [_text(each) for each in value] for value in values], kind
        )
    return pa.array(values, kind)


def _of_integers(values: Sequence[Any]) -> set[Trait]:
    low, high = min(values), max(values)
    if low < -_INT64 or high >= _INT64:
        return {(0, "huge")}
    return {(0, "wide" if max(-low, high) > _EXACT else "int")}


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the largest float, which as text is infinite too
        return math.copysign(math.inf, value > 0 or -1)


def _text(value: Any) -> str | None:
    """``value`` as JSON writes it, without quotes; NaN, which stands for a missing text, is null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float | np.floating) and math.isnan(value):
        return None
    return json.dumps(value.item() if isinstance(value, np.generic) else value, default=str)
