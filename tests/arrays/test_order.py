"""The merge sort that kernels use."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.order import INSERTION, argsort_descending, argsort_each
from tests.readers.helpers import examples

keys = st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.5, np.inf, -np.inf, -0.0]), max_size=70)


def sorted_indices(values: np.ndarray) -> list[int]:
    """Python's sort is stable too."""
    return sorted(range(len(values)), key=lambda i: -values[i])


def sort(values: np.ndarray, begin: int, end: int) -> np.ndarray:
    order = np.arange(len(values))
    argsort_descending(values, order, np.empty_like(order), begin, end)
    return order


@examples
@given(keys)
def test_descending_and_stable(values):
    array = np.array(values, np.float64)
    assert sort(array, 0, len(array)).tolist() == sorted_indices(array)


@pytest.mark.parametrize(
    "n", [0, 1, 2, INSERTION - 1, INSERTION, INSERTION + 1, 2 * INSERTION, 3 * INSERTION + 5, 1000]
)
@pytest.mark.parametrize("distinct", [1, 3, 10_000])
def test_any_length(n, distinct):
    array = np.random.default_rng(n).integers(0, distinct, n).astype(np.float64)
    assert sort(array, 0, n).tolist() == sorted_indices(array)


@pytest.mark.parametrize("values", [np.arange(200.0), -np.arange(200.0), np.zeros(200)])
def test_sorted_reversed_and_equal(values):
    assert sort(values, 0, 200).tolist() == sorted_indices(values)


def test_nothing_outside_the_stretch_is_touched():
    array = np.random.default_rng(0).integers(0, 4, 120).astype(np.float64)
    order = sort(array, 30, 95)
    assert order[:30].tolist() == list(range(30))
    assert order[95:].tolist() == list(range(95, 120))
    assert order[30:95].tolist() == [30 + i for i in sorted_indices(array[30:95])]


def test_each_stretch_is_sorted_by_itself():
    lengths = [0, 1, 40, 0, 17, 3, 100]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    array = np.random.default_rng(1).integers(0, 5, offsets[-1]).astype(np.float64)
    order = np.arange(len(array))
    argsort_each(offsets, array, order)
    for begin, end in pairwise(offsets):
        assert order[begin:end].tolist() == [begin + i for i in sorted_indices(array[begin:end])]


def test_the_order_given_decides_among_equals():
    """Order may hold any permutation to start from."""
    array = np.zeros(50)
    order = np.random.default_rng(2).permutation(50)
    before = order.tolist()
    argsort_descending(array, order, np.empty_like(order), 0, 50)
    assert order.tolist() == before
