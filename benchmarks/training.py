"""Rankers side by side on held-out queries: ``python -m benchmarks.training JUDGEMENTS [--folds COLUMN]``.

JUDGEMENTS is a file with the columns query_id, item_id, relevance, features, and a column of parts (split).
With the five parts S1 to S5, fold i trains on three parts, stops on the fourth, and tests on the fifth, as
LETOR does. With other parts, train trains and all but valid test. Other libraries train with their own
defaults on the parts that train. All are judged on the same test queries; differences are paired, with 95 %
intervals.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

import rankeval
from rankeval.rankers import feature_columns

Floats = NDArray[np.float64]
LETOR = ("S1", "S2", "S3", "S4", "S5")
OURS = {
    "lambdarank": {"objective": "lambdarank"},
    "rank_xendcg": {"objective": "rank_xendcg"},
    "regression": {"objective": "regression"},
}
#: Trains on a table and gives scores of another.
Trainer = Callable[[pa.Table, pa.Table, list[str]], Floats]


def matrix(table: pa.Table, names: list[str]) -> Floats:
    return np.column_stack([table.column(name).to_numpy().astype(np.float64) for name in names])


def sizes(table: pa.Table) -> Any:
    """Number of items of each query; equal ids are neighbours."""
    ids = table.column("query_id").to_numpy(zero_copy_only=False)
    return np.diff(np.flatnonzero(np.append(np.append(True, ids[1:] != ids[:-1]), True)))


def grades(table: pa.Table) -> Any:
    return table.column("relevance").to_numpy()


def lightgbm_by_hand(train: pa.Table, test: pa.Table, names: list[str]) -> Floats:
    import lightgbm

    ranker = lightgbm.LGBMRanker(verbosity=-1, n_jobs=2)
    ranker.fit(matrix(train, names), grades(train), group=sizes(train))
    return np.asarray(ranker.predict(matrix(test, names)))


def xgboost_ndcg(train: pa.Table, test: pa.Table, names: list[str]) -> Floats:
    import xgboost

    ranker = xgboost.XGBRanker(objective="rank:ndcg", n_jobs=2)
    ranker.fit(matrix(train, names), grades(train), group=sizes(train))
    return np.asarray(ranker.predict(matrix(test, names)), np.float64)


def catboost_yetirank(train: pa.Table, test: pa.Table, names: list[str]) -> Floats:
    import catboost

    groups = np.repeat(np.arange(len(sizes(train))), sizes(train))
    ranker = catboost.CatBoostRanker(
        loss_function="YetiRank", verbose=False, allow_writing_files=False, thread_count=2
    )
    ranker.fit(matrix(train, names), grades(train), group_id=groups)
    return np.asarray(ranker.predict(matrix(test, names)))


THEIRS: dict[str, Trainer] = {
    "LightGBM by hand": lightgbm_by_hand,
    "XGBoost rank:ndcg": xgboost_ndcg,
    "CatBoost YetiRank": catboost_yetirank,
}


def of_parts(table: pa.Table, column: str, parts: list[str]) -> pa.Table:
    return table.filter(pc.is_in(table.column(column).cast(pa.string()), pa.array(parts)))


def folds(table: pa.Table, column: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """For each fold the values of the parts that train, stop the training, and test."""
    found = sorted(map(str, pc.unique(table.column(column)).to_pylist()))
    if found == list(LETOR):
        for i in range(len(LETOR)):
            turned = [LETOR[(i + step) % len(LETOR)] for step in range(len(LETOR))]
            yield turned[:3], turned[3:4], turned[4:]
        return
    yield (
        ["train"],
        ["valid"] if "valid" in found else [],
        [name for name in found if name not in ("train", "valid")],
    )


def ours(table: pa.Table, column: str, fold: Any, test: pa.Table, names: list[str], options: Any) -> Floats:
    """Scores of the model that ``train`` makes with its defaults."""
    import lightgbm

    train, valid, _ = fold
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.txt"
        if valid:
            rankeval.train(table, model, split=column, train=train, valid=valid, features=names, **options)
        else:
            rankeval.train(of_parts(table, column, train), model, features=names, **options)
        return np.asarray(lightgbm.Booster(model_file=str(model)).predict(matrix(test, names)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("judgements")
    parser.add_argument("--folds", default="split", help="column of the parts")
    arguments = parser.parse_args()
    column = arguments.folds
    table = pq.read_table(arguments.judgements).sort_by([("query_id", "ascending"), ("item_id", "ascending")])
    names = [name for name in feature_columns(rankeval.Log(table, "judgements"), []) if name != column]
    scores: dict[str, list[Floats]] = {}
    tests = []
    for fold in folds(table, column):
        test, train = of_parts(table, column, fold[2]), of_parts(table, column, fold[0])
        tests.append(test.select(["query_id", "item_id", "relevance"]))
        for name, options in OURS.items():
            scores.setdefault(f"rankeval {name}", []).append(ours(table, column, fold, test, names, options))
        for name, trainer in THEIRS.items():
            scores.setdefault(name, []).append(trainer(train, test, names))
    judged = pa.concat_tables(tests)
    runs = {
        name: judged.append_column("score", pa.array(np.concatenate(parts))) for name, parts in scores.items()
    }
    print(rankeval.evaluate(runs, judged, ["ndcg@10", "map"]).render("markdown"))


if __name__ == "__main__":
    main()
