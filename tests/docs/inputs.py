"""Files that the blocks of pages read, written into the current folder: drawn with fixed seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

import rankeval
from rankeval.simulators.bandits import ContinuousWorld, bandit_log, random_policy, random_world

QUERIES, ITEMS, FEATURES = 120, 8, 4
THETA = 1.0 / np.arange(1, ITEMS + 1)


def prepare(page: str) -> None:
    """Write the inputs of a page; a page without an entry makes its own."""
    for write in INPUTS.get(page, ()):
        write()


def _shop() -> tuple[Any, Any]:
    """Features (queries, items, features), and the probability of a click on an item that a user looks at."""
    features = np.random.default_rng(1).normal(size=(QUERIES, ITEMS, FEATURES))
    return features, 1.0 / (1.0 + np.exp(1.5 - features @ [0.8, 0.6, 0.6, 0.3]))


def _columns(features: Any) -> dict[str, Any]:
    return {f"f{i}": features[..., i].ravel() for i in range(FEATURES)}


def click_log(sessions: int = 20_000) -> None:
    """``log.parquet``: clicks of a ranker, a tenth of them in random order; ``clicks.parquet``: the rest."""
    rng = np.random.default_rng(2)
    features, liked = _shop()
    query = rng.integers(0, QUERIES, sessions)
    order = np.argsort(-features[query, :, 0], axis=1)
    shuffled = rng.random(sessions) < 0.1
    order[shuffled] = rng.permuted(order[shuffled], axis=1)
    shown = np.take_along_axis(features[query], order[:, :, None], axis=1)
    clicked = rng.random(order.shape) < THETA * np.take_along_axis(liked[query], order, axis=1)
    ids = {"session_id": np.repeat(np.arange(sessions), ITEMS), "query_id": np.repeat(query, ITEMS)}
    log = pa.table(
        {
            **ids,
            "user_id": np.repeat(np.arange(sessions) // 5, ITEMS),
            "item_id": order.ravel(),
            "position": np.tile(np.arange(1, ITEMS + 1), sessions),
            "click": clicked.ravel().astype(np.int8),
            "shuffled": np.repeat(shuffled, ITEMS),
            "score": 1.0 / (1.0 + np.exp(1.5 - shown[..., 0].ravel())),
            "new_score": shown.sum(axis=2).ravel(),
            "sum": shown.sum(axis=2).ravel(),
            **_columns(shown),
        }
    )
    pq.write_table(log, "log.parquet")
    pq.write_table(log.filter(pc.invert(log["shuffled"])), "clicks.parquet")


def doses() -> None:
    """``doses.parquet``: continuous actions, whose target policy has the value 1.875."""
    pq.write_table(pa.table(ContinuousWorld().log(20_000, np.random.default_rng(1))), "doses.parquet")


def judgements() -> None:
    """``judged.parquet``: features and grades; ``test.parquet``: the same; ``qrels.txt``: the grades."""
    features, liked = _shop()
    query, item = np.repeat(np.arange(QUERIES), ITEMS), np.tile(np.arange(ITEMS), QUERIES)
    grades = np.digitize(liked.ravel(), [0.3, 0.6])
    judged = pa.table(
        {
            "query_id": query,
            "item_id": item,
            "relevance": grades,
            **_columns(features),
            "fold": [f"S{1 + q % 5}" for q in query],
            "split": np.where(query % 5 == 4, "test", "train"),
        }
    )
    pq.write_table(judged, "judged.parquet")
    pq.write_table(judged, "test.parquet")
    lines = [f"{q} 0 {i} {grade}\n" for q, i, grade in zip(query, item, grades, strict=True)]
    Path("qrels.txt").write_text("".join(lines))


def runs() -> None:
    """``old.parquet``, ``new.parquet`` and ``run.parquet``: runs whose scores are probabilities."""
    features, _ = _shop()
    ids = {"query_id": np.repeat(np.arange(QUERIES), ITEMS), "item_id": np.tile(np.arange(ITEMS), QUERIES)}
    for name, merit in (
        ("old", features[..., 0]),
        ("new", features.sum(axis=2)),
        ("run", features.sum(axis=2)),
    ):
        pq.write_table(pa.table({**ids, "score": 1.0 / (1.0 + np.exp(-merit.ravel()))}), f"{name}.parquet")


def model() -> None:
    """``model.txt``: LambdaMART from the grades."""
    judgements()
    rankeval.train("judged.parquet", "model.txt", split="fold", train="S1,S2,S3", valid="S4")


def bandit(name: str = "bandit.parquet", rounds: int = 8000) -> None:
    """A bandit log with predictions of the reward, users, and the logged action."""
    world = random_world(20, 6, 1)
    log = bandit_log(world, random_policy(world, 1, 0.1), random_policy(world, 2, 0.6), rounds, 3)
    pq.write_table(log.append_column("user_id", pa.array(np.arange(rounds) // 4)), name)


def partitioned() -> None:
    """``data``: a bandit log in folders by day and country."""
    bandit("all.parquet")
    log = pq.read_table("all.parquet")
    for number, (day, country) in enumerate((d, c) for d in ("30", "31") for c in ("de", "fr")):
        folder = Path(f"data/dt=2024-01-{day}/country={country}")
        folder.mkdir(parents=True)
        pq.write_table(log.slice(number * 2000, 2000), folder / "part-0.parquet")


def broken_log(rounds: int = 30_000) -> None:
    """``log.parquet``: a bandit log that lacks half of the rows of action 3, two rewards and one id."""
    rng = np.random.default_rng(5)
    world = random_world(20, 8, 5)
    log = bandit_log(
        world, random_policy(world, 1, 0.2), random_policy(world, 2, 0.6), rounds, 5, layout="candidates"
    )
    start = np.datetime64("2024-05-01T00:00:00", "ms")
    times = start + np.sort(rng.integers(0, 7 * 86_400_000, rounds)).astype("timedelta64[ms]")
    log = log.append_column("timestamp", pa.array(times))
    log = log.append_column("device", pa.array(rng.choice(["phone", "desk", "tablet"], rounds)))
    kept = (np.asarray(log["action"]) != 3) | (rng.random(rounds) < 0.5)
    log = log.filter(pa.array(kept))
    reward, ids = (np.asarray(log[name]).copy() for name in ("reward", "round_id"))
    reward[[40, 41]], ids[1000] = np.nan, ids[999]
    for name, values in (("reward", pa.array(reward, from_pandas=True)), ("round_id", pa.array(ids))):
        log = log.set_column(log.column_names.index(name), name, values)
    pq.write_table(log, "log.parquet")


def ab_test(users: int = 12_000, sessions: int = 40_000) -> None:
    """``test.parquet``: arms by user; ``new`` has 6 % more clicks, ``bold`` 2 % more, and is 8 % slower."""
    rng = np.random.default_rng(7)
    arm = rng.integers(0, 3, users)
    taste = rng.gamma(4.0, 0.3, users)
    user = rng.integers(0, users, sessions)
    lift, slow = np.array([1.0, 1.02, 1.06]), np.array([1.0, 1.08, 1.0])
    clicks = rng.poisson(taste[user] * lift[arm[user]])
    names = np.array(["control", "bold", "new"])
    log = pa.table(
        {
            "session_id": np.arange(sessions),
            "user_id": user,
            "arm": names[arm[user]],
            "clicks": clicks,
            "click": np.minimum(clicks, 1),
            "bought": (rng.random(sessions) < 0.03).astype(int),
            "before": rng.poisson(5.0 * taste)[user] / 5.0,
            "ms": np.round(rng.gamma(4.0, 50.0, sessions) * slow[arm[user]], 1),
        }
    )
    pq.write_table(log, "test.parquet")


def past_experiments(count: int = 24) -> None:
    """``past.csv``: gains of two offline metrics and the online gain of 24 experiments, with errors."""
    rng = np.random.default_rng(9)
    gain = rng.normal(0.005, 0.03, count)
    online = gain + rng.normal(0.0, 0.012, count)
    parts = {"click_ips": (gain + rng.normal(0.0, 0.012, count), 0.012)}
    parts["ndcg@10"] = (0.4 * gain + rng.normal(0.0, 0.01, count), 0.01)
    names = ("name", "metric", "offline", "online", "offline_error", "online_error")
    rows: dict[str, list[Any]] = {name: [] for name in names}
    for metric, (offline, error) in parts.items():
        rows["name"] += [f"test {number}" for number in range(count)]
        rows["metric"] += [metric] * count
        rows["offline"] += np.round(offline, 6).tolist()
        rows["online"] += np.round(online, 6).tolist()
        rows["offline_error"] += [error] * count
        rows["online_error"] += [0.012] * count
    pyarrow.csv.write_csv(pa.table(rows), "past.csv")


def pair() -> None:
    """``pair.json``: one query of four items; B has the first item of A at its end."""
    query = {"query_id": "q", "items": ["a", "b", "c", "d"], "attractiveness": [0.9, 0.5, 0.2, 0.1]}
    policies = {
        "logging": {"policy": "fixed", "scores": {"q": [4.0, 3.0, 2.0, 1.0]}},
        "candidates": {"new": {"policy": "fixed", "scores": {"q": [1.0, 4.0, 3.0, 2.0]}}},
    }
    world = {"click_model": {"name": "pbm", "eta": 1.0}, "positions": 4, "queries": [query], **policies}
    Path("pair.json").write_text(json.dumps(world))


INPUTS: dict[str, tuple[Callable[[], None], ...]] = {
    "README": (model, click_log, runs, bandit, pair, ab_test, past_experiments),
    "ab-tests": (ab_test, past_experiments),
    "calibration": (judgements, runs, click_log),
    "inspect": (broken_log,),
    "interleaving": (pair,),
    "off-policy": (click_log, doses),
    "position-bias": (click_log,),
    "rankers": (model, runs),
    "report": (lambda: bandit("log.parquet"),),
    "tables-and-lakes": (partitioned,),
    "uplift": (model, click_log),
}
