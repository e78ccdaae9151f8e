"""Metrics of subtopics: hand-worked values, a naive version, and every order of tied items."""

from __future__ import annotations

import math
import random
from itertools import groupby, permutations, product

import numpy as np
import pyarrow as pa
import pytest

from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.run import score_run
from rankeval.evaluation.values import unretrieved
from rankeval.logs.log import Log
from rankeval.metrics import METRICS, parse
from tests.naive_diversity import NAIVE
from tests.naive_evaluation import run_table

NAMES = [
    *("alpha_ndcg", "alpha_ndcg@1", "alpha_ndcg@3", "alpha_ndcg@20:alpha=0.3", "alpha_ndcg@3:rel=2"),
    *("err_ia", "err_ia@1", "err_ia@3", "err_ia@20:alpha=0.3", "err_ia:rel=2"),
    *("category_ndcg", "category_ndcg@1", "category_ndcg@3", "category_ndcg@3:rel=2"),
]


def judgements_of(rows):
    """From rows of query, item, subtopic, grade."""
    columns = zip(*rows, strict=True)
    names = ("query_id", "item_id", "subtopic", "relevance")
    table = pa.table(dict(zip(names, map(list, columns), strict=True)))
    return Judgements.read(Log(table, "judgements"), subtopics=True)


def values_of(name, run, rows, ties="trec"):
    """Query -> value."""
    scored = score_run(Log(run_table(run), "run"), judgements_of(rows), Rules((parse(name),), ties))
    return dict(zip(scored.queries.to_pylist(), scored.values[:, 0].tolist(), strict=True))


def naive(name, order, rows):
    metric = parse(name)
    params = dict(metric.params)
    least = params.pop("rel", 1)
    judged = {item: set() for _, item, _, _ in rows}
    for _, item, topic, grade in rows:
        if grade >= least:
            judged[item].add(topic)
    return NAIVE[metric.base]([judged.get(item, set()) for item in order], judged, metric.k, **params)


def orders(scores):
    groups = groupby(sorted(scores, key=lambda item: -scores[item]), key=lambda item: scores[item])
    for choice in product(*(permutations(list(group)) for _, group in groups)):
        yield [item for group in choice for item in group]


def random_query(rng, query, longest, topics=3):
    items = [f"d{i}" for i in range(longest + 4)]
    shown = rng.sample(items, rng.randrange(1, longest + 1))
    judged = rng.sample(items, rng.randrange(1, len(items)))
    rows = [
        (query, item, f"s{topic}", rng.choice([-1, 0, 1, 1, 2]))
        for item in judged
        for topic in rng.sample(range(4), rng.randint(1, topics))
    ]
    return shown, rows


def test_catalogue():
    assert list(NAIVE) == [name for name, definition in METRICS.items() if definition.subtopics]


ROWS = [("q", "a", "s", 1), ("q", "a", "t", 1), ("q", "b", "s", 1), ("q", "c", "t", 0), ("q", "d", "u", 2)]
RUN = {"q": {"b": 3.0, "x": 2.0, "a": 1.0}}


def test_alpha_ndcg_by_hand():
    """b is on s; a is on s, seen once, and t. Ideal: a (s, t), d (u), b (s, seen once)."""
    found = 1 / math.log2(2) + (1 + 0.5) / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 0.5 / math.log2(4)
    assert values_of("alpha_ndcg", RUN, ROWS)["q"] == pytest.approx(found / ideal, rel=1e-15)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert values_of("alpha_ndcg@2", RUN, ROWS)["q"] == pytest.approx(1 / ideal, rel=1e-15)
    found = (1 + 1 + 0.25) / math.log2(4)
    assert values_of("alpha_ndcg@3:alpha=0.75", {"q": {"x": 3.0, "b": 2.0, "a": 1.0}}, ROWS)[
        "q"
    ] == pytest.approx((1 / math.log2(3) + (1 + 0.25) / 2) / (2 + 1 / math.log2(3) + 0.25 / 2), rel=1e-15)


def test_err_ia_by_hand():
    """Three subtopics have a relevant item; t of c has none of its own."""
    found = 1 / 1 + (1 + 0.5) / 3
    most = 1 + 0.5 / 2 + 0.25 / 3
    assert values_of("err_ia@3", RUN, ROWS)["q"] == pytest.approx(found / 3 / most, rel=1e-15)
    assert values_of("err_ia", RUN, ROWS)["q"] == pytest.approx(found / 3 / (2 * math.log(2)), rel=1e-14)


def test_category_ndcg_by_hand():
    """Of the list a (s), b (s), x, c (t), the first and the last item count; u has an item too."""
    rows = [
        ("q", "a", "s", 1),
        ("q", "b", "s", 2),
        ("q", "c", "t", 1),
        ("q", "d", "u", 1),
        ("q", "e", "v", 0),
    ]
    run = {"q": {"a": 4.0, "b": 3.0, "x": 2.0, "c": 1.0}}
    found = 1 / math.log2(2) + 1 / math.log2(5)
    ideal = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert values_of("category_ndcg", run, rows)["q"] == pytest.approx(found / ideal, rel=1e-15)
    assert values_of("category_ndcg@2", run, rows)["q"] == pytest.approx(
        1 / (1 + 1 / math.log2(3)), rel=1e-15
    )


def test_one_subtopic_of_one_item_each_is_ndcg():
    rows = [("q", item, item, 1) for item in "abcd"]
    run = {"q": {"b": 3.0, "x": 2.0, "a": 1.0}}
    found = (1 + 1 / math.log2(4)) / sum(1 / math.log2(rank + 1) for rank in range(1, 5))
    assert values_of("alpha_ndcg", run, rows)["q"] == pytest.approx(found, rel=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_equals_the_naive_version(name):
    rng = random.Random(1)
    for q in range(60):
        shown, rows = random_query(rng, f"q{q}", 12, 1 if "category" in name else 3)
        run = {f"q{q}": {item: -float(rank) for rank, item in enumerate(shown)}}
        (found,) = values_of(name, run, rows).values()
        assert found == pytest.approx(naive(name, shown, rows), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_expected_is_the_mean_over_every_order(name):
    rng = random.Random(2)
    for q in range(40):
        shown, rows = random_query(rng, f"q{q}", 6, 1 if "category" in name else 3)
        scores = {item: float(rng.randrange(3)) for item in shown}
        wanted = [naive(name, order, rows) for order in orders(scores)]
        (found,) = values_of(name, {f"q{q}": scores}, rows, "expected").values()
        assert found == pytest.approx(math.fsum(wanted) / len(wanted), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("ties", ["trec", "expected"])
@pytest.mark.parametrize("name", NAMES)
def test_a_query_has_its_value_whatever_stands_beside_it(name, ties):
    rng = random.Random(3)
    together, run = [], {}
    alone = {}
    for q in range(20):
        shown, rows = random_query(rng, f"q{q}", 8, 1 if "category" in name else 3)
        run[f"q{q}"] = {item: float(rng.randrange(4)) for item in shown}
        together += rows
        alone |= values_of(name, {f"q{q}": run[f"q{q}"]}, rows, ties)
    found = values_of(name, run, rng.sample(together, len(together)), ties)
    assert found.keys() == alone.keys()
    np.testing.assert_array_equal([found[q] for q in alone], list(alone.values()))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_retrieved_and_nothing_relevant(name):
    rows = [("a", "x", "s", 2), ("b", "x", "s", 0)]
    judgements = judgements_of(rows)
    found = unretrieved(judgements.unretrieved(np.array([0, 1])), Rules((parse(name),)))[:, 0]
    assert found[0] == 0.0
    assert math.isnan(found[1])


@pytest.mark.parametrize("name", ["alpha_ndcg", "err_ia"])
def test_a_large_tied_group(name):
    """One subtopic of 100 items of 4,000: its items are spread evenly."""
    items = [f"d{i}" for i in range(4000)]
    rows = [("q", item, "s", 1) for item in items[:100]]
    found = values_of(f"{name}@10", {"q": dict.fromkeys(items, 0.0)}, rows, "expected")["q"]
    ranks = np.arange(1, 11)
    weight = 1 / (np.log2(ranks + 1) if name == "alpha_ndcg" else ranks)
    expected = sum(
        (100 / 4000) * weight[r] * math.comb(r, c) * (99 / 3999) ** c * (1 - 99 / 3999) ** (r - c) * 0.5**c
        for r in range(10)
        for c in range(r + 1)
    )  # with replacement: a close approximation
    most = 0.5 ** (ranks - 1) @ weight
    assert found == pytest.approx(expected / most, rel=1e-3)
