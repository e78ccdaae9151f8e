"""Policies, the counts that go with every result, and what it warns of."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from rankeval import evaluate
from rankeval.errors import DataError
from tests.naive_evaluation import judgements_table, run_table
from tests.readers.helpers import error_of

# a: one relevant item, found second; b: nothing relevant; c: judged, not in the run; d: only in the run;
# e: neither in the run nor with anything relevant.
RUN = {"a": {"x": 2.0, "y": 1.0}, "b": {"x": 1.0, "z": 0.0}, "d": {"x": 1.0}}
JUDGEMENTS = {"a": {"y": 1, "w": 0}, "b": {"x": 0}, "c": {"x": 1}, "e": {"x": 0}}


def evaluated(metrics="mrr", run=RUN, judgements=JUDGEMENTS, **options):
    return evaluate(run_table(run), judgements_table(judgements), metrics, **options)


def mean_and_n(*args, **options):
    estimate = evaluated(*args, **options).metric_rows[0].estimate
    return estimate.value, estimate.n


@pytest.mark.parametrize(
    ("empty", "missing", "mean", "n"),
    [
        ("zero", "zero", 0.5 / 4, 4),
        ("zero", "skip", 0.5 / 2, 2),
        ("one", "zero", 1.5 / 4, 4),
        ("one", "skip", 1.5 / 2, 2),
        ("skip", "zero", 0.5 / 2, 2),
        ("skip", "skip", 0.5, 1),
    ],
)
def test_policies(empty, missing, mean, n):
    assert mean_and_n(empty=empty, missing=missing) == (mean, n)


def test_missing_queries_may_be_an_error():
    error_of(
        lambda: evaluated(missing="error"),
        "run run: lacks 2 judged queries, the first 'c'; wanted all of them",
    )
    judged = {q: items for q, items in JUDGEMENTS.items() if q in RUN}
    assert mean_and_n(judgements=judged, missing="error") == (0.25, 2)


def test_counts():
    counts = evaluated().counts
    assert counts == {
        "queries": 4,
        "queries_without_relevant": 2,
        "judgements_negative": 0,
        "runs": {
            "run": {
                "queries": 3,
                "queries_missing": 2,
                "queries_unjudged": 1,
                "items": 4,
                "items_unjudged": 2,
                "items_negative": 0,
            }
        },
    }


def test_counts_of_relevance_in_the_run():
    """A query whose grades are all null or negative is not judged."""
    table = pa.table(
        {
            "query_id": ["a", "a", "a", "b", "b", "c"],
            "item_id": ["x", "y", "z", "x", "y", "x"],
            "score": [3.0, 2.0, 1.0, 2.0, 1.0, 1.0],
            "relevance": pa.array([0, 1, None, None, -1, 0], pa.int64()),
        }
    )
    result = evaluate(table, None, ["mrr", "judged@3"])
    assert result.counts["queries"] == 2
    assert result.counts["queries_without_relevant"] == 1
    assert result.counts["runs"]["run"] == {
        "queries": 3,
        "queries_missing": 0,
        "queries_unjudged": 1,
        "items": 4,
        "items_unjudged": 1,
        "items_negative": 1,
    }
    assert [row.estimate.value for row in result.metric_rows] == [0.25, (2 / 3 + 1) / 2]
    assert "run run: 1 items have a negative grade and count as unjudged" in result.warnings


def graded(rows):
    """query -> item -> (score, grade)."""
    flat = [(q, i, s, g) for q, items in rows.items() for i, (s, g) in items.items()]
    return pa.table(
        dict(zip(["query_id", "item_id", "score", "relevance"], zip(*flat, strict=True), strict=True))
    )


def test_queries_that_only_another_run_knows():
    """They count as missing; and where they have no relevant item, as such."""
    one = graded({"a": {"x": (1.0, 1)}, "b": {"x": (1.0, 0)}, "c": {"x": (1.0, 2)}})
    two = graded({"a": {"x": (1.0, 1)}})
    runs = {"one": one, "two": two}
    for empty, missing, wanted in [
        ("zero", "zero", [(2 / 3, 3), (1 / 3, 3)]),
        ("zero", "skip", [(2 / 3, 3), (1.0, 1)]),
        ("skip", "zero", [(1.0, 2), (0.5, 2)]),
        ("skip", "skip", [(1.0, 2), (1.0, 1)]),
        ("one", "zero", [(1.0, 3), (1 / 3, 3)]),
    ]:
        result = evaluate(runs, None, "mrr", empty=empty, missing=missing, permutations=10)
        assert [(r.estimate.value, r.estimate.n) for r in result.metric_rows] == wanted
    assert result.counts["runs"]["two"]["queries_missing"] == 2
    message = "run two: lacks 2 judged queries, the first 'b'; wanted all of them"
    error_of(lambda: evaluate(runs, None, "mrr", missing="error"), message)


def test_a_query_judged_in_one_run_counts_for_the_other_that_retrieved_it():
    one = graded({"a": {"x": (1.0, 1)}})
    two = graded({"a": {"y": (1.0, None)}})
    result = evaluate({"one": one, "two": two}, None, "mrr", permutations=10)
    assert [(r.estimate.value, r.estimate.n) for r in result.metric_rows] == [(1.0, 1), (0.0, 1)]
    assert result.counts["queries_without_relevant"] == 0
    assert result.counts["runs"]["two"]["queries_missing"] == 0
    assert any(
        "runs one and two hold different numbers of relevant items for 1 queries" in w
        for w in result.warnings
    )


def test_unjudged_queries_do_not_count_at_all():
    more = RUN | {"zz": {"x": 9.0}, "aa": {"x": 9.0}}
    assert mean_and_n(run=more) == mean_and_n()
    assert evaluated(run=more).counts["runs"]["run"]["queries_unjudged"] == 3


def test_arp_of_queries_without_relevant_items_is_warned_of():
    found = evaluated("arp", missing="skip")
    assert found.metric_rows[0].estimate.value == 1.0  # (2 + 0) / 2
    assert [
        w
        for w in found.warnings
        if w.startswith("arp: 1 queries without a relevant item retrieved count as 0")
    ]
    assert evaluated("arp", missing="skip", empty="skip").metric_rows[0].estimate.value == 2.0


@pytest.mark.parametrize(
    ("empty", "fate", "mean"),
    [("zero", "count as 0", 0.0), ("one", "count as 1", 2 / 3), ("skip", "are left out", 0.0)],
)
def test_auc_where_all_items_are_relevant_is_warned_of(empty, fate, mean):
    run = {"a": {"x": 2.0, "y": 1.0}, "b": {"x": 1.0}, "c": {"x": 1.0}}
    judgements = {"a": {"y": 1}, "b": {"x": 1}, "c": {"x": 1}}
    found = evaluated("auc", run, judgements, empty=empty)
    assert found.metric_rows[0].estimate.value == pytest.approx(mean)
    assert f"auc: 2 queries that have relevant items have nothing to order and {fate}" in found.warnings


def test_ids_that_do_not_match_are_warned_of():
    other = {f"0{q}": items for q, items in RUN.items()}
    found = evaluated(run=other)
    assert found.metric_rows[0].estimate.value == 0.0
    assert (
        "run run: none of its 3 queries has a judged item; do the query ids match? "
        "The run has '0b', the judgements 'a'"
    ) in found.warnings
    other = {q: {f"0{i}": s for i, s in items.items()} for q, items in RUN.items()}
    assert (
        "run run: none of its 4 items is judged; do the item ids match? The run has '0x', the judgements 'y'"
    ) in evaluated(run=other).warnings


def test_runs_without_a_common_query_are_warned_of():
    texts, numbers = graded({"q7": {"x": (1.0, 1)}}), graded({7: {"x": (1.0, 1)}})
    warning = "runs one and two have no query in common; do the query ids match? one has {}, two has {}"
    found = evaluate({"one": texts, "two": numbers}, None, "mrr")
    assert warning.format("'q7'", "7") in found.warnings
    found = evaluate({"one": graded({"7": {"x": (1.0, 1)}}), "two": numbers}, None, "mrr")
    assert [row.estimate.value for row in found.metric_rows] == [1.0, 1.0]
    assert not any("in common" in text for text in found.warnings)


def test_nothing_left_to_average():
    result = evaluated(["mrr", "map"], run={"d": {"x": 1.0}}, missing="skip")
    for row in result.to_dict()["results"]:
        assert (row["value"], row["std_error"], row["n"]) == (None, None, 0)
        assert row["ci"]["low"] is None
    assert "mean of mrr of run, map of run: no units" in result.warnings
    json.dumps(result.to_dict(), allow_nan=False)


def test_nothing_judged_in_the_run():
    table = graded({"a": {"x": (1.0, -1)}})
    result = evaluate(table, None, "mrr")
    assert result.metric_rows[0].estimate.value is None
    assert result.counts["queries"] == 0
    assert "run run: none of its 1 queries has a judged item" in result.warnings


@pytest.mark.parametrize("empty", ["zero", "one", "skip"])
def test_all_queries_empty(empty):
    found = evaluated(["mrr", "gauc"], judgements={"a": {"x": 0}, "b": {"y": 0}}, empty=empty)
    wanted = {"zero": 0.0, "one": 1.0, "skip": None}[empty]
    assert [row.estimate.value for row in found.metric_rows] == [wanted, wanted]


def test_all_queries_missing():
    assert mean_and_n(run={"zz": {"x": 1.0}}) == (0.0, 4)
    assert mean_and_n(run={"zz": {"x": 1.0}}, missing="skip") == (None, 0)
    with pytest.raises(DataError, match="lacks 4 judged queries"):
        evaluated(run={"zz": {"x": 1.0}}, missing="error")


def test_a_threshold_moves_what_is_relevant():
    judgements = {"a": {"x": 1, "y": 2}}
    assert mean_and_n("mrr", RUN, judgements) == (1.0, 1)
    assert mean_and_n("mrr", RUN, judgements, relevance_threshold=2) == (0.5, 1)
    assert mean_and_n("mrr", RUN, judgements, relevance_threshold=0.5) == (1.0, 1)
    assert evaluated("mrr", RUN, judgements, relevance_threshold=3).counts["queries_without_relevant"] == 1


def test_a_grade_of_0_is_judged_and_minus_0_too():
    assert mean_and_n("judged@2", {"a": {"x": 2.0, "y": 1.0}}, {"a": {"x": 0.0, "y": -0.0}}) == (1.0, 1)
