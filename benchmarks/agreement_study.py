"""Whether gains before a test agree with tests: ``python -m benchmarks.agreement_study [--worlds N]``.

Each world has 200 queries of eight items, users who look at position k with probability 1 / k (or of ``dbn``,
who read down until they are satisfied or tired), a production ranker and a new one, each with a skill of its
own. Production writes a log of 60,000 sessions, 3 % of them in random order. ``uplift`` learns the curve from
these and estimates the relative gain of the new ranker; ``ab`` finds it in a test of 40,000 other sessions.
The truth is exact. Worlds that are done stand in the file, so that a run goes on where an earlier one ended.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval import ab, agreement, uplift

Floats = NDArray[np.float64]
QUERIES, POSITIONS = 200, 8
SESSIONS, SHUFFLED, TESTED = 60_000, 0.03, 40_000
THETA = 1.0 / np.arange(1.0, POSITIONS + 1.0)
GAMMA, SATISFIED = 0.9, 0.5
USERS = ("position_based", "dbn")
#: Name of an offline metric -> estimator.
METRICS = {
    "click_ips": "click_ips",
    "clipped": "click_cips:max_weight=4",
    "naive": "click_cips:max_weight=1",
}


def chances(shown: Floats, users: str) -> Floats:
    """(n, K) the probability of a click at each position on lists with these attractivenesses."""
    if users == "dbn":
        stays = GAMMA * (1.0 - SATISFIED * shown)
        return shown * np.cumprod(np.column_stack([np.ones(len(shown)), stays[:, :-1]]), axis=1)
    return shown * THETA


def clicks(rng: np.random.Generator, shown: Floats, users: str) -> Floats:
    """(n, K) clicks on lists with these attractivenesses."""
    liked = rng.random(shown.shape) < shown
    if users == "dbn":
        stays = (rng.random(shown.shape) < GAMMA) & ~(liked & (rng.random(shown.shape) < SATISFIED))
        looks = np.cumprod(np.column_stack([np.ones(len(shown)), stays[:, :-1]]), axis=1)
    else:
        looks = (rng.random(shown.shape) < THETA).astype(np.float64)
    return looks * liked


def studied(seed: int, users: str) -> dict[str, Any]:
    """One world: the exact gain, that of the test, and those of the offline metrics, with their errors."""
    rng = np.random.default_rng([29, seed])
    attractive = rng.beta(0.6, 1.4, (QUERIES, POSITIONS)) * 0.98 + 0.01
    noise = rng.uniform(0.1, 0.8, 2)
    scores = [attractive + width * rng.normal(size=attractive.shape) for width in noise]
    orders = [np.argsort(-of, axis=1) for of in scores]
    share = np.arange(1.0, QUERIES + 1.0) ** -0.7
    share /= share.sum()
    ranked = [np.take_along_axis(attractive, order, axis=1) for order in orders]
    old, new = (float(share @ chances(of, users).sum(axis=1)) for of in ranked)
    query = rng.choice(QUERIES, SESSIONS, p=share)
    shuffled = rng.random(SESSIONS) < SHUFFLED
    order = np.where(shuffled[:, np.newaxis], rng.permuted(orders[0][query], axis=1), orders[0][query])
    clicked = clicks(rng, np.take_along_axis(attractive[query], order, axis=1), users)
    log = {
        "session_id": np.repeat(np.arange(SESSIONS), POSITIONS),
        "item_id": (query[:, np.newaxis] * POSITIONS + order).ravel(),
        "position": np.tile(np.arange(1, POSITIONS + 1), SESSIONS),
        "click": clicked.ravel(),
        "shuffled": np.repeat(shuffled, POSITIONS),
        "new": np.take_along_axis(scores[1][query], order, axis=1).ravel(),
    }
    offline = uplift(log, {"new": "column:new"}, estimators=list(METRICS.values()), threads=1).to_dict()
    found = {"seed": seed, "truth": new / old - 1.0, **_test(rng, ranked, share, users)}
    for name, row in zip(METRICS, offline["results"], strict=True):
        interval = row["gain"]["relative_ci"]
        found[name] = row["gain"]["relative"]
        found[f"{name}_error"] = (interval["high"] - interval["low"]) / (2.0 * 1.959964)
        found[f"{name}_verdict"] = row["verdict"]["level"]
    return found


def _test(rng: np.random.Generator, ranked: list[Floats], share: Floats, users: str) -> dict[str, float]:
    """The relative gain that an A/B test finds, with its error."""
    query, arm = rng.choice(QUERIES, TESTED, p=share), rng.integers(0, 2, TESTED)
    shown = np.where((arm == 1)[:, np.newaxis], ranked[1][query], ranked[0][query])
    table = {"arm": np.array(["control", "new"])[arm], "clicks": clicks(rng, shown, users).sum(axis=1)}
    row = ab(table, "arm", metric="clicks", threads=1).results[0]
    interval = row.relative.intervals[0]
    assert row.relative.value is not None
    assert interval.low is not None
    assert interval.high is not None
    return {"test": row.relative.value, "test_error": (interval.high - interval.low) / (2.0 * 1.959964)}


def all_studied(path: Path, worlds: int, users: str, workers: int) -> list[dict[str, Any]]:
    """The worlds in the file, after those that lack were studied and written there."""
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    lacking = sorted(set(range(worlds)) - {one["seed"] for one in done})
    with ProcessPoolExecutor(workers) as pool, path.open("a") as file:
        for one in pool.map(partial(studied, users=users), lacking):
            done.append(one)
            file.write(json.dumps(one) + "\n")
            file.flush()
    return sorted((one for one in done if one["seed"] < worlds), key=lambda one: one["seed"])


def agreed(done: list[dict[str, Any]]) -> str:
    """What ``agreement`` says of these worlds."""
    lines = ["name,metric,offline,online,offline_error,online_error"]
    for name in METRICS:
        lines += [
            f"w{one['seed']},{name},{one[name]},{one['test']},{one[f'{name}_error']},{one['test_error']}"
            for one in done
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "past.csv"
        path.write_text("\n".join(lines) + "\n")
        return str(agreement(path))


def calibration(done: list[dict[str, Any]], metric: str, groups: int = 5) -> Iterator[str]:
    """Rows of a Markdown table: worlds in groups of rising offline gain, and what the tests found there."""
    ordered = sorted(done, key=lambda one: one[metric])
    for group in np.array_split(np.arange(len(ordered)), groups):
        part = [ordered[i] for i in group]
        mean = {name: 100 * float(np.mean([one[name] for one in part])) for name in (metric, "test", "truth")}
        error = 100 * float(np.std([one["test"] - one[metric] for one in part], ddof=1)) / len(part) ** 0.5
        lies = [abs(one[metric] - one["truth"]) <= 1.959964 * one[f"{metric}_error"] for one in part]
        cells = [str(len(part)), *(f"{value:+.2f} %" for value in mean.values()), f"{error:.2f} %"]
        yield f"| {' | '.join([*cells, f'{100 * float(np.mean(lies)):.1f} %'])} |"


def main() -> None:
    """Study the worlds, and print the agreement and a table for each metric."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--users", choices=USERS, default=USERS[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--file", type=Path, help="default: .bench/agreement-USERS.jsonl")
    arguments = parser.parse_args()
    path = arguments.file or Path(".bench") / f"agreement-{arguments.users}.jsonl"
    path.parent.mkdir(exist_ok=True)
    done = all_studied(path, arguments.worlds, arguments.users, arguments.workers)
    print(agreed(done), end="\n\n")
    for metric in METRICS:
        print(f"| worlds | {metric} | A/B test | truth | error of the difference | interval holds |")
        print("|---:|---:|---:|---:|---:|---:|")
        print("\n".join(calibration(done, metric)), end="\n\n")
        levels = [one[f"{metric}_verdict"] for one in done]
        print({level: levels.count(level) for level in sorted(set(levels))}, end="\n\n")


if __name__ == "__main__":
    main()
