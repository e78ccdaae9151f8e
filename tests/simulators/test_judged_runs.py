from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.judged_runs import RankingWorld, judgement_blocks, run_blocks, write_judged_runs

WORLD = RankingWorld(queries=400, items=50, seed=1)


def run(world: RankingWorld, noise: float, number: int = 0, relevance: bool = False) -> pa.Table:
    return pa.concat_tables(run_blocks(world, noise, number, relevance=relevance))


def judgements(world: RankingWorld) -> pa.Table:
    return pa.concat_tables(judgement_blocks(world))


def test_ids_are_those_of_the_queries_and_distinct_items() -> None:
    table = run(WORLD, 1.0)
    assert table["query_id"].to_pylist() == [f"q{i + 1:06d}" for i in range(400) for _ in range(50)]
    assert pc.all(pc.match_substring_regex(table["item_id"], r"^d\d{7}$")).as_py()
    assert table.group_by(["query_id", "item_id"]).aggregate([]).num_rows == 400 * 50


def test_query_ids_grow_with_their_number() -> None:
    last = list(run_blocks(RankingWorld(queries=1_000_001, items=1, seed=1), 0.0, 0))[-1]
    assert last["query_id"][-2].as_py() == "q1000000"


def test_grades_follow_their_probabilities() -> None:
    grades = judgements(WORLD)["relevance"].to_numpy()
    n = len(grades)
    assert n == 400 * 50
    for grade, p in enumerate(WORLD.grades):
        assert abs((grades == grade).sum() - n * p) <= 4 * math.sqrt(n * p * (1 - p))


def test_scores_are_grades_and_noise() -> None:
    table = run(WORLD, 0.5, relevance=True)
    errors = table["score"].to_numpy() - table["relevance"].to_numpy()
    assert abs(errors.mean()) <= 4 * 0.5 / math.sqrt(len(errors))
    assert errors.std() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(2 * len(errors)))
    exact = run(WORLD, 0.0, relevance=True)
    assert exact["score"].equals(exact["relevance"])


def test_run_and_judgements_agree() -> None:
    table, judged = run(WORLD, 1.0, relevance=True), judgements(WORLD)
    keys = ["query_id", "item_id"]
    assert (
        table.select([*keys, "relevance"])
        .sort_by([(k, "ascending") for k in keys])
        .equals(judged.sort_by([(k, "ascending") for k in keys]))
    )


def test_unjudged_items_are_missing_from_the_judgements() -> None:
    world = RankingWorld(queries=400, items=50, seed=1, judged=0.1)
    table, judged = run(world, 1.0, relevance=True), judgements(world)
    relevance = table["relevance"].to_numpy()
    assert judged.num_rows == (relevance >= 0).sum()
    assert (relevance > 0).sum() == (judgements(WORLD)["relevance"].to_numpy() > 0).sum()
    zeros = (relevance == 0).sum(), (relevance <= 0).sum()
    assert abs(zeros[0] - 0.1 * zeros[1]) <= 4 * math.sqrt(zeros[1] * 0.1 * 0.9)


def test_rounded_scores_are_tied() -> None:
    scores = run(RankingWorld(queries=400, items=50, seed=1, decimals=0), 1.0)["score"].to_numpy()
    assert len(np.unique(scores)) < 20
    assert len(np.unique(run(WORLD, 1.0)["score"].to_numpy())) == len(scores)


def test_runs_differ_in_noise_alone() -> None:
    first, second = run(WORLD, 1.0, 0), run(WORLD, 1.0, 1)
    assert first.select(["query_id", "item_id"]).equals(second.select(["query_id", "item_id"]))
    assert not first["score"].equals(second["score"])


def test_files_hold_the_same_whatever_the_row_groups(tmp_path: Path) -> None:
    world = RankingWorld(queries=3_000, items=100, seed=1, judged=0.05)
    for name, rows in (("small", 999), ("large", 1 << 20), ("again", 999)):
        write_judged_runs(tmp_path / name, world, {"good": 0.5, "poor": 2.0}, rows_per_group=rows)
    for file in ("judgements.parquet", "good.parquet", "poor.parquet"):
        small = pq.read_table(tmp_path / "small" / file)
        assert small.equals(pq.read_table(tmp_path / "large" / file))
        assert (tmp_path / "small" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    assert small.equals(run(world, 2.0, 1))


def test_paths_are_told(tmp_path: Path) -> None:
    written = write_judged_runs(tmp_path, RankingWorld(2, 3, 1), {"a": 1.0}, relevance=True)
    assert written.judgements == tmp_path / "judgements.parquet"
    assert written.runs == {"a": tmp_path / "a.parquet"}
    assert pq.read_schema(written.runs["a"]).names == ["query_id", "item_id", "score", "relevance"]


BAD = {
    "queries: found 0, wanted a whole number of at least 1": lambda: RankingWorld(0, 5, 1),
    "items: found 0, wanted a whole number of at least 1": lambda: RankingWorld(5, 0, 1),
    "items: found 10000000, wanted less than 9999991": lambda: RankingWorld(5, 10_000_000, 1),
    "seed: found -1, wanted a whole number of at least 0": lambda: RankingWorld(5, 5, -1),
    "grades: found a sum of 1.1, wanted probabilities that sum to 1": lambda: RankingWorld(
        5, 5, 1, (0.5, 0.6)
    ),
    "judged: found 1.5, wanted a number in [0.0, 1.0]": lambda: RankingWorld(5, 5, 1, judged=1.5),
    "decimals: found -1, wanted a whole number of at least 0": lambda: RankingWorld(5, 5, 1, decimals=-1),
    "noise: found -1.0, wanted a number of at least 0.0": lambda: next(run_blocks(WORLD, -1.0, 0)),
    "runs: found the name 'judgements', wanted one that no other file has": lambda: write_judged_runs(
        "x", WORLD, {"judgements": 1.0}
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_parameters_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        BAD[message]()
    assert str(caught.value) == message
