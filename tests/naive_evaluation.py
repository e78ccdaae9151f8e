"""A whole evaluation in plain Python: dictionaries, sorted lists and loops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from rankeval.metrics.catalogue import Metric, parse
from tests.naive_metrics import naive, over_orders
from tests.naive_ranking import TIE_ORDERS, Query

Rows = Mapping[Any, Mapping[Any, float]]  # query -> item -> score or grade


@dataclass(frozen=True)
class NaiveRun:
    """Value of each metric for each judged query: None where it does not count."""

    values: dict[tuple[str, Any], float | None] = field(default_factory=dict)

    def counted(self, metric: str) -> dict[Any, float]:
        return {
            query: value
            for (name, query), value in self.values.items()
            if name == metric and value is not None
        }

    def mean(self, metric: str) -> float | None:
        values = list(self.counted(metric).values())
        return math.fsum(values) / len(values) if values else None


def naive_value(metric: Metric, query: Query, ties: str, threshold: float) -> float:
    if metric.definition.needs != "pool":
        items = [(score, None if (grade or 0) < 0 else grade, item) for score, grade, item in query.items]
        query = Query(items, query.unretrieved)
    if metric.tie_order == "expected" or ties == "expected":
        return over_orders(metric, query, threshold)[0]
    order = [grade for group in query.groups() for _, grade, _ in TIE_ORDERS[ties](group)]
    return naive(metric, order, query.judged(), threshold)


def query_of_rows(scores: Mapping[Any, float], grades: Mapping[Any, float]) -> Query:
    items = [(score, grades.get(item), item) for item, score in scores.items()]
    return Query(items, [grade for item, grade in grades.items() if item not in scores])


def naive_evaluation(
    run: Rows,
    judgements: Rows,
    metrics: Sequence[str],
    ties: str = "trec",
    empty: str = "zero",
    missing: str = "zero",
    threshold: float = 1.0,
) -> NaiveRun:
    """``missing`` is zero or skip."""
    found = NaiveRun()
    for query, grades in judgements.items():
        for name in metrics:
            value: float | None = naive_value(
                parse(name), query_of_rows(run.get(query, {}), grades), ties, threshold
            )
            undefined = math.isnan(value)
            if undefined:
                value = {"zero": 0.0, "one": 1.0, "skip": None}[empty]
            if query not in run:
                least = parse(name).params.get("rel", threshold)
                known = any(grade is not None and grade >= least for grade in grades.values())
                lacking = 0.0 if known else (value and 0.0)
                value = None if missing == "skip" else (lacking if undefined else value)
            found.values[name, query] = value
    return found


def run_table(run: Rows) -> pa.Table:
    rows = [{"query_id": q, "item_id": i, "score": s} for q, items in run.items() for i, s in items.items()]
    return _table(rows, "score")


def judgements_table(judgements: Rows) -> pa.Table:
    rows = [
        {"query_id": q, "item_id": i, "relevance": g}
        for q, items in judgements.items()
        for i, g in items.items()
    ]
    return _table(rows, "relevance")


def _table(rows: list[dict[str, Any]], value: str) -> pa.Table:
    ids = pa.int64() if rows and isinstance(rows[0]["query_id"], int) else pa.string()
    return pa.Table.from_pylist(rows, pa.schema([("query_id", ids), ("item_id", ids), (value, pa.float64())]))
