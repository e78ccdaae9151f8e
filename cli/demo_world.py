"""The simulated shop of ``rankeval demo``: items with features, a production ranker, and logs of clicks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.atomic_files import replacing

QUERIES, POSITIONS = 400, 8
FEATURES = ("match", "fresh", "price", "rating", "popularity", "discount", "stock", "age")
SHUFFLE = {"design": "full", "share": 0.01}


@dataclass(frozen=True, eq=False)
class DemoWorld:
    """Queries of eight items each; item ``i`` belongs to query ``i // 8``.

    Attributes:
        features: (items, features) float32.
        chance: (items,) the probability of a click on an item that the user looks at.
        production: (items,) the scores of the production ranker.
    """

    features: Any
    chance: Floats
    production: Floats

    @classmethod
    def of(cls, seed: int) -> DemoWorld:
        """Users want items that match, are fresh, and are cheap or well rated, but not both.

        The production ranker knows what matches and is fresh, and takes what is popular for good.
        """
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(QUERIES * POSITIONS, len(FEATURES)))
        match, fresh, price, rating, popularity = features.T[:5]
        merit = 1.2 * match + 0.9 * np.maximum(fresh, 0.0) - 0.8 * price * rating - 1.1
        merit += 0.4 * rng.normal(size=len(features))
        production = match + 0.3 * fresh + 0.4 * popularity + 0.3 * rng.normal(size=len(features))
        return cls(features.astype(np.float32), np.round(1.0 / (1.0 + np.exp(-1.3 * merit)), 4), production)

    def describe(self, candidate: Floats | None = None, **traffic: Any) -> dict[str, Any]:
        """The world file: users look at position k with probability 1 / k.

        Args:
            candidate: (items,) the scores of the ranker ``new``; None: there is none.
            traffic: further sections, ``shuffle`` or ``arms``.
        """
        popularity = np.arange(1.0, QUERIES + 1.0) ** -0.7
        queries = [
            {"query_id": q, "weight": float(popularity[q]), "items": items.tolist()}
            | {"attractiveness": self.chance[items].tolist()}
            for q, items in enumerate(_by_query(np.arange(QUERIES * POSITIONS)))
        ]
        world = {
            "click_model": {"name": "pbm", "eta": 1.0},
            "positions": POSITIONS,
            "queries": queries,
            "logging": _fixed(self.production),
            **traffic,
        }
        return world if candidate is None else world | {"candidates": {"new": _fixed(candidate)}}

    def write_log(self, log: Path, sessions: int, seed: int) -> None:
        """Write a log of the production ranker, 1 % of it shuffled, with the features of each item."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from rankeval import simulate

        folder = log.with_suffix("")
        options: Mapping[str, Any] = {"overwrite": True, "propensities": "none"}
        simulate(folder, sessions, seed, world=self.describe(shuffle=SHUFFLE), **options)
        table = pq.read_table(folder / "log.parquet")
        items = table.column("item_id").to_numpy()
        for place, name in enumerate(FEATURES):
            table = table.append_column(name, pa.array(np.take(self.features[:, place], items)))
        with replacing(log) as beside:
            pq.write_table(table, beside)

    def scores(self, model: Path) -> Floats:
        """(items,) the scores of a model."""
        import pyarrow as pa

        items = np.arange(len(self.chance))
        columns = {name: self.features[:, place] for place, name in enumerate(FEATURES)}
        data = pa.table({"query_id": items // POSITIONS, "item_id": items, **columns})
        return scores_of(model, data)

    def run_test(self, folder: Path, candidate: Floats, sessions: int, seed: int) -> dict[str, Any]:
        """Simulate the A/B test of the candidate in ``folder``; returns the exact truth."""
        from rankeval import simulate

        world = self.describe(candidate, arms={"logging": 0.5, "new": 0.5})
        simulate(folder, sessions, seed, world=world, overwrite=True, propensities="none")
        truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
        return truth


def scores_of(model: Path, data: Any, where: str | None = None) -> Floats:
    """The scores of a LightGBM model, in the order of the rows."""
    from rankeval import rank

    run = rank(f"lightgbm:{model}", data, where=where).run
    assert run is not None  # as no file was named
    return np.asarray(run.column("score").to_numpy())


def _by_query(items: Any) -> Any:
    return items.reshape(QUERIES, POSITIONS)


def _fixed(scores: Floats) -> dict[str, Any]:
    return {"policy": "fixed", "scores": {str(q): of.tolist() for q, of in enumerate(_by_query(scores))}}
