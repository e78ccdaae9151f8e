"""Between Arrow and NumPy by their buffers: Arrow's own conversions import pandas, for half a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints


def to_arrow(values: NDArray[Any], known: Bools | None = None) -> pa.Array:
    """An Arrow array over a one-dimensional NumPy array of numbers, without a copy; null where not known."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    valid = None if known is None or known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def to_numpy(values: pa.Array) -> NDArray[Any]:
    """The numbers of an Arrow array, read-only and without a copy; booleans as bool; anything where null."""
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
    """(n,) bool, whether a value is null."""
    return to_numpy(values.is_null())


def is_unknown(values: pa.Array) -> Bools:
    """(n,) bool, whether a value is null or NaN."""
    return np.isnan(as_float64(values)) if pa.types.is_floating(values.type) else is_null(values)


def encoded(values: pa.Array) -> pa.Array:
    """Values as a dictionary, which they may be already."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def decoded(values: pa.Array) -> pa.Array:
    """Values themselves, which may be a dictionary."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def take(values: pa.Array, rows: Ints) -> pa.Array:
    """The values at these rows."""
    return values.take(to_arrow(rows))


def take_or_null(values: pa.Array, rows: Ints) -> pa.Array:
    """The values at these rows, null where a row is -1."""
    return values.take(to_arrow(rows, rows >= 0))


def as_float64(values: pa.Array) -> Floats:
    """Numbers or booleans as float64, null as NaN."""
    if pa.types.is_null(values.type):
        return np.full(len(values), np.nan)
    numbers = np.asarray(to_numpy(values), dtype=np.float64)
    return np.where(is_null(values), np.nan, numbers) if values.null_count else numbers
