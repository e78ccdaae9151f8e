"""Logs of a fixed ranker of which some sessions were shuffled, for users of several kinds."""

from __future__ import annotations

from typing import Any

import numpy as np


def shuffled_log(
    seed: int, n: int, users: str = "pbm", share: float = 0.2, positions: int = 4
) -> dict[str, Any]:
    """A log of 20 queries in long layout; the logging order and ``score`` agree in part with relevance."""
    rng = np.random.default_rng(seed)
    relevance = rng.uniform(0.1, 0.9, (20, positions))
    ranker = relevance + rng.normal(0.0, 0.3, relevance.shape)
    query, shuffled = rng.integers(0, 20, n), rng.random(n) < share
    orders = np.argsort(-np.where(shuffled[:, None], rng.random((n, positions)), ranker[query]), axis=1)
    liked = rng.random((n, positions)) < np.take_along_axis(relevance[query], orders, axis=1)
    if users == "pbm":
        clicks = liked & (rng.random((n, positions)) < 1.0 / np.arange(1, positions + 1))
    else:
        clicks = liked & (np.cumsum(liked, axis=1) == 1)
    return {
        "session_id": np.repeat(np.arange(n), positions),
        "query_id": np.repeat(query, positions),
        "item_id": orders.ravel(),
        "position": np.tile(np.arange(1, positions + 1), n),
        "click": clicks.ravel().astype(np.int64),
        "shuffled": np.repeat(shuffled, positions),
        "score": np.take_along_axis(relevance[query], orders, axis=1).ravel(),
        "ranker_score": np.take_along_axis(ranker[query], orders, axis=1).ravel(),
    }
