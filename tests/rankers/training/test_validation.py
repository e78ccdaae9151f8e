from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval import evaluate
from rankeval.logs.log import Log
from rankeval.rankers.training.examples import Reading
from rankeval.rankers.training.validation import Validation
from tests.rankers.judged_data import judged

GRADES = np.array([0.0, 2.0, 1.0, 0.0, 0.0])
SCORES = np.array([0.5, 0.9, 0.1, 1.0, 2.0])
OFFSETS = np.array([0, 3, 5])


def test_by_hand() -> None:
    """Query 1: grades 0, 2, 1 ranked 2, 0, 1; query 2 has no positive grade and counts 0."""
    dcg = 2 + 0 / math.log2(3) + 1 / math.log2(4)
    ideal = 2 + 1 / math.log2(3)
    ndcg = Validation.of(OFFSETS, GRADES, normalised=True)
    assert ndcg.values(SCORES) == pytest.approx([dcg / ideal, 0.0], rel=1e-15)
    assert ndcg.mean(SCORES) == pytest.approx(dcg / ideal / 2, rel=1e-15)
    assert Validation.of(OFFSETS, GRADES, normalised=False).values(SCORES) == pytest.approx(
        [dcg, 0.0], rel=1e-15
    )


@pytest.mark.parametrize("metric", ["ndcg@10", "dcg@10"])
def test_equals_evaluate_with_ties_and_long_lists(metric: str) -> None:
    data = judged(queries=30, items=25)
    examples = Reading(Log(data, "judgements"), "query_id", "relevance", ["f1"]).read(1)
    validation = Validation.of(examples.offsets, examples.grades, normalised=metric == "ndcg@10")
    for scores in (examples.matrix[:, 0].round(0), np.zeros(len(examples.grades)), examples.matrix[:, 0]):
        queries = examples.queries.take(examples.query_rows)
        run = {"query_id": queries, "item_id": examples.items, "score": scores}
        wanted = evaluate(run, data, [metric]).to_dict()["results"][0]["value"]
        assert validation.mean(scores) == pytest.approx(wanted, abs=1e-13)


def test_the_dcg_of_clicks_over_examination_is_that_of_relevance_in_expectation() -> None:
    """All outcomes of clicks on one session, weighted by their probability."""
    theta, relevance, scores = np.array([1.0, 0.4]), np.array([0.2, 0.9]), np.array([1.0, 2.0])
    offsets = np.array([0, 2])
    expected = 0.0
    for first in (0, 1):
        for second in (0, 1):
            clicks = np.array([first, second], float)
            chance = np.where(clicks == 1, theta * relevance, 1 - theta * relevance).prod()
            expected += chance * Validation.of(offsets, clicks / theta, normalised=False).mean(scores)
    assert expected == pytest.approx(
        Validation.of(offsets, relevance, normalised=False).mean(scores), abs=1e-15
    )
