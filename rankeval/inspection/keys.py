"""Hashed keys of columns of any type."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import BUCKET_MASK, as_float64, decoded, hashes_of, is_null, mix64
from rankeval.readers import is_number


def keys_of(column: pa.Array) -> Hashes:
    """(n,) uint64, uniform hashes of the values; all nulls have one."""
    column = decoded(column)
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type):
        empty = "" if pa.types.is_string(column.type) else 0
        hashes = hashes_of(column.fill_null(empty))
    elif is_number(column.type):
        hashes = as_float64(column).copy().view(np.uint64)
    else:
        hashes = hashes_of(pa.array([str(value) for value in column.to_pylist()]))
    return np.where(is_null(column), np.uint64(0), mix64(hashes))


def buckets_of(column: pa.Array) -> Ints:
    """(n,) int64, the bucket of the cluster of each row."""
    return np.asarray(keys_of(column) & BUCKET_MASK, np.int64)
