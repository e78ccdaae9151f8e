"""Whether gains of ``uplift`` hold: ``python -m benchmarks.uplift_coverage FILE [--repeats N] [--jobs J]``.

The queries, items and grades are those of MQ2008. A production ranker that learned from 1 % of the queries
shows its top ten. Users of several kinds click; some sessions are shuffled, and give the curve. Five
candidates order the shown items anew. The exact gain of each follows from the click model. FILE holds a line
of JSON for each repeat, and a run that was ended goes on where it stopped. ``--show`` prints the table of a
FILE.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval import uplift
from rankeval.simulators.click_models import (
    Cascade,
    ClickModel,
    DynamicBayesian,
    PositionBased,
    SimplifiedDynamicBayesian,
    TrustBias,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "mq2008.parquet"
POSITIONS, MAX_GRADE, LEAST = 10, 2, 0.1
ESTIMATORS = ("click_ips", "click_cips", "click_dr")
#: Share of the queries from which each ranker learned; the last ones are no models.
SHARES = {"tenth": 0.1, "half": 0.5}
_PLACES = np.arange(1.0, POSITIONS + 1.0)
_TRUST = 1.0 - 0.02 * (_PLACES - 1.0), 0.65 / _PLACES


@dataclass(frozen=True)
class Cell:
    """Users and a size.

    Attributes:
        users: how users click.
        shuffled: share of the sessions in random order.
        repeats: number of logs, unless the call says another.
        sessions: of a log.
    """

    users: ClickModel
    shuffled: float
    repeats: int
    sessions: int = 20_000


CELLS = {
    "pbm": Cell(PositionBased(1.0 / _PLACES), 0.1, 2000),
    "pbm, 3 % shuffled": Cell(PositionBased(1.0 / _PLACES), 0.03, 500),
    "cascade": Cell(Cascade(), 0.1, 300),
    "dbn": Cell(DynamicBayesian(0.8), 0.1, 300),
    "sdbn": Cell(SimplifiedDynamicBayesian(), 0.1, 300),
    "trust": Cell(TrustBias(1.0 / _PLACES, *_TRUST), 0.1, 300),
    "pbm, 30 % shuffled": Cell(PositionBased(1.0 / _PLACES), 0.3, 2000),
}


@dataclass(frozen=True)
class Lists:
    """The top ten of the production ranker for each query, in its order.

    Attributes:
        attractiveness: (Q, K) chance of a click on an examined item.
        scores: name of a candidate -> (Q, K) its scores.
        predicted: (Q, K) the relevance that an older model predicts.
    """

    attractiveness: Floats
    scores: dict[str, Floats]
    predicted: Floats


@cache
def lists() -> Lists:
    """The lists, with all rankers trained on the way."""
    import lightgbm
    import pyarrow.parquet as pq

    table = pq.read_table(DATA).to_pandas().sort_values("query_id", kind="stable")
    features = [name for name in table.columns if name.startswith("f")]
    x, grade = table[features].to_numpy(float), table["relevance"].to_numpy(int)
    starts = np.flatnonzero(np.r_[True, np.diff(table["query_id"].astype("category").cat.codes) != 0])
    bounds = np.r_[starts, len(table)]
    rng = np.random.default_rng(2008)
    order = rng.permutation(len(starts))

    def trained(share: float) -> Floats:
        chosen = np.sort(order[: max(round(share * len(starts)), 2)])
        rows = np.concatenate([np.arange(bounds[q], bounds[q + 1]) for q in chosen])
        sizes = [bounds[q + 1] - bounds[q] for q in chosen]
        options = {
            "objective": "lambdarank",
            "num_leaves": 7,
            "min_data_in_leaf": 5,
            "verbose": -1,
            "seed": 1,
        }
        options |= {"num_threads": 1, "deterministic": True}
        data = lightgbm.Dataset(x[rows], grade[rows], group=sizes)
        return np.asarray(lightgbm.train(options, data, 50).predict(x, num_threads=1))

    production = trained(0.01)
    best = features[int(np.argmax([_correlation(column, grade) for column in x.T]))]
    scores = {name: trained(share) for name, share in SHARES.items()}
    scores["feature"] = table[best].to_numpy(float)
    scores["near"] = production + 0.1 * production.std() * rng.normal(size=len(grade))
    scores["random"] = rng.random(len(grade))
    attractive = LEAST + (1.0 - LEAST) * (2.0**grade - 1.0) / (2.0**MAX_GRADE - 1.0)
    predicted = np.clip(attractive + rng.normal(0.0, 0.2, len(grade)), 0.0, 1.0)
    tops = [
        bounds[q] + np.argsort(-production[bounds[q] : bounds[q + 1]], kind="stable")[:POSITIONS]
        for q in range(len(starts))
        if bounds[q + 1] - bounds[q] >= POSITIONS
    ]
    rows = np.array(tops)
    return Lists(attractive[rows], {name: each[rows] for name, each in scores.items()}, predicted[rows])


def _correlation(column: Floats, grade: Ints) -> float:
    return 0.0 if np.ptp(column) == 0.0 else abs(float(np.corrcoef(column, grade)[0, 1]))


def clicks_of(users: ClickModel, attractiveness: Floats) -> Floats:
    """(n, K) exact chances of clicks; a user is satisfied as likely as attracted."""
    return users.click_probabilities(attractiveness, attractiveness)


@cache
def truth(name: str) -> dict[str, float]:
    """The exact gain of each candidate, per session, over the production ranker; and ``logged``."""
    world, users = lists(), CELLS[name].users
    logged = clicks_of(users, world.attractiveness).sum(axis=1).mean()
    found = {"logged": float(logged)}
    for candidate, scores in world.scores.items():
        items = np.broadcast_to(np.arange(POSITIONS), scores.shape)
        order = np.lexsort((-items, -scores), axis=1)
        ranked = np.take_along_axis(world.attractiveness, order, axis=1)
        found[candidate] = float(clicks_of(users, ranked).sum(axis=1).mean() - logged)
    return found


def log_of(name: str, seed: int) -> dict[str, Any]:
    """The log of a seed, with a row an item."""
    world, cell = lists(), CELLS[name]
    rng = np.random.default_rng([1507, list(CELLS).index(name), seed])
    n = cell.sessions
    query = rng.integers(0, len(world.attractiveness), n)
    shuffled = rng.random(n) < cell.shuffled
    order = np.tile(np.arange(POSITIONS), (n, 1))
    order[shuffled] = rng.permuted(order[shuffled], axis=1)
    shown = np.take_along_axis(world.attractiveness[query], order, axis=1)
    clicks = cell.users.sample(rng, shown, shown)
    values = {candidate: scores[query] for candidate, scores in world.scores.items()}
    values["q_logged"] = world.predicted[query]
    return {
        "session_id": np.repeat(np.arange(n), POSITIONS),
        "query_id": np.repeat(query, POSITIONS),
        "item_id": order.ravel(),
        "position": np.tile(np.arange(1, POSITIONS + 1), n),
        "click": clicks.ravel().astype(np.int64),
        "shuffled": np.repeat(shuffled, POSITIONS),
        **{column: np.take_along_axis(each, order, axis=1).ravel() for column, each in values.items()},
    }


def repeat(name: str, seed: int) -> dict[str, Any]:
    """One log, and what ``uplift`` says of it."""
    candidates = {candidate: f"column:{candidate}" for candidate in lists().scores}
    found = uplift(log_of(name, seed), candidates, estimators=ESTIMATORS, user_models="none", threads=1)
    rows = [
        {
            "candidate": row.target,
            "estimator": row.estimator.name,
            "value": row.value.value,
            "value_ci": _ends(row.value),
            "gain": row.gain.value,
            "std_error": row.gain.std_error,
            "gain_ci": _ends(row.gain),
            "overlap": row.diagnostics["overlap"],
            "level": row.verdict.level,
            "reasons": sorted({reason.code for reason in row.verdict.reasons}),
        }
        for row in found.estimates
    ]
    return {"cell": name, "seed": seed, "level": found.verdict.level, "rows": rows}


def _ends(estimate: Any) -> list[float | None]:
    return [estimate.intervals[0].low, estimate.intervals[0].high]


def run(path: Path, chosen: list[str], repeats: int | None, jobs: int) -> None:
    """Do what FILE does not hold yet."""
    done = {(each["cell"], each["seed"]) for each in read(path)}
    work = [
        (name, seed)
        for name in chosen
        for seed in range(CELLS[name].repeats if repeats is None else repeats)
        if (name, seed) not in done
    ]
    work.sort(key=lambda each: each[1] / CELLS[each[0]].repeats)  # so that all cells grow alike
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool, path.open("a") as out:
        for future in as_completed([pool.submit(repeat, *each) for each in work]):
            out.write(json.dumps(future.result()) + "\n")
            out.flush()


def read(path: Path) -> list[dict[str, Any]]:
    """The repeats in a file; a last line that was cut is left out."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def table(found: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of Markdown: coverage, wrong signs and trust, by cell, candidate and estimator."""
    yield "| users | candidate | estimator | truth | mean | value held | gain held | n | trust | sign wrong |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for name in dict.fromkeys(each["cell"] for each in found):
        exact = truth(name)
        rows = [row for each in found if each["cell"] == name for row in each["rows"]]
        for key in dict.fromkeys((row["candidate"], row["estimator"]) for row in rows):
            yield _line(
                name, key, [row for row in rows if (row["candidate"], row["estimator"]) == key], exact
            )


def _line(name: str, key: tuple[str, str], rows: list[dict[str, Any]], exact: dict[str, float]) -> str:
    gain = exact[key[0]]
    value_held = _held([row["value_ci"] for row in rows], exact["logged"] + gain)
    gain_held = _held([row["gain_ci"] for row in rows], gain)
    trusted = [row for row in rows if row["level"] == "trust"]
    told = [row for row in trusted if _excludes_zero(row["gain_ci"])]
    wrong = sum(row["gain"] * gain < 0.0 for row in told)
    mean = np.mean([row["gain"] for row in rows])
    cells = (name, *key, f"{gain:+.4f}", f"{mean:+.4f}", value_held, gain_held, str(len(rows)))
    return "| " + " | ".join((*cells, str(len(trusted)), f"{wrong} of {len(told)}")) + " |"


def _held(intervals: list[list[float | None]], truth: float) -> str:
    known = [(low, high) for low, high in intervals if low is not None and high is not None]
    if not known:
        return "-"
    return f"{100.0 * np.mean([low <= truth <= high for low, high in known]):.1f} %"


def _excludes_zero(ci: list[float | None]) -> bool:
    low, high = ci
    return low is not None and high is not None and (low > 0.0 or high < 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--cells", default=";".join(CELLS))
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    if not given.show:
        chosen = [name for name in CELLS if name in given.cells.split(";")]
        run(given.file, chosen, given.repeats, given.jobs)
    print("\n".join(table(read(given.file))))


if __name__ == "__main__":
    main()
