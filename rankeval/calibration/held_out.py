"""Losses of scores before and after calibration, on queries that the maps were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.arrays import take, to_arrow
from rankeval.evaluation import Evaluation, JudgedScores, evaluate

AFTER, BEFORE = "after", "before"


def compare(
    judged: JudgedScores, held_out: Floats, metrics: Sequence[str], *, probability: bool, **options: Any
) -> Evaluation:
    """The metrics of the scores after calibration, and before where these are probabilities.

    The difference is ``after - before`` over the same items.

    Args:
        judged: the judged items.
        held_out: (m,) float64, their scores after calibration.
        metrics: names of pooled metrics.
        probability: whether the scores before are probabilities.
        options: those of :func:`rankeval.evaluate`.
    """
    runs = {AFTER: _table(judged, held_out)}
    if probability:
        runs[BEFORE] = _table(judged, judged.items.score)
    return evaluate(runs, metrics=list(metrics), **options)


def _table(judged: JudgedScores, scores: Floats) -> pa.Table:
    """The judged items as a run with labels, 1 for relevant items and 0 for others."""
    rows = judged.items.query
    own = {
        "query_id": take(judged.queries, rows),
        "item_id": to_arrow(np.arange(len(rows))),
        "score": to_arrow(scores),
        "relevance": to_arrow(1.0 * judged.items.relevant),
    }
    return pa.table({name: take(column, rows) for name, column in judged.fields.items()} | own)
