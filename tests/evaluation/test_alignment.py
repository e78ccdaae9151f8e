"""Runs brought over the same queries."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rankeval.evaluation.alignment import Aligned, Policies, align
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.ranked_lists import RankedLists
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.run import ScoredQueries
from rankeval.logs.log import Log
from rankeval.metrics.catalogue import parse
from rankeval.metrics.judged_items import JudgedItems
from tests.naive_evaluation import judgements_table
from tests.readers.helpers import error_of

RULES = Rules((parse("mrr"), parse("arp")))
NAN = np.nan


def scored(
    values: dict, relevant: list[int] | None = None, judged: list[int] | None = None, **fields
) -> ScoredQueries:
    """Query -> its value of mrr; arp is 10 times that."""
    mrr = np.array(list(values.values()), np.float64)
    n = len(values)
    return ScoredQueries(
        queries=pa.array(list(values)),
        values=np.stack([mrr, 10 * mrr], axis=1),
        retrieved=np.full(n, 7),
        relevant=np.array(relevant or [1] * n).reshape(n, 1),
        judged=np.array(judged or [3] * n),
        weights=np.arange(1.0, n + 1),
        unjudged_items=np.zeros(n, np.int64),
        fields={name: pa.array(column) for name, column in fields.items()},
        items=JudgedItems(np.zeros(n + 1, np.int64), np.zeros(0), np.zeros(0, bool)),
        ranked=RankedLists.none(),
        shown=RankedLists.none(),
        negative=0,
        unjudged_queries=0,
        contradicted=0,
        first=(pa.array(list(values))[:1], pa.array(["x"])),
    )


def aligned(runs: dict[str, ScoredQueries], judgements=None, **policies) -> Aligned:
    read = None if judgements is None else Judgements.read(Log(judgements_table(judgements), "judgements"))
    return align(runs, read, RULES, Policies(**policies))


def test_queries_are_sorted_whatever_the_order_of_runs_and_judgements():
    runs = {"one": scored({"c": 0.5, "a": 1.0}), "two": scored({"b": 0.25})}
    found = aligned(runs, {"b": {"x": 1}, "d": {"x": 0}, "a": {"x": 1}, "c": {"x": 2}})
    assert found.queries.to_pylist() == ["a", "b", "c", "d"]
    assert found.runs["one"].values[:, 0].tolist() == [1.0, 0.0, 0.5, 0.0]
    assert found.runs["two"].values[:, 0].tolist() == [0.0, 0.25, 0.0, 0.0]
    assert found.runs["one"].present.tolist() == [True, False, True, False]
    assert found.runs["one"].weights.tolist() == [2.0, 0.0, 1.0, 0.0]
    assert found.empty.tolist() == [False, False, False, True]


def test_integers_are_sorted_as_numbers():
    assert aligned({"one": scored({10: 1.0, 9: 1.0, -1: 1.0})}).queries.to_pylist() == [-1, 9, 10]


@pytest.mark.parametrize(
    ("empty", "missing", "values", "counted"),
    [
        # a: found, b: nothing relevant, c: missing, d: missing and nothing relevant
        ("zero", "zero", [1.0, 0.0, 0.0, 0.0], [1, 1, 1, 1]),
        ("one", "zero", [1.0, 1.0, 0.0, 0.0], [1, 1, 1, 1]),
        ("skip", "zero", [1.0, 0.0, 0.0, 0.0], [1, 0, 1, 0]),
        ("zero", "skip", [1.0, 0.0, 0.0, 0.0], [1, 1, 0, 0]),
        ("skip", "skip", [1.0, 0.0, 0.0, 0.0], [1, 0, 0, 0]),
    ],
)
def test_policies(empty, missing, values, counted):
    judgements = {"a": {"x": 1}, "b": {"x": 0}, "c": {"x": 1}, "d": {"x": 0}}
    runs = {"one": scored({"a": 1.0, "b": NAN})}
    found = aligned(runs, judgements, empty=empty, missing=missing).runs["one"]
    assert found.values[:, 0].tolist() == values
    assert found.counted[:, 0].tolist() == [bool(c) for c in counted]
    assert found.undefined[:, 0].tolist() == [False, True, False, True]


def test_without_judgements_the_queries_of_any_run_count():
    runs = {"one": scored({"a": 1.0, "b": NAN}, [1, 0]), "two": scored({"c": 0.5, "a": 0.5})}
    found = aligned(runs, empty="skip")
    assert found.queries.to_pylist() == ["a", "b", "c"]
    assert found.empty.tolist() == [False, True, False]
    assert found.runs["one"].counted[:, 0].tolist() == [True, False, True]
    assert found.runs["two"].counted[:, 0].tolist() == [True, False, True]
    assert found.runs["two"].undefined[:, 1].tolist() == [False, True, False]
    assert found.runs["one"].undefined[:, 1].tolist() == [False, True, True]  # nothing retrieved has no rank


def test_a_query_is_empty_if_no_run_finds_a_relevant_item():
    one, two = scored({"a": NAN, "b": NAN}, [0, 0]), scored({"a": 1.0, "b": NAN}, [2, 0])
    for runs in ({"one": one, "two": two}, {"two": two, "one": one}):
        assert aligned(runs).empty.tolist() == [False, True]


def test_queries_that_no_run_has_judged_items_for_are_left_out():
    runs = {
        "one": scored({"a": NAN, "b": NAN, "c": 1.0}, [0, 0, 1], [0, 0, 2]),
        "two": scored({"a": NAN, "b": 1.0}, [0, 1], [0, 1]),
    }
    found = aligned(runs)
    assert found.queries.to_pylist() == ["b", "c"]
    assert [found.runs[name].scored.unjudged_queries for name in runs] == [1, 1]
    assert found.runs["one"].present.tolist() == [True, True]
    assert found.runs["two"].present.tolist() == [True, False]


def test_columns_of_queries_come_from_any_run_that_knows():
    runs = {
        "one": scored({"a": 1.0, "b": 1.0}, country=["de", None]),
        "two": scored({"c": 1.0, "b": 1.0}, country=["it", "fr"]),
    }
    found = aligned(runs, {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1}, "d": {"x": 1}})
    assert found.fields["country"].to_pylist() == ["de", "fr", "it", None]


def test_columns_of_different_widths():
    two = scored({"b": 1.0})
    two.fields["part"] = pa.array([3], pa.int8())
    found = aligned({"one": scored({"a": 1.0}, part=[4]), "two": two})
    assert found.fields["part"].to_pylist() == [4, 3]


def test_runs_must_agree():
    runs = {"one": scored({"a": 1.0}, country=["de"]), "two": scored({"a": 1.0}, country=["fr"])}
    error_of(lambda: aligned(runs), "run two, query 'a': column 'country' is 'fr', wanted 'de' as in one")
    runs = {"one": scored({"a": 1.0}, part=[1]), "two": scored({"a": 1.0}, part=["x"])}
    error_of(lambda: aligned(runs), "run two: part are strings and in run one integers; wanted one kind")


def test_missing_queries_as_an_error():
    runs = {"one": scored({"a": 1.0}), "two": scored({"a": 1.0, "b": 1.0})}
    error_of(lambda: aligned(runs, missing="error"), "run one: lacks 1 judged queries, the first 'b'")
    aligned(runs, {"a": {"x": 1}}, missing="error")


def test_no_query_at_all():
    found = aligned({"one": scored({"a": NAN}, [0], [0])})
    assert found.queries.to_pylist() == []
    assert found.runs["one"].values.shape == (0, 2)
