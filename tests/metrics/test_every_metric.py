"""What holds for every metric of the catalogue, new ones included."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from rankeval.metrics.catalogue import METRICS, parse
from rankeval.metrics.ranking import Ranking
from tests.naive_beyond import NAIVE as NAIVE_BEYOND
from tests.naive_diversity import NAIVE as NAIVE_DIVERSITY
from tests.naive_metrics import NAIVE, naive, over_orders
from tests.naive_ranking import Query, query_of, ranking_of, tied_query

#: The others have tests of their own (``test_diversity.py``, ``test_beyond.py``).
OF_GRADES = {name: METRICS[name] for name in NAIVE}
PLAIN = [parse(name) for name, definition in OF_GRADES.items() if not definition.at_recall]
CUT = [
    parse(f"{name}@{k}")
    for name, definition in OF_GRADES.items()
    if definition.cutoff
    for k in ((0, 0.1, 0.5, 1) if definition.at_recall else (1, 3, 20))
]
WITH_PARAMETERS = [
    parse("rbp:p=0.3"),
    parse("rbp@2:p=0.95"),
    parse("err@2:max_rel=5"),
    parse("err:max_rel=9"),
    parse("insq@3:T=2:max_rel=8"),
    parse("compat:p=0.5"),
    parse("map:rel=2"),
    parse("bpref:rel=2"),
    parse("auc:rel=2"),
    parse("ndcg@3:gains=0/1/3/7/7"),
    parse("dcg:gains=0/0/0.5/2/2"),
]
ALL = PLAIN + CUT + WITH_PARAMETERS


def takes(metric, ties):
    """Whether the metric has a value under a rule for ties."""
    return metric.tie_order is not None or ties in metric.definition.ties


EXPECTED = [metric for metric in ALL if takes(metric, "expected")]
RESOLVED = [metric for metric in ALL if metric.tie_order is None and "best" in metric.definition.ties]
BOUNDED = [metric for metric in ALL if metric.base not in ("dcg", "arp", "num_rel_ret")]
#: These and plain precision and f1 ask how long the list is.
OF_LENGTH = ("judged", "auc", "gauc", "set_precision", "set_f1", "compat")

every_metric = pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)

grades = st.sampled_from([None, 0, 0, 1, 1, 2, 3, 4, 0.5])
judged_grades = st.sampled_from([0, 1, 2, 4])
thresholds = st.sampled_from([1.0, 2.0, 0.5])


@st.composite
def queries(draw, longest=7):
    items = draw(st.lists(st.tuples(st.integers(0, 3), grades), max_size=longest))
    unretrieved = draw(st.lists(judged_grades, max_size=4))
    return Query([(float(score), grade, j) for j, (score, grade) in enumerate(items)], unretrieved)


def random_queries(seed, count, longest):
    """Lists with ties, unjudged items and grades of every kind; some are empty."""
    rng = random.Random(seed)
    for _ in range(count):
        items = [
            (float(rng.randrange(3)), rng.choice([None, 0, 0, 1, 1, 2, 3, 4, 0.5]), j)
            for j in range(rng.randrange(longest + 1))
        ]
        yield Query(items, [rng.choice([0, 0, 1, 2, 4]) for _ in range(rng.randrange(4))])


def assert_same_bits(got, wanted):
    assert got.tobytes() == wanted.tobytes()


def test_every_metric_has_a_naive_version():
    assert [*NAIVE, *NAIVE_DIVERSITY, *NAIVE_BEYOND] == list(METRICS)


@every_metric
@pytest.mark.parametrize("threshold", [1.0, 2.0])
def test_equals_the_naive_version_in_order(metric, threshold):
    batch = list(random_queries(seed=1, count=60, longest=12))
    batch = [query_of([grade for _, grade, _ in query.items], query.unretrieved) for query in batch]
    wanted = [naive(metric, [g for _, g, _ in q.items], q.judged(), threshold) for q in batch]
    got = metric.values(ranking_of(batch, threshold=threshold))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("metric", EXPECTED, ids=lambda metric: metric.name)
@pytest.mark.parametrize("threshold", [1.0, 2.0])
def test_expected_is_the_mean_over_every_order(metric, threshold):
    batch = list(random_queries(seed=2, count=40, longest=6))
    wanted = [over_orders(metric, query, threshold)[0] for query in batch]
    got = metric.values(ranking_of(batch, "expected", threshold))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("metric", RESOLVED, ids=lambda metric: metric.name)
def test_best_and_worst_bound_every_order(metric):
    batch = list(random_queries(seed=3, count=40, longest=6))
    _, least, largest = np.array([over_orders(metric, query) for query in batch]).T
    best, worst = (least, largest) if metric.lower_is_better else (largest, least)
    np.testing.assert_allclose(metric.values(ranking_of(batch, "best")), best, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(metric.values(ranking_of(batch, "worst")), worst, rtol=1e-12, atol=1e-15)


@quick
@given(queries(longest=30), thresholds, st.sampled_from(["expected", "trec"]))
def test_values_lie_between_0_and_1(query, threshold, ties):
    ranking = ranking_of([query], ties, threshold)
    for metric in (one for one in BOUNDED if takes(one, ties)):
        value = metric.values(ranking)[0]
        assert np.isnan(value) or 0.0 <= value <= 1.0 + 1e-15, metric.name


@quick
@given(queries(longest=30), thresholds)
def test_expected_lies_between_worst_and_best(query, threshold):
    expected, best, worst = (ranking_of([query], ties, threshold) for ties in ("expected", "best", "worst"))
    for metric in (one for one in RESOLVED if takes(one, "expected")):
        sign = -1 if metric.lower_is_better else 1
        low, value, high = (sign * metric.values(ranking)[0] for ranking in (worst, expected, best))
        assert np.isnan(value) or low - 1e-12 <= value <= high + 1e-12, metric.name


@quick
@given(queries(longest=20), st.sampled_from(["expected", "trec"]))
def test_an_unjudged_item_at_the_end_changes_nothing(query, ties):
    longer = Query([*query.items, (-1.0, None, "last")], query.unretrieved)
    for metric in ALL:
        by_length = metric.base in OF_LENGTH or (metric.base in ("precision", "f1") and metric.k is None)
        if not by_length:
            before, after = (metric.values(ranking_of([q], ties)) for q in (query, longer))
            np.testing.assert_array_equal(before, after, err_msg=metric.name)


@quick
@given(st.lists(queries(), min_size=1, max_size=6), thresholds, st.sampled_from(["expected", "trec"]))
def test_each_query_has_its_value_whatever_stands_beside_it(batch, threshold, ties):
    together = ranking_of(batch, ties, threshold)
    apart = [ranking_of([query], ties, threshold) for query in batch]
    for metric in ALL:
        assert_same_bits(metric.values(together), np.concatenate([metric.values(one) for one in apart]))


@quick
@given(queries(longest=12), st.sampled_from(["expected", "trec"]))
def test_entries_of_grade_0_matter_only_where_asked_for(query, ties):
    whole, positive = ranking_of([query], ties), ranking_of([query], ties, lowest=1e-300)
    for metric in ALL:
        if metric.definition.needs == "positive":
            assert_same_bits(metric.values(positive), metric.values(whole))


@every_metric
def test_without_ties_expected_is_the_plain_value(metric):
    batch = [query_of([0, 1, None, 3, 2], [1]), query_of([2, 0])]
    assert_same_bits(metric.values(ranking_of(batch, "expected")), metric.values(ranking_of(batch, "trec")))


@every_metric
@pytest.mark.parametrize("ties", ["expected", "trec"])
def test_a_poisoned_query_leaves_its_neighbours_alone(metric, ties):
    first, last = Query([(1.0, 2, "a"), (1.0, 0, "b"), (0.0, 1, "c")], [1]), tied_query([0, 4, None, 1])
    wanted = metric.values(ranking_of([first, last], ties))
    for between in (Query(), query_of([None]), query_of([0, 0], [0]), Query([], [1])):
        assert_same_bits(metric.values(ranking_of([first, between, last], ties))[[0, 2]], wanted)
    if metric.gains:
        return  # grades that are no whole numbers are refused before
    ranking = ranking_of([first, tied_query([1, 1, 1]), last], ties)
    grade = ranking.grade.copy()
    grade[ranking.offsets[1] : ranking.offsets[2]] = [np.nan, np.inf, -np.inf]
    poisoned = replace(ranking, grade=grade, relevant=np.array([3, 0, 2]), nonrelevant=np.array([1, 0, 1]))
    assert_same_bits(metric.values(poisoned)[[0, 2]], wanted)


@every_metric
def test_an_empty_batch_has_no_values(metric):
    values = metric.values(ranking_of([]))
    assert values.shape == (0,)
    assert values.dtype == np.float64


@every_metric
def test_a_missing_list_has_0_where_something_is_relevant(metric):
    value = metric.values(ranking_of([Query([], [2, 1, 0])]))[0]
    assert np.isnan(value) if metric.base in ("arp", "auc", "gauc") else value == 0.0


@every_metric
def test_a_query_without_relevant_items_is_undefined(metric):
    value = metric.values(ranking_of([query_of([0, None], [0])]))[0]
    share = 1 / min(metric.k or 2, 2)
    wanted = {"judged": share, "num_rel_ret": 0.0}.get(metric.base, np.nan)
    assert value == pytest.approx(wanted, nan_ok=True)


# A run whose scores are all equal: 5,000 items, 300 relevant, 1,700 judged not relevant.
SIZE, RELEVANT = 5000, 300


@pytest.fixture(scope="module")
def huge() -> Ranking:
    judged = [2.0] * RELEVANT + [0.0] * 1700
    return ranking_of([tied_query([*judged, *[None] * (SIZE - len(judged))])], "expected")


def test_every_metric_is_finite_for_a_huge_tied_group(huge):
    for metric in EXPECTED:
        value = metric.values(huge)[0]
        assert 0 <= value < np.inf, metric.name


def value_in(huge, name):
    return parse(name).values(huge)[0]


def test_huge_group_shares(huge):
    share = RELEVANT / SIZE
    assert value_in(huge, "precision@10") == pytest.approx(share, rel=1e-12)
    assert value_in(huge, "recall@10") == pytest.approx(10 / SIZE, rel=1e-12)
    assert value_in(huge, "judged@10") == pytest.approx(2000 / SIZE, rel=1e-12)
    assert value_in(huge, "r_precision") == pytest.approx(share, rel=1e-12)
    assert value_in(huge, "auc") == pytest.approx(0.5, rel=1e-12)
    assert value_in(huge, "arp") == pytest.approx((SIZE + 1) / 2, rel=1e-12)


def test_huge_group_hit_and_mrr_are_hypergeometric(huge):
    none_in = hypergeom(SIZE, RELEVANT, np.arange(SIZE + 1)).pmf(0)
    assert value_in(huge, "hit@10") == pytest.approx(1 - none_in[10], rel=1e-10)
    first_at = none_in[:-1] - none_in[1:]
    assert value_in(huge, "mrr") == pytest.approx(np.sum(first_at / np.arange(1, SIZE + 1)), rel=1e-10)


def test_huge_group_map(huge):
    before = np.arange(SIZE)
    wanted = np.sum((1 + before * (RELEVANT - 1) / (SIZE - 1)) / (before + 1)) / SIZE
    assert value_in(huge, "map") == pytest.approx(wanted, rel=1e-12)


def test_huge_group_err(huge):
    go_on = 1 - 3 / 16
    found = np.arange(RELEVANT + 1)
    passed = [np.sum(hypergeom(SIZE, RELEVANT, m).pmf(found) * go_on**found) for m in range(21)]
    wanted = -np.diff(passed) @ (1 / np.arange(1, 21))
    assert value_in(huge, "err@20") == pytest.approx(wanted, rel=1e-10)


def test_huge_group_of_items_that_all_stop():
    ranks = np.arange(1, SIZE + 1)
    ranking = ranking_of([tied_query([1.0] * SIZE)], "expected")
    wanted = np.sum((1 / 16) * (15 / 16) ** (ranks - 1) / ranks)
    assert parse("err").values(ranking)[0] == pytest.approx(wanted, rel=1e-12)
    assert parse("map").values(ranking)[0] == pytest.approx(1.0, rel=1e-12)
    assert parse("ndcg").values(ranking)[0] == pytest.approx(1.0, rel=1e-12)
