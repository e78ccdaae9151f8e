"""Operations on ragged arrays: a flat array ``values`` with ``offsets`` (n + 1,) int64.

The values of unit ``i`` are the stretch ``values[offsets[i]:offsets[i + 1]]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays.kernels import kernel


def offsets_of(lengths: NDArray[Any]) -> Ints:
    """(n + 1,) int64: the offsets of consecutive stretches with these lengths (n,)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def stretch_of(offsets: Ints, place: int) -> int:
    """The index of the stretch that contains an index (``place``) of the flat array."""
    return int(np.searchsorted(offsets, place, side="right")) - 1


@kernel
def sums(offsets: Ints, values: Floats) -> Floats:
    """(n,) float64: the sum of each stretch."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            total[row] += values[i]
    return total


@kernel
def sums_of_products(offsets: Ints, left: Floats, right: Floats) -> Floats:
    """(n,) float64: the sum of ``left * right`` over each stretch."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            total[row] += left[i] * right[i]
    return total


@kernel
def cascade_sums(offsets: Ints, weights: Floats, rewards: Floats, logged: Floats, target: Floats) -> Floats:
    """(n,) float64: for each stretch, ``sum over k of w_k (c_k - q_k) + w_{k-1} E_pi q_k`` with ``w_0 = 1``.

    All arrays but ``offsets`` are flat, with one value per item: ``weights`` w_k, ``rewards`` c_k, ``logged``
    q_k, and ``target`` E_pi q_k (Kiyohara et al. 2022).
    """
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        above = 1.0
        for i in range(offsets[row], offsets[row + 1]):
            total[row] += weights[i] * (rewards[i] - logged[i]) + above * target[i]
            above = weights[i]
    return total


@kernel
def corrected_sums(
    offsets: Ints, weights: Floats, rewards: Floats, expected: Floats, added: Floats
) -> Floats:
    """(n,) float64: the sum of ``weights * (rewards - expected) + added`` over each stretch."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            total[row] += weights[i] * (rewards[i] - expected[i]) + added[i]
    return total


@kernel
def by_place(offsets: Ints, places: Floats) -> tuple[Ints, int]:
    """The order that sorts the items of each stretch by their places 1, 2, ..., and the first invalid item.

    A place is invalid if it is not a whole number, is below 1 or above the length of the stretch, or occurred
    before in the stretch. The second value is the index of the first item with an invalid place, or -1; if it
    is not -1, the order is incomplete.
    """
    order = np.full(places.size, -1, np.int64)
    for row in range(offsets.size - 1):
        begin, length = offsets[row], offsets[row + 1] - offsets[row]
        for i in range(begin, begin + length):
            if not (1.0 <= places[i] <= length):
                return order, i
            place = begin + np.int64(places[i]) - 1
            if place + 1 - begin != places[i] or order[place] >= 0:
                return order, i
            order[place] = i
    return order, -1


def places_of(offsets: Ints, units: Ints) -> Ints:
    """The flat indices ``offsets[u] .. offsets[u + 1] - 1`` of each unit u in ``units``, concatenated."""
    lengths = offsets[units + 1] - offsets[units]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) + np.repeat(offsets[units] - (ends - lengths), lengths), np.int64)
