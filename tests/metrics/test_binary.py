"""Hand-worked values of the metrics on relevant or not."""

from __future__ import annotations

import pytest

from rankeval.metrics.catalogue import parse
from tests.naive_ranking import Query, query_of, ranking_of, tied_query

# As ranked: relevant at 1, 3 and 5, rank 4 unjudged; one more relevant item was not retrieved.
LIST = query_of([3, 0, 2, None, 1], unretrieved=[2, 0])


def value_of(name, query, ties="trec", threshold=1.0):
    return parse(name).values(ranking_of([query], ties, threshold))[0]


HAND_WORKED = {
    "precision@3": 2 / 3,
    "precision@10": 3 / 10,
    "precision": 3 / 5,
    "recall@3": 2 / 4,
    "recall": 3 / 4,
    "hit@1": 1,
    "f1@3": 2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4),
    "f1": 2 * (3 / 5) * (3 / 4) / (3 / 5 + 3 / 4),
    "map@3": (1 / 1 + 2 / 3) / 4,
    "map": (1 / 1 + 2 / 3 + 3 / 5) / 4,
    "map_min@3": (1 / 1 + 2 / 3) / 3,
    "map_min": (1 / 1 + 2 / 3 + 3 / 5) / 4,
    "mrr": 1,
    "r_precision": 2 / 4,
    "judged@3": 3 / 3,
    "judged@4": 3 / 4,
    "judged@10": 4 / 5,
    "judged": 4 / 5,
}


@pytest.mark.parametrize("name", HAND_WORKED)
def test_hand_worked(name):
    assert value_of(name, LIST) == pytest.approx(HAND_WORKED[name], rel=1e-15)


THRESHOLD_3 = {
    "precision@2": 1 / 2,
    "recall": 1,
    "map": 1 / 1,
    "mrr": 1,
    "hit": 1,
    "r_precision": 1,
    "judged": 4 / 5,
}


@pytest.mark.parametrize("name", THRESHOLD_3)
def test_only_grades_from_the_threshold_are_relevant(name):
    assert value_of(name, LIST, threshold=3) == THRESHOLD_3[name]


LATE = query_of([0, None, 1])


@pytest.mark.parametrize(
    ("name", "value"), [("mrr", 1 / 3), ("mrr@2", 0), ("hit@2", 0), ("hit@3", 1), ("map@2", 0), ("f1@2", 0)]
)
def test_a_late_first_relevant_item(name, value):
    assert value_of(name, LATE) == value


# Rank 1 not relevant, then four items tied at ranks 2 to 5, two of them relevant.
TIED = Query([(1.0, 0, 0), *((0.0, grade, item) for item, grade in enumerate([1, 1, 0, None], start=1))])

EXPECTED = {
    "precision@3": 2 * (2 / 4) / 3,
    "recall@3": 2 / 4,
    "hit@3": 1 - (2 / 4) * (1 / 3),
    "mrr": (2 / 4) / 2 + (2 / 4) * (2 / 3) / 3 + (2 / 4) * (1 / 3) / 4,
    "map": sum((2 / 4) * (1 + j / 3) / (2 + j) for j in range(4)) / 2,
    "map@2": (2 / 4) / 2 / 2,
    "r_precision": 2 * (1 / 4) / 2,
    "judged@2": (1 + 3 / 4) / 2,
    "f1@3": 2 * (2 * 2 / 4) / (3 + 2),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_expected_over_tied_orders(name):
    assert value_of(name, TIED, "expected") == pytest.approx(EXPECTED[name], rel=1e-15)


@pytest.mark.parametrize(("size", "relevant"), [(7, 2), (10, 4), (12, 7)])
def test_a_group_wholly_within_the_cutoff_is_a_certain_hit(size, relevant):
    group = tied_query([1] * relevant + [0] * (size - relevant))
    value = value_of("hit@20", group, "expected")
    assert value <= 1.0
    assert value == pytest.approx(1.0, rel=1e-15)


# As ranked: not relevant, relevant, unjudged, relevant; R is 3, one was not retrieved.
SPARSE = query_of([0, 1, None, 2], [1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("iprec@0", 1 / 2), ("iprec@0.3", 1 / 2), ("iprec@0.5", 2 / 4), ("iprec@0.8", 0.0)],
        *[("set_precision", 2 / 4), ("set_recall", 2 / 3), ("set_f1", 2 * 2 / (4 + 3)), ("num_rel_ret", 2.0)],
        *[("num_rel_ret@3", 1.0), ("num_rel_ret:rel=2", 1.0), ("gm_map", (1 / 2 + 2 / 4) / 3)],
        *[("map:rel=2", 1 / 4), ("precision@2:rel=2", 0.0), ("recall:rel=2", 1.0), ("iprec@1:rel=2", 1 / 4)],
    ],
)
def test_sets_and_levels_of_recall(name, value):
    assert value_of(name, SPARSE) == pytest.approx(value, rel=1e-15)


def test_interpolated_precision_is_the_best_from_there_on():
    """Precision is 0, 1/2, 1/3, 2/4, 3/5 at the ranks."""
    assert value_of("iprec@0", query_of([0, 1, 0, 1, 1])) == 3 / 5
    assert value_of("iprec@0.4", query_of([1, 0, 0, 1, 0])) == 1.0


def test_a_level_of_recall_is_rounded_as_by_trec_eval():
    """0.5 of 3 items are 2, of 21 items 11; a tenth or less of an item is dropped: 0.05 of 21 is 1."""
    rest = [0] * 5
    assert value_of("iprec@0.5", query_of([1, *rest, 1, 1])) == 3 / 8
    assert value_of("iprec@0.05", query_of([1, *rest], [1] * 20)) == 1.0
    assert value_of("iprec@0.06", query_of([1, *rest], [1] * 20)) == 0.0


def test_a_threshold_of_the_metric_replaces_the_general_one():
    assert value_of("map:rel=1", SPARSE, threshold=2) == value_of("map", SPARSE)
    assert value_of("map:rel=2", SPARSE) == value_of("map", SPARSE, threshold=2)
