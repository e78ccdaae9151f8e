"""Compatibility: hand-worked values."""

from __future__ import annotations

import pytest

from rankeval.metrics.catalogue import parse
from tests.naive_ranking import query_of, ranking_of, tied_query


def value_of(name, query, ties="trec"):
    return parse(name).values(ranking_of([query], ties))[0]


def test_by_hand():
    """As ranked: 1, not relevant, 2; the ideal order is rank 3, rank 1, then one that is not retrieved."""
    query, p = query_of([1, 0, 2], [1]), 0.5
    found = 1 * 0 / 1 + p * 1 / 2 + p**2 * 2 / 3
    itself = 1 + p + p**2
    assert value_of("compat:p=0.5", query) == pytest.approx(found / itself, rel=1e-15)


def test_depth_is_that_of_the_longer_list():
    """The ideal has one item: depths 1 to 3 of the list count, in the ideal too."""
    query, p = query_of([0, 1, 0]), 0.5
    assert value_of("compat:p=0.5", query) == pytest.approx(
        (p / 2 + p**2 / 3) / (1 + p / 2 + p**2 / 3), rel=1e-15
    )


def test_the_ideal_order_has_1():
    for grades in ([3, 2, 2, 1], [1], [4, 4, 4, None, 0]):
        assert value_of("compat", query_of(grades)) == pytest.approx(1.0, rel=1e-15)


def test_items_of_one_grade_are_ideally_as_the_list_has_them():
    assert value_of("compat", query_of([2, 1, 1], [1])) > value_of("compat", query_of([1, 2, 1], [1]))
    assert value_of("compat", query_of([1, 1, 1])) == 1.0


def test_a_relevant_item_tied_with_another():
    """At rank 1 or 2 with the same chance."""
    p = 0.5
    itself = 1 + p / 2
    assert value_of("compat:p=0.5", tied_query([1, 0]), "expected") == pytest.approx(
        0.5 * 1.0 + 0.5 * (p / 2) / itself, rel=1e-15
    )
