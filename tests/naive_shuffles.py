"""Slow, obvious version of shuffle experiments: every session that can be, with its probability.

A session adds ``low`` and ``high`` to two sums of each arm, whose ratio estimates ``theta_high / theta_low``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rankeval.simulators.click_models.base import ClickModel
from rankeval.simulators.list_policies.queries import Queries
from tests.naive_lists import Distribution, exchanged, items_at, orders, patterns, shuffled


@dataclass(frozen=True)
class Experiment:
    """``C`` kinds of sessions of ``A`` arms."""

    probabilities: np.ndarray  # (C,)
    low: np.ndarray  # (C, A)
    high: np.ndarray  # (C, A)
    clicks: np.ndarray  # (C,)

    @property
    def ratios(self) -> np.ndarray:
        return self.probabilities @ self.high / (self.probabilities @ self.low)

    @property
    def variances(self) -> np.ndarray:
        """n times the variance of the log ratios, by the delta method."""
        low, high = self.probabilities @ self.low, self.probabilities @ self.high
        influence = (self.high - high) / high - (self.low - low) / low
        return self.probabilities @ influence**2


def arms(design: str, size: int) -> list[tuple[int, int]]:
    if design == "pair":
        return list(combinations(range(size), 2))
    if design == "adjacent":
        return [(k, k + 1) for k in range(size - 1)]
    return [(0, k) for k in range(1, size)]


def experiment(
    design: str, top: int, share: float, base: list[Distribution], model: ClickModel, queries: Queries
) -> Experiment:
    """Of sessions whose base orders are drawn from ``base``, one distribution a query.

    For ``pair`` those of the log, outside the experiment as well; for the others those in the experiment.
    """
    found: list[tuple[float, list[float], list[float], float]] = []
    for query, lists in enumerate(base):
        weight = float(queries.weights[query])
        size = int(queries.sizes[query])
        marginal = items_at(shuffled(lists, "pair", share, top), size, max(map(len, lists)))
        for shown, p in lists.items():
            for arm, order, chance in _orders(design, top, share, shown):
                for clicks, q in _clicks(order, query, model, queries):
                    low, high = _terms(design, top, arm, order, clicks, marginal)
                    found.append((weight * p * chance * q, low, high, float(sum(clicks))))
    columns = zip(*found, strict=True)
    return Experiment(*(np.array(column) for column in columns))


def _orders(
    design: str, top: int, share: float, shown: tuple[int, ...]
) -> list[tuple[tuple[int, int] | None, tuple[int, ...], float]]:
    """Arm, order and probability."""
    size = min(top, len(shown))
    if design == "full" or size < 2:
        return [(None, order, p) for order, p in orders(design, top, shown).items()]
    pairs = arms(design, size)
    if design == "pair":
        turned = [(pair, exchanged(shown, *pair), share / len(pairs)) for pair in pairs]
        return [*turned, (None, shown, 1.0 - share)]
    return [(pair, order, 0.5 / len(pairs)) for pair in pairs for order in (shown, exchanged(shown, *pair))]


def _clicks(
    order: tuple[int, ...], query: int, model: ClickModel, queries: Queries
) -> list[tuple[tuple[int, ...], float]]:
    every = np.array(patterns(len(order)), np.int8)
    places = np.repeat(queries.offsets[query] + np.array([order]), len(every), axis=0)
    satisfaction = None if queries.satisfaction is None else queries.satisfaction[places]
    logs = model.log_likelihoods(every, queries.attractiveness[places], satisfaction)
    return [(tuple(row), float(np.exp(log))) for row, log in zip(every.tolist(), logs, strict=True)]


def _terms(
    design: str,
    top: int,
    arm: tuple[int, int] | None,
    order: tuple[int, ...],
    clicks: tuple[int, ...],
    marginal: np.ndarray,
) -> tuple[list[float], list[float]]:
    compared = arms("adjacent" if design == "adjacent" else "swap", top)
    low, high = [0.0] * len(compared), [0.0] * len(compared)
    for index, (first, second) in enumerate(compared):
        if second >= len(order) or (design in ("swap", "adjacent") and arm != (first, second)):
            continue
        weights = [1.0 / marginal[order[k], k] if design == "pair" else 1.0 for k in (first, second)]
        low[index], high[index] = clicks[first] * weights[0], clicks[second] * weights[1]
    return low, high
