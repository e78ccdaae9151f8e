"""Small logs in several part files, and calls of every command on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankeval import ab, inspect, ope, propensity, uplift
from tests.log_files import write_parts
from tests.shuffled_logs import shuffled_log

#: Position bias of the click log.
BIAS = [1.0, 0.5, 1 / 3, 0.25]
N = 600


def write_bandit_log(folder: Path) -> str:
    """2,000 rounds in three part files; some rewards are null."""
    rng = np.random.default_rng(5)
    n = 2_000
    reward = rng.binomial(1, 0.3, n).astype(float)
    table = pa.table(
        {
            "round_id": np.arange(n),
            "reward": pa.array(reward, mask=rng.random(n) < 0.05),
            "propensity": rng.uniform(0.2, 0.9, n),
            "target_propensity": rng.uniform(0.1, 0.9, n),
            "q_logged": rng.uniform(0.0, 1.0, n),
            "q_target": rng.uniform(0.0, 1.0, n),
            "country": rng.choice(["de", "fr"], n),
            "user": rng.integers(0, 400, n),
            "arm": rng.choice(["control", "new"], n),
        }
    )
    return write_parts(folder, table, files=3)


def write_click_log(folder: Path) -> str:
    """600 sessions in three part files, of which two cut a session in two."""
    log = shuffled_log(1, N, "pbm")
    rng = np.random.default_rng(1)
    table = pa.table(
        {**log, "f1": log["score"] + rng.normal(0.0, 0.2, len(log["score"])), "new": log["score"]}
    )
    return write_parts(folder, table.slice(0, table.num_rows - 1), files=3)


def write_run(folder: Path) -> str:
    """A run of 60 queries with grades in three part files."""
    rng = np.random.default_rng(3)
    query, item = np.repeat(np.arange(60), 10), np.tile(np.arange(10), 60)
    score = rng.integers(0, 5, 600).astype(float)
    table = pa.table(
        {"query_id": query, "item_id": item, "score": score, "relevance": rng.integers(0, 3, 600)}
    )
    return write_parts(folder, table, files=3)


def write_model(path: Path) -> str:
    """A LightGBM model of the feature of the click log."""
    rng = np.random.default_rng(2)
    x = rng.random((500, 1))
    options = {"objective": "regression", "verbosity": -1, "num_threads": 1, "num_leaves": 5, "seed": 1}
    lightgbm.train(options, lightgbm.Dataset(x, x[:, 0] ** 2, feature_name=["f1"]), 5).save_model(path)
    return str(path)


def write_all(folder: Path) -> None:
    """All files that the calls read."""
    write_bandit_log(folder / "bandit")
    write_click_log(folder / "clicks")
    write_run(folder / "run")


#: Name -> log, and the call on it with further options.
CALLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "ope of actions": (
        "bandit",
        lambda log, **o: ope(log, "ips,snips,dr", by="country", ci="auto,bootstrap", replicates=50, **o),
    ),
    "ope by clusters": ("bandit", lambda log, **o: ope(log, "snips", cluster="user", **o)),
    "ope of clicks": (
        "clicks",
        lambda log, **o: ope(log, "click_ips,click_dcg@3", position_bias=BIAS, target="new=new", **o),
    ),
    "propensity by shuffles": ("clicks", lambda log, **o: propensity(log, "shuffle", **o)),
    "propensity by em": ("clicks", lambda log, **o: propensity(log, "em", **o)),
    "uplift of a column": (
        "clicks",
        lambda log, **o: uplift(log, "new=column:new", position_bias=BIAS, **o),
    ),
    "ab": ("bandit", lambda log, **o: ab(log, "arm", metric="r=q_logged", quantile="q=q_target:0.5", **o)),
    "inspect rounds": ("bandit", lambda log, **o: inspect(log, by="country", **o)),
    "inspect sessions": ("clicks", lambda log, **o: inspect(log, **o)),
}
#: How the logs are opened: some rewards are null.
FILLED = {"null_reward": "zero"}


def spoil(folder: Path, part: int, row: int) -> None:
    """Put a propensity of 0 into a row of a part file."""
    path = folder / f"part-{part:03d}.parquet"
    table = pq.read_table(path)
    bad = table["propensity"].to_numpy().copy()
    bad[row] = 0.0
    pq.write_table(table.set_column(table.schema.get_field_index("propensity"), "propensity", [bad]), path)
