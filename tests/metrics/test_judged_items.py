"""The input of pooled metrics: parts, joins and sums by query."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.metrics import JudgedItems, Pooled

ITEMS = JudgedItems(
    np.array([0, 2, 2, 5]), np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([1, 0, 0, 1, 1], bool)
)


def test_queries_of_the_items():
    assert ITEMS.counts.tolist() == [2, 0, 3]
    assert ITEMS.query.tolist() == [0, 0, 2, 2, 2]
    assert ITEMS.per_query(ITEMS.score).tolist() == [0.1 + 0.2, 0.0, 0.3 + 0.4 + 0.5]
    assert ITEMS.per_query(ITEMS.relevant).tolist() == [1.0, 0.0, 2.0]


def test_some_queries_in_another_order():
    found = ITEMS.of(np.array([2, 0]))
    assert found.offsets.tolist() == [0, 3, 5]
    assert found.score.tolist() == [0.3, 0.4, 0.5, 0.1, 0.2]
    assert found.relevant.tolist() == [False, True, True, True, False]
    assert ITEMS.of(np.zeros(0, int)).offsets.tolist() == [0]


def test_parts_are_joined():
    joined = JudgedItems.joined([ITEMS.of(np.array([0])), ITEMS.of(np.array([1, 2]))])
    assert joined.offsets.tolist() == ITEMS.offsets.tolist()
    assert joined.score.tolist() == ITEMS.score.tolist()


def test_a_mean_over_items_by_hand():
    """Losses 1, 3 and 2, 2, 2: mean 2; influences (4 - 4) / 5, 0 and (6 - 6) / 5."""
    pooled = Pooled.mean(ITEMS, np.array([1.0, 3.0, 2.0, 2.0, 2.0]))
    assert (pooled.value, pooled.influence.tolist()) == (2.0, [0.0, 0.0, 0.0])
    other = Pooled.mean(ITEMS, np.array([1.0, 1.0, 3.0, 3.0, 2.0]))
    assert (other.value, other.influence.tolist()) == (2.0, [-2 / 5, 0.0, 2 / 5])
    assert other.terms() == pytest.approx([2 - 3 * 2 / 5, 2.0, 2 + 3 * 2 / 5])
