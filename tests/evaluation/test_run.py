"""One run scored: values, counts and columns of its queries."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from rankeval.evaluation.judged import one_relevant
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.run import ScoredQueries, score_run
from rankeval.evaluation.values import unretrieved
from rankeval.logs.log import Log
from rankeval.metrics.catalogue import METRICS, parse
from tests.log_files import write_parts
from tests.naive_evaluation import judgements_table, run_table
from tests.naive_metrics import NAIVE

RUN = {"a": {"x": 3.0, "y": 2.0, "z": 1.0}, "b": {"x": 1.0}, "c": {"y": 1.0, "z": 0.0}}
JUDGEMENTS = {"a": {"y": 2, "w": 1, "z": -1}, "c": {"y": 0}}


def rules(*names: str, **options) -> Rules:
    return Rules(tuple(parse(name) for name in names), **options)


def judged(rows=JUDGEMENTS) -> Judgements:
    return Judgements.read(Log(judgements_table(rows), "judgements"))


def test_queries_without_judgements_are_left_out():
    scored = score_run(Log(run_table(RUN), "run"), judged(), rules("mrr", "recall"))
    assert scored.queries.to_pylist() == ["a", "c"]
    np.testing.assert_array_equal(scored.values, [[0.5, 0.5], [math.nan, math.nan]])
    assert scored.retrieved.tolist() == [3, 2]
    assert scored.relevant.tolist() == [[2], [0]]
    assert scored.judged.tolist() == [2, 1]
    assert scored.unjudged_items.tolist() == [2, 1]
    assert scored.weights.tolist() == [3.0, 2.0]
    assert scored.unjudged_queries == 1


def test_columns_of_queries_come_along():
    table = run_table(RUN)
    table = table.append_column("country", pa.array([f"in {q}" for q in table["query_id"].to_pylist()]))
    scored = score_run(Log(table, "run"), judged(), rules("mrr"), ["country", "query_id"])
    assert scored.fields["country"].to_pylist() == ["in a", "in c"]
    assert scored.fields["query_id"].to_pylist() == ["a", "c"]


def test_only_some_queries():
    scored = score_run(Log(run_table(RUN), "run"), judged(), rules("mrr"), ["query_id"])
    rest = scored.only(np.array([False, True]))
    assert rest.queries.to_pylist() == rest.fields["query_id"].to_pylist() == ["c"]
    assert (rest.retrieved.tolist(), rest.unjudged_items.tolist(), rest.unjudged_queries) == ([2], [1], 2)


@pytest.mark.parametrize("files", [1, 3])
def test_parts_are_joined(tmp_path, files):
    rows = {f"q{i:03d}": {f"d{j}": float(j % 3) for j in range(i % 5 + 1)} for i in range(100)}
    judgements = judged({q: {"d0": 1} for q in rows})
    whole = score_run(Log(run_table(rows), "run"), judgements, rules("ndcg", "mrr"))
    log = Log(write_parts(tmp_path / "run", run_table(rows), 17, files), "run")
    parts = score_run(log, judgements, rules("ndcg", "mrr"))
    assert by_query(parts) == by_query(whole)
    assert by_query(whole).keys() == rows.keys()


def by_query(scored: ScoredQueries) -> dict[str, tuple]:
    columns = (
        scored.values.tolist(),
        scored.retrieved.tolist(),
        scored.relevant.tolist(),
        scored.weights.tolist(),
    )
    return dict(zip(scored.queries.to_pylist(), zip(*columns, strict=True), strict=True))


def test_weights_are_read_where_a_metric_weighs():
    table = run_table(RUN)
    table = table.append_column(
        "weight", pa.array([{"a": 5, "b": 6, "c": 0.5}[q] for q in table["query_id"].to_pylist()])
    )
    assert score_run(Log(table, "run"), judged(), rules("gauc", "auc")).weights.tolist() == [5.0, 0.5]
    assert score_run(Log(table, "run"), judged(), rules("auc")).weights.tolist() == [3.0, 2.0]


def test_what_the_metrics_ask_for():
    assert rules("map", "bpref").nonrelevant
    assert not rules("map", "ndcg").nonrelevant
    assert rules("map").grade_limit.grade == 1e100
    assert rules("ndcg_exp", "err@5", "map").grade_limit.wanted == "at most 4, the max_rel of err@5"
    assert (
        rules("ndcg_exp", "map").grade_limit.wanted == "at most 1000, the largest possible grade of ndcg_exp"
    )
    mixed = rules("map", "auc", ties="best")
    assert [mixed.ties_of(metric) for metric in mixed.metrics] == ["best", "expected"]


@pytest.mark.parametrize(
    "name",
    [f"{name}@0.5" if METRICS[name].at_recall else name for name in NAIVE],
)
def test_nothing_retrieved_is_0_or_undefined(name):
    found = unretrieved(judged().unretrieved(np.array([0, 1])), rules(name))
    assert found.shape == (2, 1)
    assert np.array_equal(found[0], unretrieved(one_relevant(2.0), rules(name))[0], equal_nan=True)
    assert found[0, 0] == 0.0 or (name in ("arp", "auc", "gauc") and np.isnan(found[0, 0]))
    assert np.isnan(found[1, 0]) or name in ("judged", "num_rel_ret")
