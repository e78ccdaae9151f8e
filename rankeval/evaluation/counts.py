"""Numbers of queries and items in an evaluation, and the table of values per query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.arrays import take, to_arrow
from rankeval.errors import UsageError
from rankeval.evaluation.alignment import Aligned
from rankeval.evaluation.judgements import Judgements
from rankeval.metrics import CatalogueMetric, Metric, PooledMetric
from rankeval.notes import Note


def counts_of(aligned: Aligned, judgements: Judgements | None) -> dict[str, Any]:
    """The numbers of queries and items: judged, missing, unjudged, empty and with negative grades."""
    return {
        "queries": len(aligned.queries),
        "queries_without_relevant": int(np.count_nonzero(aligned.empty)),
        "judgements_negative": 0 if judgements is None else judgements.negative,
        "runs": {
            name: {
                "queries": int(np.count_nonzero(run.present)) + run.scored.unjudged_queries,
                "queries_missing": int(np.count_nonzero(~run.present)),
                "queries_unjudged": run.scored.unjudged_queries,
                "items": int(run.scored.retrieved.sum()),
                "items_unjudged": int(run.scored.unjudged_items.sum()),
                "items_negative": run.scored.negative,
            }
            for name, run in aligned.runs.items()
        },
    }


def per_query_notes(pooled: Sequence[PooledMetric | CatalogueMetric]) -> Iterator[Note]:
    """A warning that the table of values per query leaves out the pooled metrics."""
    if pooled:
        names = ", ".join(metric.name for metric in pooled)
        text = f"values per query leave out {names}: a pooled metric has none"
        yield Note("not_per_query", text, {"metrics": len(pooled)})


def per_query_table(aligned: Aligned, metrics: Sequence[Metric]) -> pa.Table:
    """A table ``run, metric, query_id, value`` with one row for each value that counts in a mean.

    Raises:
        UsageError: all metrics are pooled, so that no query has a value.
    """
    if not metrics:
        raise UsageError("per_query: found only pooled metrics, wanted one with a value per query")
    parts = []
    for name, run in aligned.runs.items():
        for column, metric in enumerate(metrics):
            rows = np.flatnonzero(run.counted[:, column])
            size = len(rows)
            arrays = [
                pa.repeat(name, size),
                pa.repeat(metric.name, size),
                take(aligned.queries, rows),
                to_arrow(run.values[rows, column]),
            ]
            parts.append(pa.table(arrays, names=["run", "metric", "query_id", "value"]))
    return pa.concat_tables(parts)
