"""Stable sorting for use in kernels: small code, fast to compile, O(n log n) in the worst case."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays.kernels import kernel

#: Length of the runs that insertion sort makes before they are merged.
INSERTION = 16


@kernel
def argsort_descending(keys: Floats, order: Ints, scratch: Ints, begin: int, end: int) -> None:
    """Sort ``order[begin:end]``, indices into ``keys``, in place by descending key; the sort is stable.

    The algorithm is a bottom-up merge sort over runs sorted by insertion. ``scratch`` has the length of
    ``order``.
    """
    for start in range(begin, end, INSERTION):
        for i in range(start + 1, min(start + INSERTION, end)):
            index = order[i]
            j = i
            while j > start and keys[order[j - 1]] < keys[index]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = index
    width = INSERTION
    while width < end - begin:
        for left in range(begin, end, 2 * width):
            _merge(keys, order, scratch, left, min(left + width, end), min(left + 2 * width, end))
        for i in range(begin, end):
            order[i] = scratch[i]
        width *= 2


@kernel
def argsort_each(offsets: Ints, keys: Floats, order: Ints) -> None:
    """Apply :func:`argsort_descending` to each stretch ``offsets[i]:offsets[i + 1]`` of ``order``."""
    scratch = np.empty_like(order)
    for i in range(offsets.size - 1):
        argsort_descending(keys, order, scratch, offsets[i], offsets[i + 1])


@kernel
def _merge(
    keys: Floats,
    order: Ints,
    scratch: Ints,
    left: int,
    middle: int,
    end: int,
) -> None:
    """Merge the sorted runs ``left:middle`` and ``middle:end`` of ``order`` into ``scratch``."""
    i, j = left, middle
    for target in range(left, end):
        if j >= end or (i < middle and keys[order[i]] >= keys[order[j]]):
            scratch[target] = order[i]
            i += 1
        else:
            scratch[target] = order[j]
            j += 1
