"""Small logs of the position-based model for tests of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

THETA = np.array([1.0, 0.6, 0.5, 0.3])


def orders(rng: np.random.Generator, queries: NDArray[np.int64], positions: int) -> NDArray[np.int64]:
    """Item at each position of each session: of one of two rankers, a third of the sessions shuffled."""
    base = (np.arange(positions) + queries[:, np.newaxis]) % positions
    items = np.where(rng.random((len(queries), 1)) < 0.5, base, base[:, ::-1])
    mixed = rng.random(len(queries)) < 1 / 3
    items[mixed] = rng.permuted(items[mixed], axis=1)
    return items


def random_log(
    sessions: int, seed: int, theta: NDArray[np.float64] = THETA, queries: int = 3
) -> dict[str, Any]:
    """A long log: ``shuffled`` tells which sessions are, ``user`` is one of a quarter as many as sessions."""
    rng = np.random.default_rng(seed)
    k = len(theta)
    query = rng.integers(0, queries, sessions)
    items = orders(rng, query, k)
    base = (np.arange(k) + query[:, np.newaxis]) % k
    fixed = (items == base).all(axis=1) | (items == base[:, ::-1]).all(axis=1)
    alpha = np.random.default_rng(seed + 1).uniform(0.2, 0.8, (queries, k))
    clicks = rng.random((sessions, k)) < theta * alpha[query[:, np.newaxis], items]
    return {
        "session_id": np.repeat(np.arange(sessions), k),
        "query_id": np.repeat(query, k),
        "item_id": items.ravel(),
        "position": np.tile(np.arange(1, k + 1), sessions),
        "click": clicks.ravel().astype(np.int64),
        "shuffled": np.repeat(~fixed, k),
        "user": np.repeat(rng.integers(0, max(sessions // 4, 1), sessions), k),
        "device": np.repeat(np.where(rng.random(sessions) < 0.5, "phone", "desk"), k),
    }


def exact_log(theta: list[float], alpha: list[float], n: int, rankings: list[list[int]]) -> dict[str, Any]:
    """Without noise: ``n`` sessions a ranking, exactly ``n theta alpha`` of each cell clicked."""
    columns: dict[str, list[Any]] = {"session_id": [], "item_id": [], "position": [], "click": []}
    for r, ranking in enumerate(rankings):
        for s in range(n):
            for k, item in enumerate(ranking):
                wanted = n * theta[k] * alpha[item]
                assert abs(wanted - round(wanted)) < 1e-9
                columns["session_id"].append(r * n + s)
                columns["item_id"].append(item)
                columns["position"].append(k + 1)
                columns["click"].append(int(s < round(wanted)))
    return columns
