"""A small result of every command that concludes something, and forms of documents to change."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

import rankeval
from rankeval.results import Result
from rankeval.simulators.bandits import bandit_log, random_policy, random_world
from tests.evaluation.test_inference import JUDGEMENTS, TABLES
from tests.naive_evaluation import judgements_table

#: Names that no page may read as anything but text: markup, quotes, entities, length, other directions.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "&amp;&lt;{{ 7 * 7 }}{% raw %}",
    "x" * 300,
    "\u202eevil\u2066 שלום مرحبا",
    "]]></style></script><!--\x00\x1b[31m\ufffe",
)


def sessions(n: int = 400, length: int = 4, seed: int = 3) -> dict[str, Any]:
    """A ranking log of position-based clicks; every other session is shuffled."""
    rng = np.random.default_rng(seed)
    items = np.concatenate([rng.permutation(length) for _ in range(n)])
    position = np.tile(np.arange(1, length + 1), n)
    chance = (0.3 + 0.15 * items) / position
    return {
        "session_id": np.repeat(np.arange(n), length),
        "query_id": np.zeros(n * length, dtype=int),
        "item_id": items,
        "position": position,
        "click": (rng.random(n * length) < chance).astype(int),
        "shuffled": np.repeat(np.arange(n) % 2 == 0, length),
        "team": np.where(rng.random(n * length) < 0.5, "A", "B"),
        "day": np.repeat(np.where(np.arange(n) % 2, "2026-01-01", "2026-01-02"), length),
    }


def arms(n: int = 2000, names: tuple[str, str] = ("a", "b"), seed: int = 0) -> dict[str, Any]:
    """An A/B test in which the second arm has more clicks."""
    rng = np.random.default_rng(seed)
    second = np.arange(n) % 2 == 1
    return {
        "arm": np.where(second, names[1], names[0]),
        "click": (rng.random(n) < np.where(second, 0.3, 0.2)).astype(int),
        "ms": rng.gamma(5.0, 20.0, n),
    }


def experiments(n: int = 20, seed: int = 0) -> dict[str, Any]:
    """Past experiments whose online gains follow the offline ones."""
    rng = np.random.default_rng(seed)
    offline = rng.normal(0.0, 1.0, n)
    return {"offline": offline, "online": 0.8 * offline + rng.normal(0.0, 0.2, n)}


def bandit(rounds: int = 3000) -> pa.Table:
    """A bandit log with a column of days."""
    world = random_world(10, 5, 1)
    log = bandit_log(world, random_policy(world, 2), random_policy(world, 3), rounds, 4)
    return log.append_column("day", pa.array([f"2026-01-0{1 + i % 3}" for i in range(rounds)]))


@cache
def results() -> dict[str, Result]:
    """Command -> its result."""
    runs = {name: TABLES[name] for name in ("good", "fair")}
    world = {"queries": 5, "items": 4, "positions": 4, "logging": "plackett_luce"}
    log, test = sessions(), arms()
    return {
        "ab": rankeval.ab(test, "arm", control="a", metric="clicks=click", guardrail=["speed=ms:+5%"]),
        "agreement": rankeval.agreement(experiments()),
        "evaluate": rankeval.evaluate(runs, judgements_table(JUDGEMENTS), ["map", "ndcg@5"], permutations=50),
        "fit": rankeval.fit(log, ["pbm", "cascade"], test=0.3),
        "inspect": rankeval.inspect(log),
        "interleave analyse": rankeval.interleave_analyse(log),
        "ope": rankeval.ope(bandit(), ["snips", "cips:max_weight=auto"], by="day"),
        "plan ab": rankeval.plan_ab(test, metric="clicks=click", effect=[0.02, 0.1]),
        "plan shuffle": rankeval.plan_shuffle(_world(world)),
        "propensity": rankeval.propensity(log, method="shuffle", smooth="power"),
        "uplift": uplift(),
    }


def uplift(names: tuple[str, str] = ("new", "old"), by: str | None = "day") -> Result:
    """Two candidates that rank the same items, the one as they are liked and the other at random."""
    log = sessions(4000)
    mixed = (log["item_id"] * 7919 + log["session_id"]) % 4
    day = np.where(log["session_id"] % 4 < 2, "2026-01-01", "2026-01-02")
    scored = {**log, "day": day, "liked": log["item_id"].astype(float), "mixed": mixed.astype(float)}
    candidates = {names[0]: "column:liked", names[1]: "column:mixed"}
    return rankeval.uplift(scored, candidates, by=by, user_models=["dbn"])


def _world(options: dict[str, Any]) -> str:
    """The file of a small world."""
    import tempfile

    folder = tempfile.mkdtemp(prefix="rankeval-reports-")
    rankeval.simulate(folder, 50, seed=1, overwrite=True, **options)
    return f"{folder}/world.json"


def interval(low: float | None, high: float | None, level: float = 0.95, side: str = "two") -> dict[str, Any]:
    """An interval in its JSON form."""
    return {"method": "normal", "level": level, "low": low, "high": high, "reason": None, "side": side}


def verdict(level: str, *codes: str) -> dict[str, Any]:
    """A verdict in its JSON form, with reasons of these codes."""
    reasons = [{"code": code, "level": level, "text": code, "advice": "Wait."} for code in codes]
    return {"level": level, "reasons": reasons}
