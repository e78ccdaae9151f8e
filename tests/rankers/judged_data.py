"""Small judgements with features, and clicks on them, made with fixed seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


def judged(queries: int = 40, items: int = 8, seed: int = 0) -> dict[str, Any]:
    """Judged items; the grade follows ``f1`` and, less, ``f2``, with noise."""
    rng = np.random.default_rng(seed)
    n = queries * items
    f1, f2, noise = rng.normal(size=n), rng.normal(size=n), rng.normal(size=n)
    grade = np.clip(np.round(0.5 + f1 + 0.5 * f2 + 0.3 * noise), 0, 3)
    return {
        "query_id": [f"q{i // items:03d}" for i in range(n)],
        "item_id": [f"d{i % items:02d}" for i in range(n)],
        "relevance": grade.astype(int).tolist(),
        "f1": f1.tolist(),
        "f2": f2.tolist(),
        "f3": noise.tolist(),
    }


def clicked(sessions: int = 400, items: int = 5, eta: float = 1.0, seed: int = 0) -> dict[str, Any]:
    """Sessions of 40 queries, shown in random order, with clicks of the position-based model."""
    rng = np.random.default_rng(seed)
    query = rng.integers(0, 40, sessions)
    table: dict[str, Any] = {
        name: [] for name in ("session_id", "query_id", "item_id", "position", "click", "f1")
    }
    for session in range(sessions):
        for position, item in enumerate(rng.permutation(items), 1):
            feature = np.sin(7.0 * query[session] + 3.0 * item)
            chance = (0.9 if feature > 0.3 else 0.1) * position**-eta
            row = (session, f"q{query[session]}", f"d{item}", position, int(rng.random() < chance), feature)
            for name, value in zip(table, row, strict=True):
                table[name].append(value)
    return table


def shuffled(data: dict[str, Any], seed: int = 1) -> pa.Table:
    """The same rows in another order."""
    table = pa.table(data)
    return table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))
