"""Queries and policies that the tests of policies over lists share, each policy beside its slow version."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.catalogue import parse_list_policy
from rankeval.simulators.list_policies.queries import Queries
from tests.naive_lists import Distribution, fixed, mixed, plackett_luce

SIZES = (4, 5, 2)
IDS = ("a", "b", "c")
POSITIONS = 4
_RNG = np.random.default_rng(5)
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])
QUERIES = Queries(
    ids=IDS,
    weights=np.array([0.5, 0.3, 0.2]),
    offsets=OFFSETS,
    item_ids=range(sum(SIZES)),
    attractiveness=_RNG.uniform(0.05, 0.95, sum(SIZES)),
    satisfaction=_RNG.uniform(0.05, 0.95, sum(SIZES)),
)
SCORES = {name: _RNG.normal(size=size).tolist() for name, size in zip(IDS, SIZES, strict=True)}
OTHER = {name: _RNG.normal(size=size).tolist() for name, size in zip(IDS, SIZES, strict=True)}
EQUAL = {name: [0.0] * size for name, size in zip(IDS, SIZES, strict=True)}

#: Policies whose lists can be enumerated.
DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "fixed": {"policy": "fixed", "scores": SCORES},
    "plackett_luce": {"policy": "plackett_luce", "scores": SCORES, "temperature": 0.5},
    "uniform": {"policy": "uniform"},
    "epsilon": {"policy": "epsilon", "epsilon": 0.2, "scores": SCORES},
    "mixture": {
        "policy": "mixture",
        "policies": [
            {"policy": "fixed", "scores": SCORES, "share": 0.5},
            {"policy": "fixed", "scores": OTHER, "share": 0.3},
            {"policy": "plackett_luce", "scores": OTHER, "share": 0.2},
        ],
    },
}
NOISY = {"policy": "noisy", "noise": 0.7, "scores": SCORES}


def policy(description: dict[str, Any]) -> ListPolicy:
    return parse_list_policy(description, QUERIES, POSITIONS)


def naive(name: str, query: str) -> Distribution:
    """Every list of a query with its probability."""
    ordered, other = fixed(SCORES[query], POSITIONS), fixed(OTHER[query], POSITIONS)
    uniform = plackett_luce(EQUAL[query], 1.0, POSITIONS)
    return {
        "fixed": ordered,
        "plackett_luce": plackett_luce(SCORES[query], 0.5, POSITIONS),
        "uniform": uniform,
        "epsilon": mixed([(0.8, ordered), (0.2, uniform)]),
        "mixture": mixed([(0.5, ordered), (0.3, other), (0.2, plackett_luce(OTHER[query], 1.0, POSITIONS))]),
    }[name]


def rows_of(lists: dict[str, Distribution]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Query, list and probability given the query of every list."""
    entries = [(IDS.index(query), shown, p) for query in lists for shown, p in lists[query].items()]
    rows = np.full((len(entries), POSITIONS), -1, np.int32)
    for row, (_, shown, _) in enumerate(entries):
        rows[row, : len(shown)] = shown
    return np.array([q for q, _, _ in entries]), rows, np.array([p for _, _, p in entries])


def four_errors(p: np.ndarray, n: int) -> np.ndarray:
    """Four standard errors of a share of ``n``, and room for a single case."""
    return 4.0 * np.sqrt(p * (1.0 - p) / n) + 1.0 / n
