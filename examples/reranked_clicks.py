"""Estimates the clicks of two re-rankers from the log of a deterministic ranker, and compares with the truth.

Users examine position k with probability 1 / k, and click an examined item with a probability equal to its
relevance. The log has the items shown, their clicks, and the scores of both re-rankers.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import rankeval

SESSIONS, POSITIONS = 50_000, 8
EXAMINATION = 1.0 / np.arange(1, POSITIONS + 1)


def main() -> None:
    rng = np.random.default_rng(1)
    relevance = rng.beta(0.5, 2.0, (SESSIONS, POSITIONS))
    clicked = rng.random(relevance.shape) < EXAMINATION * relevance
    scores = {
        name: relevance + noise * rng.random(relevance.shape)
        for name, noise in (("good", 0.2), ("poor", 3.0))
    }
    log = pa.table(
        {
            "session_id": np.repeat(np.arange(SESSIONS), POSITIONS),
            "item_id": np.arange(relevance.size),
            "position": np.tile(np.arange(1, POSITIONS + 1), SESSIONS),
            "click": clicked.ravel(),
            **{name: values.ravel() for name, values in scores.items()},
        }
    )
    targets = {"good": "good", "poor": "poor"}
    print(rankeval.ope(log, ["click_ips"], target=targets, position_bias=EXAMINATION))
    for name, values in scores.items():
        ranked = np.take_along_axis(relevance, np.argsort(-values, axis=1), axis=1)
        print(f"exact clicks of {name}: {(ranked * EXAMINATION).sum(axis=1).mean():.4f}")


if __name__ == "__main__":
    main()
