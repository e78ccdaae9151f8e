"""Slow obvious versions of position-bias curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: (pair, position) -> impressions and clicks.
Counts = dict[tuple[Any, int], tuple[float, float]]


def lists(log: Mapping[str, Any]) -> list[dict[int, dict[str, Any]]]:
    """Session by session: position -> the row."""
    found: dict[Any, dict[int, dict[str, Any]]] = defaultdict(dict)
    rows = [dict(zip(log, row, strict=True)) for row in zip(*map(list, log.values()), strict=True)]
    for row in rows:
        found[row["session_id"]][int(row["position"])] = row
    return list(found.values())


def counts(log: Mapping[str, Any]) -> Counts:
    found: dict[tuple[Any, int], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for session in lists(log):
        for k, row in session.items():
            cell = ((row.get("query_id"), row["item_id"]), k)
            shown, clicked = found[cell]
            found[cell] = (shown + 1.0, clicked + float(row["click"]))
    return dict(found)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, float]:
    """Ratio of two means, and its standard error by the delta method."""
    x, y = np.array(numerators), np.array(denominators)
    value = float(x.mean() / y.mean())
    residuals = (x - value * y) / y.mean()
    return value, float(np.std(residuals, ddof=1) / np.sqrt(len(x)))


def shuffle(log: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Clicks at k over clicks at 1 of sessions that have a position k, 0 for the others."""
    sessions = [session for session in lists(log) if session[1].get("shuffled", True)]
    length = max(map(len, sessions))
    return [
        ratio(
            [session[k]["click"] if k in session else 0 for session in sessions],
            [session[1]["click"] if k in session else 0 for session in sessions],
        )
        for k in range(1, length + 1)
    ]


def weight(n: float, m: float, kind: str) -> float:
    return {"uniform": 1.0, "harmonic": n * m / (n + m), "min": min(n, m)}[kind]


def rates(cells: Counts, kind: str) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """(k, j) -> weighted click rates at k of pairs shown at both, and weights."""
    summed: dict[tuple[int, int], float] = defaultdict(float)
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for (pair, k), (n, c) in cells.items():
        for (other, j), (m, _) in cells.items():
            if pair == other and j != k:
                summed[k, j] += weight(n, m, kind) * c / n
                weights[k, j] += weight(n, m, kind)
    return dict(summed), dict(weights)


def pivot(cells: Counts, kind: str = "uniform") -> list[float]:
    summed, _ = rates(cells, kind)
    length = max(k for _, k in cells)
    return [1.0, *(summed[k, 1] / summed[1, k] for k in range(2, length + 1))]


def chain(cells: Counts, kind: str = "uniform") -> list[float]:
    summed, _ = rates(cells, kind)
    length = max(k for _, k in cells)
    curve = [1.0]
    for k in range(2, length + 1):
        curve.append(curve[-1] * summed[k, k - 1] / summed[k - 1, k])
    return curve


def allpairs(cells: Counts, kind: str = "uniform") -> list[float]:
    """By a general optimiser over log theta and log r."""
    from scipy.optimize import minimize

    summed, weights = rates(cells, kind)
    length = max(k for _, k in cells)
    both = sorted({(min(pair), max(pair)) for pair in weights})

    def loss(x: Floats) -> float:
        theta = np.concatenate([[0.0], x[: length - 1]])
        total = 0.0
        for index, (k, j) in enumerate(both):
            for a, b in ((k, j), (j, k)):
                p = np.exp(theta[a - 1] + x[length - 1 + index])
                if p >= 1.0:
                    return 1e9 * p
                total += summed[a, b] * np.log(p) + (weights[a, b] - summed[a, b]) * np.log1p(-p)
        return -total

    start = np.concatenate([np.full(length - 1, -0.5), np.full(len(both), -1.5)])
    options = {"maxiter": 200_000, "maxfev": 200_000, "xatol": 1e-10, "fatol": 1e-13, "adaptive": True}
    found = minimize(loss, start, method="Nelder-Mead", options=options)
    return [1.0, *np.exp(found.x[: length - 1]).tolist()]


def em(cells: Counts, steps: int = 20_000) -> tuple[list[float], float]:
    """EM of the position-based model; theta relative to position 1, and the log-likelihood."""
    pairs = sorted({pair for pair, _ in cells})
    length = max(k for _, k in cells)
    p = np.array([pairs.index(pair) for pair, _ in cells])
    k = np.array([k - 1 for _, k in cells])
    n, c = (np.array(values) for values in zip(*cells.values(), strict=True))
    theta, alpha = np.full(length, 0.5), np.full(len(pairs), 0.5)
    for _ in range(steps):
        x = theta[k] * alpha[p]
        examined = c + (n - c) * theta[k] * (1.0 - alpha[p]) / (1.0 - x)
        relevant = c + (n - c) * alpha[p] * (1.0 - theta[k]) / (1.0 - x)
        theta = np.bincount(k, examined) / np.bincount(k, n)
        alpha = np.bincount(p, relevant) / np.bincount(p, n)
    x = theta[k] * alpha[p]
    clicked, missed = np.where(c > 0, np.log(x), 0.0), np.where(n > c, np.log1p(-x), 0.0)
    return (theta / theta[0]).tolist(), float(np.sum(c * clicked + (n - c) * missed))
