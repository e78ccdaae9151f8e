"""Sums over all orders by dynamic programming over subsets."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import CLICK_MODELS
from rankeval.simulators.exact.subsets import over_orders
from tests.naive_lists import plackett_luce
from tests.simulators.click_models.worlds import A, S, model

UTILITIES = np.array([0.3, -1.0, 0.8, 0.1])


def by_enumeration(name, lists, positions, given_first):
    """Examination and counts, of the sessions with a click at position 1 where that is given."""
    users = model(name, positions)
    items, counts = np.zeros((4, positions)), np.zeros(positions + 1)
    for shown, p in lists.items():
        values = np.array([[x[i] for i in shown] for x in (A, S)])[:, np.newaxis]
        joint = users.joint_probabilities(*values)[0]
        clicks = joint[0] if given_first else np.diag(joint)
        for k, item in enumerate(shown):
            items[item, k] += p * clicks[k]
        counts += p * users.count_probabilities(*values)[0]
    return items, counts


@pytest.mark.parametrize("name", [name for name in CLICK_MODELS if name != "mixture"])
@pytest.mark.parametrize("positions", [3, 4])
@pytest.mark.parametrize("given_first", [False, True])
def test_plackett_luce_against_enumeration(name, positions, given_first):
    table = model(name, positions).browsing(np.array(A[:4]), np.array(S[:4]), positions)
    examined, counts = over_orders(
        UTILITIES, np.array([0, 4]), np.array([4]), table, clicked_first=given_first
    )
    lists = plackett_luce(UTILITIES.tolist(), 1.0, positions)
    clicks, of_all = by_enumeration(name, lists, positions, given_first)
    np.testing.assert_allclose(examined * table.rates, clicks, rtol=0, atol=1e-14)
    assert counts.sum() == pytest.approx(clicks[:, 0].sum() if given_first else 1.0, abs=1e-14)
    if not given_first:
        np.testing.assert_allclose(counts[0], of_all, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ["pbm", "dbn", "dcm", "ubm"])
@pytest.mark.parametrize(("block", "positions"), [(2, 4), (1, 4), (3, 3), (2, 2)])
def test_what_is_not_drawn_follows_in_order(name, block, positions):
    table = model(name, positions).browsing(np.array(A[:4]), np.array(S[:4]), positions)
    examined, counts = over_orders(np.zeros(4), np.array([0, 4]), np.array([block]), table)
    every = [(*first, *range(block, 4))[:positions] for first in permutations(range(block))]
    clicks, of_all = by_enumeration(name, dict.fromkeys(every, 1 / len(every)), positions, False)
    np.testing.assert_allclose(examined * table.rates, clicks, rtol=0, atol=1e-14)
    np.testing.assert_allclose(counts[0], of_all, rtol=0, atol=1e-14)


def test_utilities_far_apart_leave_nothing_to_chance():
    table = model("pbm", 3).browsing(np.array(A[:3]), None, 3)
    examined, _ = over_orders(np.array([-1e5, 3e5, 0.0]), np.array([0, 3]), np.array([3]), table)
    np.testing.assert_allclose(examined, [[0, 0, 1 / 3], [1, 0, 0], [0, 0.5, 0]], rtol=1e-15)
