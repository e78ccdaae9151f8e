"""Hand-worked values of the metrics that weigh gain by rank."""

from __future__ import annotations

from math import isnan, log2, pi

import pytest

from rankeval.metrics.catalogue import parse
from tests.naive_ranking import query_of, ranking_of, tied_query

# As ranked: 3, not relevant, 2, unjudged, 1; an item of grade 2 was not retrieved.
LIST = query_of([3, 0, 2, None, 1], unretrieved=[2])


def value_of(name, query, ties="trec", threshold=1.0):
    return parse(name).values(ranking_of([query], ties, threshold))[0]


def test_dcg():
    assert value_of("dcg", LIST) == pytest.approx(3 / log2(2) + 2 / log2(4) + 1 / log2(6), rel=1e-15)
    assert value_of("dcg@3", LIST) == pytest.approx(3 / log2(2) + 2 / log2(4), rel=1e-15)


def test_ndcg_takes_its_ideal_over_all_judged_items():
    ideal = 3 / log2(2) + 2 / log2(3) + 2 / log2(4)
    assert value_of("ndcg@3", LIST) == pytest.approx((3 + 2 / log2(4)) / ideal, rel=1e-15)
    ideal += 1 / log2(5)
    assert value_of("ndcg", LIST) == pytest.approx((3 + 2 / log2(4) + 1 / log2(6)) / ideal, rel=1e-15)


def test_ndcg_of_a_short_list_still_has_the_whole_ideal():
    assert value_of("ndcg", query_of([1], unretrieved=[1])) == pytest.approx(1 / (1 + 1 / log2(3)), rel=1e-15)


def test_ndcg_exp():
    ideal = 7 / log2(2) + 3 / log2(3) + 3 / log2(4)
    assert value_of("ndcg_exp@3", LIST) == pytest.approx((7 + 3 / log2(4)) / ideal, rel=1e-15)


@pytest.mark.parametrize("grade", [1.5, 52, 62, 63, 64, 70.5, 1000])
def test_ndcg_exp_of_large_and_fractional_grades(grade):
    gain = 2**grade - 1
    wanted = (1 + gain / log2(3)) / (gain + 1 / log2(3))
    assert value_of("ndcg_exp", query_of([1, grade])) == pytest.approx(wanted, rel=1e-14)


def test_the_ideal_order_has_exactly_1():
    ideal = query_of([3, 2.5, 2, 1, 0.5, 0])
    for name in ("ndcg", "ndcg@2", "ndcg_exp", "ndcg_exp@4"):
        assert value_of(name, ideal) == 1.0


def test_rbp():
    assert value_of("rbp", LIST) == pytest.approx(0.2 * (1 + 0.8**2 + 0.8**4), rel=1e-15)
    assert value_of("rbp@3:p=0.5", LIST) == pytest.approx(0.5 * (1 + 0.5**2), rel=1e-15)
    assert value_of("rbp", LIST, threshold=2) == pytest.approx(0.2 * (1 + 0.8**2), rel=1e-15)


def test_err():
    first, third, fifth = 7 / 16, 3 / 16, 1 / 16
    expected = first + (1 - first) * third / 3 + (1 - first) * (1 - third) * fifth / 5
    assert value_of("err", LIST) == pytest.approx(expected, rel=1e-15)
    assert value_of("err@3", LIST) == pytest.approx(first + (1 - first) * third / 3, rel=1e-15)
    assert value_of("err@1:max_rel=3", LIST) == 7 / 8


def test_err_and_gains_ignore_the_threshold():
    for name in ("dcg", "ndcg", "ndcg_exp", "err"):
        assert value_of(name, LIST, threshold=3) == value_of(name, LIST)


def test_a_tied_item_has_the_mean_of_its_ranks():
    pair = tied_query([1, None])
    assert value_of("dcg", pair, "expected") == pytest.approx((1 / log2(2) + 1 / log2(3)) / 2, rel=1e-15)
    assert value_of("dcg@1", pair, "expected") == 1 / 2
    assert value_of("rbp", pair, "expected") == pytest.approx(0.2 * (1 + 0.8) / 2, rel=1e-15)


def test_err_of_two_tied_items():
    a, b = 7 / 16, 1 / 16
    one_way = a + (1 - a) * b / 2
    other_way = b + (1 - b) * a / 2
    pair = tied_query([3, 1])
    assert value_of("err", pair, "expected") == pytest.approx((one_way + other_way) / 2, rel=1e-15)
    assert value_of("err@1", pair, "expected") == pytest.approx((a + b) / 2, rel=1e-15)


def test_insq():
    """T is 1: weights 1 / (j + 1)^2 over pi^2 / 6 - 1, gains grade / 4."""
    whole = pi**2 / 6 - 1
    wanted = (3 / 4 * 1 / 4 + 2 / 4 * 1 / 16 + 1 / 4 * 1 / 36) / whole
    assert value_of("insq", LIST) == pytest.approx(wanted, rel=1e-14)
    assert value_of("insq@3", LIST) == pytest.approx((3 / 16 + 2 / 64) / whole, rel=1e-14)
    whole = pi**2 / 6 - 1 - 1 / 4 - 1 / 9
    assert value_of("insq@1:T=2:max_rel=3", LIST) == pytest.approx(1 / 16 / whole, rel=1e-14)


def test_gains_of_grades():
    ideal = 7 / log2(2) + 3 / log2(3) + 3 / log2(4)
    assert value_of("ndcg@3:gains=0/1/3/7", LIST) == value_of("ndcg_exp@3", LIST)
    assert value_of("ndcg@3:gains=0/1/3/7", LIST) == pytest.approx((7 + 3 / log2(4)) / ideal, rel=1e-15)
    assert value_of("dcg:gains=0/0/0/5", LIST) == 5.0


def test_a_query_whose_grades_gain_nothing_is_undefined():
    for name in ("dcg:gains=0/0/1", "ndcg:gains=0/0/1"):
        assert isnan(value_of(name, query_of([1, 0], [1])))
