"""What each way to learn from clicks is worth: ``python -m benchmarks.click_training MQ2008 [--sessions N]``.

MQ2008 is a file of judgements with the columns split (S1 to S5), query_id, item_id, relevance and features.
For seed i, a linear production ranker learns from the judgements of part S(i + 3): of 5 queries (weak) or of
all (strong). It ranks the queries of the next three parts with at least 10 items; a tenth of the sessions
shows its list shuffled. Users examine position k with probability k^-eta, and click an item that they examine
with probability 0.05, 0.5 or 0.95 for the grades 0, 1 and 2. The estimated curve is the power law of the
shuffled sessions, the wrong one is twice as steep as the true one. Every way learns from the same clicks, at
rate 0.1 and with the number of trees from five folds. It is judged by NDCG@10 on the grades of S(i + 4).
Intervals are normal, over the queries of all seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

import rankeval

Floats = NDArray[np.float64]

PARTS = ("S1", "S2", "S3", "S4", "S5")
ETAS = (0.5, 1.0, 2.0)
PRODUCTION = {"weak": 5, "strong": None}
POSITIONS, SHUFFLED = 10, 0.1
PARAMETERS = {"learning_rate": 0.1, "early_stopping_round": 30}
ATTRACTIVENESS = np.array([0.05, 0.5, 0.95])


@dataclass(frozen=True)
class Way:
    """A way to learn: options of ``train``, and the exponent of the curve relative to the true one."""

    clicks: str | None
    curve: str | None = None

    @property
    def label(self) -> str:
        if self.clicks is None:
            return "grades, not clicks"
        return self.clicks + (f", {self.curve} curve" if self.curve else "")


WAYS = (
    Way("naive"),
    Way("position"),
    Way("pairs", "true"),
    Way("pairs", "estimated"),
    Way("pairs", "wrong"),
    Way("rows", "true"),
    Way(None),
)


@dataclass(frozen=True)
class Case:
    """One simulated log: seed, steepness of the examination, production ranker."""

    seed: int
    eta: float
    production: str


def features(table: pa.Table) -> list[str]:
    return [name for name in table.schema.names if name.startswith("f")]


def matrix(table: pa.Table) -> Floats:
    return np.column_stack([table.column(name).to_numpy() for name in features(table)])


def of_parts(table: pa.Table, *places: int) -> pa.Table:
    names = [PARTS[place % len(PARTS)] for place in places]
    return table.filter(pc.is_in(table.column("split"), pa.array(names)))


def long_enough(table: pa.Table) -> pa.Table:
    """The queries with an item for every position."""
    sizes = table.group_by("query_id").aggregate([("item_id", "count")])
    kept = sizes.filter(pc.greater_equal(sizes.column("item_id_count"), POSITIONS)).column("query_id")
    return table.filter(pc.is_in(table.column("query_id"), kept))


def production_scores(learned: pa.Table, shown: pa.Table, queries: int | None, seed: int) -> Floats:
    """Scores of a ridge regression of grades on features, from some judged queries."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if queries is not None:
        ids = np.unique(learned.column("query_id").to_numpy(zero_copy_only=False))
        chosen = np.random.default_rng(seed).choice(ids, queries, replace=False)
        learned = learned.filter(pc.is_in(learned.column("query_id"), pa.array(chosen)))
    model = make_pipeline(StandardScaler(), Ridge(alpha=10.0))
    model.fit(matrix(learned), learned.column("relevance").to_numpy())
    return np.asarray(model.predict(matrix(shown)))


def world(shown: pa.Table, scores: Floats, eta: float) -> dict[str, Any]:
    """The world file: the candidates of a query are all its judged items."""
    ids = shown.column("query_id").to_numpy(zero_copy_only=False)
    items = shown.column("item_id").to_numpy(zero_copy_only=False)
    chance = ATTRACTIVENESS[shown.column("relevance").to_numpy().astype(int)]
    rows = {query: np.flatnonzero(ids == query) for query in np.unique(ids)}
    return {
        "click_model": {"name": "pbm", "eta": eta},
        "positions": POSITIONS,
        "queries": [
            {"query_id": query, "items": items[at].tolist(), "attractiveness": chance[at].tolist()}
            for query, at in rows.items()
        ],
        "logging": {"policy": "fixed", "scores": {query: scores[at].tolist() for query, at in rows.items()}},
        "shuffle": {"design": "full", "share": SHUFFLED},
    }


def click_log(shown: pa.Table, case: Case, scores: Floats, sessions: int) -> pa.Table:
    """The simulated sessions with the features of the items."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "log"
        rankeval.simulate(out, sessions, case.seed, world=world(shown, scores, case.eta))
        log = pq.read_table(out / "log.parquet")
    log = log.select(["session_id", "query_id", "item_id", "position", "click", "shuffled"])
    log = log.join(shown.drop(["split", "relevance"]), ["query_id", "item_id"])
    return log.sort_by([("session_id", "ascending"), ("position", "ascending")])


def curve(kind: str, log: pa.Table, eta: float) -> Any:
    """The curve that a way is given."""
    positions = np.arange(1.0, POSITIONS + 1.0)
    if kind == "estimated":
        return rankeval.propensity(log, "shuffle", smooth="power").to_dict()["smoothing"]
    return {"examination": (positions ** -(eta if kind == "true" else 2.0 * eta)).tolist()}


def ndcg(model: Path, test: pa.Table) -> Floats:
    """NDCG@10 of each test query."""
    import lightgbm

    booster = lightgbm.Booster(model_file=str(model))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "values.parquet"
        run = test.select(["query_id", "item_id", "relevance"])
        run = run.append_column("score", pa.array(booster.predict(matrix(test))))
        rankeval.evaluate(run, per_query=out)
        return np.asarray(pq.read_table(out).sort_by("query_id").column("value").to_numpy())


def learned(case: Case, table: pa.Table, sessions: int, folder: Path) -> Iterator[tuple[str, Floats, Any]]:
    """For each way: its label, NDCG@10 of the test queries, and the factors that LightGBM learned."""
    test = of_parts(table, case.seed + 4)
    shown = long_enough(of_parts(table, *(case.seed + step for step in range(3))))
    judged = of_parts(table, case.seed + 3)
    scores = production_scores(judged, shown, PRODUCTION[case.production], case.seed)
    log = click_log(shown, case, scores, sessions)
    names = features(table)
    model = folder / "model.txt"
    for way in WAYS:
        if way.clicks is None:
            data, given = shown, dict[str, Any]()
        else:
            data, given = log, {"clicks": way.clicks}
        if way.curve is not None:
            given["position_bias"] = curve(way.curve, log, case.eta)
        result = rankeval.train(data, model, features=names, param=PARAMETERS, threads=1, **given)
        yield way.label, ndcg(model, test), result.fitted.model.factors
    yield "production ranker", judged_order(judged, test, case, folder), {}


def judged_order(judged: pa.Table, test: pa.Table, case: Case, folder: Path) -> Floats:
    """NDCG@10 of each test query under the production ranker."""
    test_scores = production_scores(judged, test, PRODUCTION[case.production], case.seed)
    run = test.select(["query_id", "item_id", "relevance"]).append_column("score", pa.array(test_scores))
    out = folder / "values.parquet"
    rankeval.evaluate(run, per_query=out)
    return np.asarray(pq.read_table(out).sort_by("query_id").column("value").to_numpy())


@cache
def judgements(path: str) -> pa.Table:
    return pq.read_table(path)


def interval(values: Floats) -> str:
    error = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.4f} +- {error:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("judgements")
    parser.add_argument("--sessions", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    table = judgements(arguments.judgements)
    print("| production | eta | way | NDCG@10 | gain over naive |\n|---|---|---|---|---|", flush=True)
    factors: dict[float, list[Mapping[int, float]]] = {}
    for production in PRODUCTION:
        for eta in ETAS:
            found: dict[str, list[Floats]] = {}
            for seed in range(arguments.seeds):
                with tempfile.TemporaryDirectory() as folder:
                    case = Case(seed, eta, production)
                    for label, values, by_position in learned(case, table, arguments.sessions, Path(folder)):
                        found.setdefault(label, []).append(values)
                        if by_position:
                            factors.setdefault(eta, []).append(by_position)
            naive = np.concatenate(found["naive"])
            for label, values in found.items():
                every = np.concatenate(values)
                gain = "" if label == "naive" else interval(every - naive)
                print(f"| {production} | {eta:g} | {label} | {interval(every)} | {gain} |", flush=True)
    print("\n| eta | position | true examination | factors learned by `position` |\n|---|---|---|---|")
    for eta, learnt in factors.items():
        for position in range(1, POSITIONS + 1):
            each = [table[position] for table in learnt]
            print(f"| {eta:g} | {position} | {position**-eta:.3f} | {min(each):.3f} .. {max(each):.3f} |")


if __name__ == "__main__":
    main()
