"""Conversion between Arrow and NumPy through buffers.

Arrow's own conversions import pandas, which takes half a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints


def to_arrow(values: NDArray[Any], known: Bools | None = None) -> pa.Array:
    """A contiguous NumPy array of numbers (n,) as an Arrow array, without a copy; null where not known."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    valid = None if known is None or known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def to_numpy(values: pa.Array) -> NDArray[Any]:
    """The numbers of an Arrow array as a NumPy array, read-only and without a copy.

    Booleans and decimals are converted (to bool and float64), so they are copied. The value where the Arrow
    array is null is arbitrary.
    """
    if pa.types.is_boolean(values.type):
        return to_numpy(values.cast(pa.uint8())).view(np.bool_)
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    _, buffer = values.buffers()
    dtype = np.dtype(values.type.to_pandas_dtype())
    if buffer is None:
        return np.zeros(len(values), dtype)
    return np.frombuffer(buffer, dtype, len(values), values.offset * dtype.itemsize)


def is_null(values: pa.Array) -> Bools:
    """(n,) bool, whether each value is null, also where a dictionary holds the null."""
    missing: Bools = to_numpy(values.is_null())
    if not (pa.types.is_dictionary(values.type) and values.dictionary.null_count):
        return missing
    # Older versions of Arrow do not count such nulls.
    hidden: Bools = to_numpy(values.dictionary.is_null())
    either: Bools = missing | hidden[to_numpy(values.indices.fill_null(0))]
    return either


def is_unknown(values: pa.Array) -> Bools:
    """(n,) bool, whether each value is null or NaN."""
    return np.isnan(as_float64(values)) if pa.types.is_floating(values.type) else is_null(values)


def encoded(values: pa.Array) -> pa.Array:
    """The values as a dictionary array; returned as they are if they are one already."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def decoded(values: pa.Array) -> pa.Array:
    """The values as a plain array: a dictionary array is decoded, any other is returned as it is."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def take(values: pa.Array, rows: Ints) -> pa.Array:
    """The values at these rows."""
    return values.take(to_arrow(rows))


def take_or_null(values: pa.Array, rows: Ints) -> pa.Array:
    """The values at these rows, null where a row is -1."""
    return values.take(to_arrow(rows, rows >= 0))


def as_float64(values: pa.Array) -> Floats:
    """(n,) float64: numbers or booleans, with NaN where the value is null."""
    if pa.types.is_null(values.type):
        return np.full(len(values), np.nan)
    numbers = np.asarray(to_numpy(values), dtype=np.float64)
    return np.where(is_null(values), np.nan, numbers) if values.null_count else numbers
