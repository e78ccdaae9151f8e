from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval import evaluate
from rankeval.logs.log import Log
from rankeval.rankers.training.examples import Reading
from rankeval.rankers.training.validation import Validation
from tests.rankers.judged_data import judged


def test_by_hand() -> None:
    """Query 1: grades 0, 2, 1 ranked 2, 0, 1; query 2 has no positive grade and counts 0."""
    grades = np.array([0.0, 2.0, 1.0, 0.0, 0.0])
    found = Validation(np.array([0, 3, 5]), grades, np.array([2 + 1 / math.log2(3), 0.0]))
    value = (2 + 0 / math.log2(3) + 1 / math.log2(4)) / (2 + 1 / math.log2(3))
    assert found.ndcg(np.array([0.5, 0.9, 0.1, 1.0, 2.0])) == pytest.approx(value / 2, rel=1e-15)


def test_equals_evaluate_with_ties_and_long_lists() -> None:
    data = judged(queries=30, items=25)
    examples = Reading(Log(data, "judgements"), "query_id", "relevance", ["f1"]).read(1)
    for scores in (examples.matrix[:, 0].round(0), np.zeros(len(examples.grades)), examples.matrix[:, 0]):
        queries = examples.queries.take(examples.query_rows)
        run = {"query_id": queries, "item_id": examples.items, "score": scores}
        wanted = evaluate(run, data, ["ndcg@10"]).to_dict()["results"][0]["value"]
        assert Validation.of(examples, examples.grades).ndcg(scores) == pytest.approx(wanted, abs=1e-14)
