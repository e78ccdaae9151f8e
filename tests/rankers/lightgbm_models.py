"""Small models that LightGBM really trained, and data that they score."""

from __future__ import annotations

from functools import cache
from typing import Any

import lightgbm
import numpy as np
import pandas as pd


@cache
def frame(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows of 40 queries with two numbers, a text and a whole number."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "query_id": np.repeat(np.arange(40), rows // 40),
            "item_id": np.arange(rows),
            "price": rng.normal(size=rows),
            "age": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "country": pd.Categorical(rng.choice(["de", "fr", "it"], rows)),
            "stars": rng.integers(0, 5, rows),
        }
    )


FEATURES = ["price", "age", "country", "stars"]


@cache
def booster(objective: str = "binary", trees: int = 6, leaves: int = 5, **more: Any) -> lightgbm.Booster:
    """A model of :func:`frame` with a categorical feature."""
    data = frame()
    merit = data.price + (data.country == "de") + data.stars / 2
    target = (merit > merit.median()).astype(int)
    group = [len(data) // 40] * 40 if objective in ("lambdarank", "rank_xendcg") else None
    options = {"objective": objective, "num_leaves": leaves, "verbosity": -1, "num_threads": 1, "seed": 1}
    return lightgbm.train(
        {**options, "min_data_per_group": 5, **more},
        lightgbm.Dataset(data[FEATURES], target, group=group),
        trees,
    )


def text(objective: str = "binary", trees: int = 6, leaves: int = 5, **more: Any) -> str:
    """The text of that model."""
    found: str = booster(objective, trees, leaves, **more).model_to_string()
    return found
