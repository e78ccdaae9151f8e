from __future__ import annotations

import numpy as np
import pytest

from rankeval.arrays.kernels import read_only
from rankeval.arrays.ragged import (
    by_place,
    cascade_sums,
    offsets_of,
    places_of,
    stretch_of,
    sums,
    sums_of_products,
)

OFFSETS = read_only(np.array([0, 2, 2, 5]))


def numbers(*values: float) -> np.ndarray:
    return read_only(np.array(values, dtype=float))


def test_offsets_of_lengths_and_the_stretch_of_a_place() -> None:
    assert offsets_of(np.array([2, 0, 3])).tolist() == OFFSETS.tolist()
    assert offsets_of(np.array([True, False])).tolist() == [0, 1, 1]
    assert [stretch_of(OFFSETS, place) for place in range(5)] == [0, 0, 2, 2, 2]


def test_sums() -> None:
    assert sums(OFFSETS, numbers(1, 2, 3, 4, 5)).tolist() == [1 + 2, 0, 3 + 4 + 5]
    products = sums_of_products(OFFSETS, numbers(1, 2, 3, 4, 5), numbers(1, 10, 1, 10, 100))
    assert products.tolist() == [1 + 20, 0, 3 + 40 + 500]


def test_cascade_sums() -> None:
    found = cascade_sums(
        OFFSETS,
        numbers(2, 3, 0.5, 4, 1),
        numbers(1, 0, 1, 1, 0),
        numbers(0.5, 1, 0, 0, 1),
        numbers(1, 2, 3, 4, 5),
    )
    first = 2 * (1 - 0.5) + 1 * 1 + 3 * (0 - 1) + 2 * 2
    last = 0.5 * 1 + 1 * 3 + 4 * 1 + 0.5 * 4 + 1 * (0 - 1) + 4 * 5
    assert found.tolist() == [first, 0, last]


def test_places() -> None:
    order, bad = by_place(OFFSETS, numbers(2, 1, 3, 1, 2))
    assert (order.tolist(), bad) == ([1, 0, 3, 4, 2], -1)


@pytest.mark.parametrize("wrong", [0, 4, -1, 1.5, 1, 1e300, np.inf, np.nan])
def test_places_that_are_none(wrong: float) -> None:
    _, bad = by_place(OFFSETS, numbers(1, 2, 1, wrong, 2))
    assert bad == 3


def test_places_of_units() -> None:
    assert places_of(OFFSETS, np.array([2, 0])).tolist() == [2, 3, 4, 0, 1]
    assert places_of(OFFSETS, np.array([1])).tolist() == []
    assert places_of(OFFSETS, np.array([], np.int64)).tolist() == []
