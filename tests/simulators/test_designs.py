"""Shuffle designs: what they do to lists, and the probabilities of that."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.designs import arms, display, exchanges, mixing_matrix
from rankeval.simulators.world import DESIGNS, Shuffle
from tests.naive_lists import items_at, mixed, orders
from tests.simulators.list_policies.worlds import four_errors

BASE = (0, 1, 2, 3, 4)


def shown(design, top, n=30_000, share=1.0, base=BASE):
    lists = np.tile(np.array(base, np.int32), (n, 1))
    return display(Shuffle(design, share, top), np.random.default_rng(11), lists)


def test_arms_by_hand():
    pairs = {name: list(zip(*map(np.ndarray.tolist, arms(name, 4)), strict=True)) for name in DESIGNS}
    assert pairs == {
        "full": [],
        "swap": [(0, 1), (0, 2), (0, 3)],
        "adjacent": [(0, 1), (1, 2), (2, 3)],
        "pair": [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)],
    }


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("top", [2, 4, 5])
def test_displayed_orders_follow_the_design(design, top):
    n = 30_000
    found = shown(design, top, n)
    lists, times = np.unique(found.lists, axis=0, return_counts=True)
    counts = {tuple(row): count / n for row, count in zip(lists.tolist(), times.tolist(), strict=True)}
    wanted = {order: p for order, p in orders(design, top, BASE).items() if p > 0.0}
    assert set(counts) == set(wanted)
    for order, p in wanted.items():
        assert abs(counts[order] - p) <= four_errors(np.array(p), n)


@pytest.mark.parametrize("design", DESIGNS)
def test_arms_are_told_whatever_the_coin_says(design):
    found = shown(design, 4, share=0.3)
    n = len(found.lists)
    assert abs(found.shuffled.mean() - 0.3) <= four_errors(np.array(0.3), n)
    assert (found.lists[~found.shuffled] == BASE).all()
    if design == "full":
        assert not found.swap_low.any()
        assert not found.swap_high.any()
        return
    assert ((found.swap_high > 0) == found.shuffled).all()
    assert (found.swap_low < found.swap_high)[found.shuffled].all()
    pairs, times = np.unique(
        np.stack([found.swap_low, found.swap_high])[:, found.shuffled], axis=1, return_counts=True
    )
    lows, highs = arms(design, 4)
    assert sorted(map(tuple, (pairs.T - 1).tolist())) == sorted(
        zip(lows.tolist(), highs.tolist(), strict=True)
    )
    share = np.array(1.0 / len(lows))
    assert (np.abs(times / times.sum() - share) <= four_errors(share, times.sum())).all()
    row = np.flatnonzero(found.shuffled)[0]
    low, high = found.swap_low[row] - 1, found.swap_high[row] - 1
    assert found.lists[row, low] in (BASE[low], BASE[high])


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_shorter_lists_take_part_as_far_as_they_go(design, size):
    base = (*range(size), *[-1] * (5 - size))
    found = shown(design, 5, 3000, base=base)
    assert (found.lists[:, size:] == -1).all()
    assert (np.sort(found.lists[:, :size], axis=1) == np.arange(size)).all()
    assert int(found.swap_high.max()) == (0 if design == "full" or size < 2 else size)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("size", "top"), [(5, 5), (5, 3), (3, 5), (1, 4)])
def test_mixing_matrix_against_enumeration(design, size, top):
    base = tuple(range(size))
    lists = mixed([(0.7, {base: 1.0}), (0.3, orders(design, top, base))])
    found = mixing_matrix(Shuffle(design, 0.3, top), size, 5)
    np.testing.assert_allclose(found[:size], items_at(lists, size, 5), atol=1e-15)
    np.testing.assert_allclose(found.sum(axis=0), 1.0)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_exchanges_sum_to_the_share_that_the_coin_leaves():
    _, _, chances = exchanges(Shuffle("swap", 0.4, 4), np.array([4, 2, 1]))
    np.testing.assert_allclose(chances, [[0.4 / 6] * 3, [0.2, 0.0, 0.0], [0.0] * 3])
