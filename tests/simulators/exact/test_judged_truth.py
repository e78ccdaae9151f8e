from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from rankeval import evaluate
from rankeval.simulators.exact.judged_truth import judged_metrics
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.catalogue import parse_list_policy
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.worlds.world_file import parse_world
from tests.simulators.small_world import small_world

METRICS = ["dcg@10", "ndcg@10", "ndcg_exp@10", "precision@10", "recall@10", "mrr@10"]
QUERIES = 6
RNG = np.random.default_rng(1)
#: 14 items a query, so that 10 are not all; the last query has nothing relevant.
GRADES = RNG.integers(0, 4, (QUERIES, 14)) * (np.arange(QUERIES) < QUERIES - 1)[:, np.newaxis]
SCORES = RNG.standard_normal((QUERIES, 14))


def queries(grades: np.ndarray, weights: np.ndarray) -> Queries:
    count, size = grades.shape
    return Queries(
        ids=list(range(count)),
        weights=weights,
        offsets=np.arange(count + 1) * size,
        item_ids=list(range(count * size)),
        attractiveness=np.full(count * size, 0.5),
        relevance=grades.ravel().astype(float),
    )


def evaluated(grades: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """What ``evaluate`` says of each query, averaged."""
    count, size = grades.shape
    ids = {"query_id": np.repeat(np.arange(count), size), "item_id": np.arange(count * size)}
    means = np.zeros(len(METRICS))
    for query in range(count):
        rows = ids["query_id"] == query
        run = {name: column[rows] for name, column in ids.items()}
        run |= {"score": scores.ravel()[rows], "relevance": grades.ravel()[rows].astype(float)}
        means += weights[query] * np.array([row["value"] for row in evaluate(run, metrics=METRICS).rows()])
    return dict(zip(METRICS, means.tolist(), strict=True))


@pytest.mark.parametrize("positions", [12, 10])
def test_of_a_fixed_order_they_are_what_evaluate_says(positions: int):
    weights = np.array([0.3, 0.1, 0.1, 0.2, 0.1, 0.2])
    world = queries(GRADES, weights)
    policy = FixedOrder(world.offsets, positions, SCORES.ravel())
    assert judged_metrics(policy, world) == pytest.approx(evaluated(GRADES, SCORES, weights), rel=1e-12)


@pytest.mark.parametrize(
    "description",
    [
        {"policy": "uniform"},
        {"policy": "plackett_luce", "temperature": 0.7, "scores": {"0": [1.0, 0.2, -0.5]}},
        {"policy": "epsilon", "epsilon": 0.4, "scores": {"0": [1.0, 0.2, -0.5]}},
    ],
)
def test_of_random_orders_they_are_means_over_all_of_them(description: dict[str, Any]):
    grades, weights = np.array([[0, 2, 1]]), np.ones(1)
    world = queries(grades, weights)
    policy: ListPolicy = parse_list_policy(description, world, 3)
    wanted = dict.fromkeys(METRICS, 0.0)
    for order in permutations(range(3)):
        chances = policy.list_probabilities(np.zeros(1, np.int64), np.array([order], np.int32))
        assert chances is not None
        scores = np.empty((1, 3))
        scores[0, list(order)] = [3.0, 2.0, 1.0]
        for metric, value in evaluated(grades, scores, weights).items():
            wanted[metric] += chances[0] * value
    assert judged_metrics(policy, world) == pytest.approx(wanted, rel=1e-10)


def test_without_grades_there_are_none():
    described = small_world()
    for query in described["queries"]:
        del query["relevance"]
    world = parse_world(described)
    assert judged_metrics(world.logging, world.queries) == {}
