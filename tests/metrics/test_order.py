"""Hand-worked values of the metrics of order."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.metrics.catalogue import parse
from tests.naive_ranking import Query, query_of, ranking_of, tied_query


def value_of(name, query, ties="trec", threshold=1.0):
    return parse(name).values(ranking_of([query], ties, threshold))[0]


def test_bpref_counts_judged_nonrelevant_items_above():
    # R = 3 with one not retrieved, N = 2; above the relevant items stand none and one.
    query = query_of([1, None, 0, 2], unretrieved=[1, 0])
    assert value_of("bpref", query) == pytest.approx((1 + (1 - 1 / 2)) / 3, rel=1e-15)


def test_bpref_counts_at_most_r_above():
    # R = 1, N = 3: three above count as one.
    assert value_of("bpref", query_of([0, 0, 0, 1])) == 0.0
    assert value_of("bpref", query_of([None, None, 1], unretrieved=[0])) == 1.0


def test_bpref_without_nonrelevant_items():
    assert value_of("bpref", query_of([1, None, 1], unretrieved=[1])) == pytest.approx(2 / 3, rel=1e-15)


def test_bpref_of_tied_items():
    # Of two judged non-relevant items none, one or two stand above the relevant one; min(R, N) = 1.
    value = value_of("bpref", tied_query([1, 0, 0, None]), "expected")
    assert value == pytest.approx((1 + 0 + 0) / 3, rel=1e-15)


def test_bpref_below_the_threshold_is_nonrelevant():
    assert value_of("bpref", query_of([1, 2]), threshold=2) == 0.0


def test_arp():
    assert value_of("arp", query_of([1, None, 0, 2], unretrieved=[1])) == (1 + 4) / 2
    assert value_of("arp", tied_query([1, None, 0, 0]), "expected") == (1 + 2 + 3 + 4) / 4


def test_arp_is_undefined_where_no_relevant_item_was_retrieved():
    assert np.isnan(value_of("arp", query_of([0, None], unretrieved=[1])))


def test_auc():
    # Pairs in order: the relevant item at 1 before both others, that at 3 before one.
    assert value_of("auc", query_of([1, None, 2, 0])) == (2 + 1) / 4
    assert value_of("gauc", query_of([0, 1])) == 0.0


def test_ties_count_one_half_in_auc():
    query = Query([(2.0, 1, "a"), (1.0, 1, "b"), (1.0, 0, "c"), (0.0, None, "d")])
    assert value_of("auc", query, "expected") == (2 + 0.5 + 1) / 4


@pytest.mark.parametrize("grades", [[1, 2], [0, None], []])
def test_auc_is_undefined_without_both_kinds(grades):
    assert np.isnan(value_of("auc", query_of(grades, unretrieved=[1, 0])))
