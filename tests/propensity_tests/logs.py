"""Simulated propensities and actions, and the tests of a log of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.propensity_tests import (
    ListedActions,
    LoggedActions,
    MeanWeights,
    PropensitySums,
    PropensityTests,
    judged,
)


@dataclass
class Drawn:
    """(n, K) logged propensities and (n,) actions."""

    p: NDArray[np.float64]
    actions: NDArray[np.int64]

    @property
    def own(self) -> NDArray[np.float64]:
        return self.p[np.arange(len(self.actions)), self.actions]

    def listed(self, rows: slice = slice(None), clusters: NDArray[np.int64] | None = None) -> ListedActions:
        p, actions = self.p[rows], self.actions[rows]
        n, k = p.shape
        offsets, keys = np.arange(n + 1) * k, np.tile(np.arange(k, dtype=np.uint64), n)
        return ListedActions.of(
            offsets, p.ravel(), offsets[:-1] + actions, keys, lambda row: int(keys[row]), clusters
        )

    def logged(self, rows: slice = slice(None), clusters: NDArray[np.int64] | None = None) -> LoggedActions:
        own, actions = self.own[rows], self.actions[rows]
        strata = np.zeros(len(own), np.uint64)
        return LoggedActions.of(
            own, strata, actions.astype(np.uint64), lambda row: (None, int(actions[row])), clusters
        )

    def of_lists(self, weights: NDArray[np.float64] | None = None) -> PropensityTests:
        mean = None
        if weights is not None:
            mean = MeanWeights.of(weights, np.zeros(len(weights), np.uint64), lambda _: None)
        tests = judged({None: PropensitySums(listed=self.listed(), weights=mean)})
        assert tests is not None
        return tests

    def of_logged(self) -> PropensityTests:
        tests = judged({None: PropensitySums(logged=self.logged())})
        assert tests is not None
        return tests


def softmax(scores: NDArray[np.float64], temperature: float = 1.0) -> NDArray[np.float64]:
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def draw(seed: int, n: int, k: int, temperature: float = 1.0) -> tuple[Drawn, NDArray[np.float64]]:
    """Actions of a softmax policy over 20 contexts, with its propensities; and the scores (n, K)."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(20, k))[rng.integers(0, 20, n)]
    p = softmax(scores, temperature)
    actions = np.minimum((p.cumsum(axis=1) < rng.random(n)[:, np.newaxis]).sum(axis=1), k - 1)
    return Drawn(p, actions), scores
