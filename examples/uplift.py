"""Estimates the gain of a trained model from the clicks of today's ranker, and compares it with the truth.

Users examine position k with probability 1 / k, and click an examined item with a probability equal to its
relevance. Today's ranker sorts by one feature; 10 % of the sessions are shuffled, which tells the position
bias. LambdaMART learns from judgements of a quarter of the queries.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import rankeval

QUERIES, ITEMS, FEATURES, SESSIONS = 400, 8, 5, 60_000
EXAMINATION = 1.0 / np.arange(1, ITEMS + 1)


def main() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(QUERIES, ITEMS, FEATURES))
    merit = features @ [0.8, 0.6, 0.6, 0.3, 0.0]
    relevance = 1.0 / (1.0 + np.exp(1.5 - merit))
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.txt"
        grades = judgements(features, relevance)
        rankeval.train(
            grades.slice(0, 80 * ITEMS), model, valid=grades.slice(80 * ITEMS), param={"learning_rate": 0.2}
        )
        log = clicks(features, relevance, rng)
        candidates = {"new": f"lightgbm:{model}", "sum": "column:sum"}
        found = rankeval.uplift(log, candidates)
        print(found.render("table", 80))
        scores = {
            "new": rankeval.open_ranker(f"lightgbm:{model}").score(rows_of(features)).reshape(QUERIES, ITEMS),
            "sum": features.sum(axis=2),
        }
    logged = expected(relevance, features[:, :, 0])
    for name, values in scores.items():
        print(f"exact gain of {name}: {expected(relevance, values) - logged:+.5f}")


def judgements(features: Any, relevance: Any) -> pa.Table:
    """Grades 0 to 2 of the first quarter of the queries."""
    count = QUERIES // 4
    grades = np.digitize(relevance[:count].ravel(), [0.3, 0.6])
    ids = {"query_id": np.repeat(np.arange(count), ITEMS), "item_id": np.tile(np.arange(ITEMS), count)}
    columns = {f"f{i}": features[:count, :, i].ravel() for i in range(FEATURES)}
    return pa.table({**ids, "relevance": grades, **columns})


def clicks(features: Any, relevance: Any, rng: np.random.Generator) -> pa.Table:
    """A log of today's ranker, with the features of what was shown."""
    query = rng.integers(0, QUERIES, SESSIONS)
    order = np.argsort(-features[query, :, 0], axis=1)
    shuffled = rng.random(SESSIONS) < 0.1
    order[shuffled] = rng.permuted(order[shuffled], axis=1)
    shown = np.take_along_axis(features[query], order[:, :, None], axis=1)
    liked = np.take_along_axis(relevance[query], order, axis=1)
    clicked = rng.random(liked.shape) < EXAMINATION * liked
    return pa.table(
        {
            "session_id": np.repeat(np.arange(SESSIONS), ITEMS),
            "query_id": np.repeat(query, ITEMS),
            "item_id": order.ravel(),
            "position": np.tile(np.arange(1, ITEMS + 1), SESSIONS),
            "click": clicked.ravel().astype(np.int8),
            "shuffled": np.repeat(shuffled, ITEMS),
            "sum": shown.sum(axis=2).ravel(),
            **{f"f{i}": shown[:, :, i].ravel() for i in range(FEATURES)},
        }
    )


def rows_of(features: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({f"f{i}": features[:, :, i].ravel() for i in range(FEATURES)})


def expected(relevance: Any, scores: Any) -> float:
    """Exact clicks of a session with the items in the order of the scores."""
    ranked = np.take_along_axis(relevance, np.argsort(-scores, axis=1), axis=1)
    return float((ranked * EXAMINATION).sum(axis=1).mean())


if __name__ == "__main__":
    main()
