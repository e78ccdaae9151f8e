"""What is above a limit is one line that names it. docs/promises.md lists all limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import rankeval
from rankeval import DataError, RankevalError, UsageError
from rankeval.rankers.lightgbm_text import parse_text_model
from tests.rankers.lightgbm_models import booster

EMPTY = "no-such-file.csv"
ROUNDS = {"reward": [0.0, 1.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
CANDIDATES = {
    **ROUNDS,
    "action": [0, 1],
    "candidate_propensities": [[0.5, 0.5]] * 2,
    "candidate_target_propensities": [[0.5, 0.5]] * 2,
    "x": [1, 2],
}

#: What is found -> the limit -> the call, all of which fail before anything is read.
CALLS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "cutoff of a metric": ("1000000000", lambda out: rankeval.evaluate(EMPTY, metrics=["ndcg@1000000001"])),
    "grades of err": ("from 1 to 1000", lambda out: rankeval.evaluate(EMPTY, metrics=["err:max_rel=1001"])),
    "bins": ("from 1 to 10000", lambda out: rankeval.evaluate(EMPTY, metrics=["ece:bins=10001"])),
    "permutations": ("10,000,000", lambda out: rankeval.evaluate(EMPTY, permutations=10_000_001)),
    "replicates": ("1,000,000", lambda out: rankeval.ope(ROUNDS, replicates=1_000_001)),
    "refits": ("100,000", lambda out: rankeval.ope(ROUNDS, refits=100_001)),
    "cutoff of an estimator": ("1000000000", lambda out: rankeval.ope(ROUNDS, ["click_dcg@1000000001"])),
    "folds of a calibration": ("2 to 100", lambda out: rankeval.calibrate(EMPTY, folds=101)),
    "folds of a reward model": (
        "2 to 100",
        lambda out: rankeval.ope(CANDIDATES, ["dr"], reward_model="ridge", features="x", folds=101),
    ),
    "trials": ("1 to 10,000", lambda out: rankeval.train(EMPTY, out / "model.txt", tune=10_001)),
    "looks": ("1 to 100", lambda out: rankeval.ab(ROUNDS, "reward", looks=101, look=1)),
    "arms": ("2 to 100", lambda out: rankeval.plan_ab(ROUNDS, metric="reward", effect=0.1, arms=101)),
    "lists": ("10,000,000", lambda out: rankeval.interleave(["a"], ["b"], lists=10_000_001)),
    "tau": ("[0, 20]", lambda out: rankeval.interleave_lists(["a"], ["b"], "probabilistic:tau=21")),
    "positions": ("at most 1000", lambda out: rankeval.simulate(out / "a", 10, positions=1001, items=2000)),
    "sessions": ("at most 10000000000", lambda out: rankeval.simulate(out / "a", 10**10 + 1)),
    "queries": ("at most 100000000", lambda out: rankeval.simulate(out / "a", 10, queries=10**8 + 1)),
    "rankers": ("at most 100", lambda out: rankeval.simulate(out / "a", 10, logging="mixture:rankers=101")),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_option_above_its_limit(name: str, tmp_path: Path) -> None:
    limit, made = CALLS[name]
    with pytest.raises(UsageError) as caught:
        made(tmp_path)
    message = str(caught.value)
    assert limit in message, message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def bandit(rows: int, **columns: Any) -> pa.Table:
    ones = {
        "reward": np.ones(rows),
        "propensity": np.full(rows, 0.5),
        "target_propensity": np.full(rows, 0.5),
    }
    return pa.table({**ones, **columns})


def ranking(positions: int, sessions: int = 1, **columns: Any) -> pa.Table:
    rows = positions * sessions
    return pa.table(
        {
            "session_id": np.repeat(np.arange(sessions), positions),
            "item_id": np.tile(np.arange(positions), sessions),
            "position": np.tile(np.arange(1, positions + 1), sessions),
            "click": np.tile(np.arange(positions) < 1, sessions),
            "propensity": np.full(rows, 0.5),
            "target_propensity": np.full(rows, 0.5),
            **columns,
        }
    )


DATA: dict[str, tuple[type[RankevalError], str, Callable[[], Any]]] = {
    "segments": (
        UsageError,
        "at most 10,000;",
        lambda: rankeval.ope(bandit(10_001, by=np.arange(10_001)), ["ips"], by="by"),
    ),
    "segments with a bootstrap": (
        UsageError,
        "at most 1,000 with a bootstrap or clusters",
        lambda: rankeval.ope(bandit(1_001, by=np.arange(1_001)), ["ips"], by="by", ci="bootstrap"),
    ),
    "segments of a curve": (
        UsageError,
        "more than 100 values",
        lambda: rankeval.propensity(
            ranking(2, 202, by=np.arange(404) // 4, query_id=np.zeros(404, int)), "allpairs", by="by"
        ),
    ),
    "logging policies": (
        DataError,
        "has 101 values, wanted at most 100",
        lambda: rankeval.ope(bandit(101, logger=np.arange(101)), ["ips:loggers=weighted"]),
    ),
    "positions of a curve": (
        DataError,
        "200",
        lambda: rankeval.propensity(ranking(201, shuffled=np.ones(201, bool)), "shuffle"),
    ),
    "positions with weights of their own": (
        DataError,
        "at most 1,000",
        lambda: rankeval.ope(ranking(1_001), ["sniips"]),
    ),
    "number of a position": (
        DataError,
        "wanted a whole number from 1 to 10000",
        lambda: rankeval.ope(ranking(2).set_column(2, "position", pa.array([1, 10_001])), ["iips"]),
    ),
    "weight of a row": (
        DataError,
        "at most 1e+100",
        lambda: rankeval.ope(bandit(2, weight=[1.0, 2e100]), ["ips"]),
    ),
    "label in training": (
        DataError,
        "at most 1e+15",
        lambda: rankeval.train(
            {
                "query_id": [1, 1, 2, 2, 3, 3],
                "item_id": [1, 2] * 3,
                "x": [1.0, 2.0] * 3,
                "relevance": [0, 2e15] * 3,
            },
            "model.txt",
            objective="regression",
            folds=3,
        ),
    ),
    "outcome of a reward model": (
        DataError,
        "at most 1e+100",
        lambda: rankeval.ope(
            {**CANDIDATES, "reward": [0.0, 2e100]}, ["dr"], reward_model="ridge", features="x", folds=2
        ),
    ),
    "bytes of an id": (
        DataError,
        "wanted at most 4,096",
        lambda: rankeval.evaluate(
            pa.table({"query_id": ["q" * 4097], "item_id": ["a"], "score": [1.0], "relevance": [1]})
        ),
    ),
}


@pytest.mark.parametrize("name", DATA)
def test_data_above_a_limit(name: str) -> None:
    kind, limit, made = DATA[name]
    with pytest.raises(kind) as caught:
        made()
    assert limit in str(caught.value), str(caught.value)


def test_features_of_a_lightgbm_model_above_the_limit() -> None:
    many = 2**20 + 1
    names = " ".join(f"f{number}" for number in range(many))
    text = re.sub("feature_names=.*", f"feature_names={names}", booster().model_to_string())
    with pytest.raises(DataError, match="names 1048577 features, wanted at most 1048576"):
        parse_text_model(text.encode(), "m")


def test_a_feature_of_letor_above_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "x.letor"
    path.write_text("1 qid:1 1:0.5 100001:2\n")
    with pytest.raises(DataError, match="found feature id 100001, wanted at most 100000"):
        rankeval.rank("column:f1", path)


def test_a_line_above_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "x.letor"
    path.write_bytes(b"1 qid:1 1:0.5 # " + b"a" * 2**26)
    with pytest.raises(DataError, match="line 1: found a line of more than 64 MiB"):
        rankeval.rank("column:f1", path)
