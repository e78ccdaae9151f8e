"""Folds and samples by hashed ids: random, bounded, and indifferent to how a log is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from rankeval import DataError, Log, UsageError
from rankeval.logs.column_checks import check_columns
from rankeval.logs.passes import fold, scan
from rankeval.logs.sessions import Sessions, counting
from rankeval.models.cross_fitting import Folds, Sample, parts_of
from tests.log_files import write_parts

N = 5000
TABLE = pa.table(
    {
        "round_id": np.arange(N),
        "user": [f"u{i % 700}" for i in range(N)],
        "reward": np.arange(N, dtype=float),
        "text": [str(i) for i in range(N)],
    }
)


def drawn(log: Log, size: int, seed: int = 0, threads: int | None = None) -> Sample:
    folds = Folds.over(log, None, 5, seed)

    def rows(rounds: Sessions) -> Sample:
        return Sample(
            folds.order(rounds),
            folds.of(rounds),
            counting(len(rounds) + 1),
            {"text": rounds.column("text")},
            {"reward": rounds.numbers("reward")},
        ).smallest(size)

    roles = ["reward", "text", *folds.sample_roles]
    return fold(log, roles, rows, lambda left, right: left.merge(right, size), threads)


def folds_of(log: Log, cluster: str | None, seed: int = 0) -> NDArray[np.int64]:
    folds = Folds.over(log, cluster, 5, seed)
    return np.concatenate(scan(log, [*folds.roles, "reward"], folds.of))


def test_a_sample_is_what_has_the_smallest_hashes() -> None:
    every = drawn(Log(TABLE), N)
    assert sorted(every.numbers["reward"]) == list(range(N))
    few = drawn(Log(TABLE), 40)
    assert few.order.tolist() == sorted(every.order)[:40]
    assert few.numbers["reward"].tolist() == every.numbers["reward"][:40].tolist()
    assert few.features["text"].to_pylist() == [str(int(i)) for i in few.numbers["reward"]]


def test_a_sample_is_random() -> None:
    rows = drawn(Log(TABLE), 1000).numbers["reward"]
    spread = np.sqrt(N**2 / 12 / 1000 * (1 - 1000 / N))
    assert abs(rows.mean() - (N - 1) / 2) < 4 * spread
    other = drawn(Log(TABLE), 1000, seed=1).numbers["reward"]
    shared, expected = len(np.intersect1d(rows, other)), 1000 * 1000 / N
    assert abs(shared - expected) < 4 * np.sqrt(expected * 0.8 * 0.8)


def test_sample_and_folds_have_nothing_in_common() -> None:
    counts = np.bincount(drawn(Log(TABLE), 1000).folds, minlength=5)
    assert abs(counts - 200).max() < 4 * np.sqrt(1000 * 0.2 * 0.8)


@pytest.mark.parametrize(("rows", "files", "threads"), [(N, 1, 1), (7, 3, 2), (1000, 2, 1)])
def test_sample_and_folds_do_not_depend_on_storage(
    tmp_path: Path, rows: int, files: int, threads: int
) -> None:
    log = Log(write_parts(tmp_path / "log", TABLE, rows, files))
    wanted, found = drawn(Log(TABLE), 300), drawn(log, 300, threads=threads)
    assert found.order.tolist() == wanted.order.tolist()
    assert found.folds.tolist() == wanted.folds.tolist()
    assert found.numbers["reward"].tolist() == wanted.numbers["reward"].tolist()


def test_folds_keep_clusters_together() -> None:
    folds = folds_of(Log(TABLE), "user")
    assert [len(set(folds[user::700])) for user in range(700)] == [1] * 700
    assert len(set(folds)) == 5


def test_folds_are_random_and_move_with_the_seed() -> None:
    folds, other = folds_of(Log(TABLE), None), folds_of(Log(TABLE), None, seed=1)
    assert abs(np.bincount(folds) - N / 5).max() < 4 * np.sqrt(N * 0.2 * 0.8)
    assert abs((folds == other).mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / N)


def test_without_ids_rows_are_units(tmp_path: Path) -> None:
    table = TABLE.drop_columns(["round_id"])
    log = Log(write_parts(tmp_path / "log", table, 300, files=3))
    assert folds_of(log, None).tolist() == folds_of(Log(table), None).tolist()
    assert drawn(log, 50).order.tolist() == drawn(Log(table), 50).order.tolist()
    assert len(set(drawn(log, 50).order)) == 50


def test_outside_leaves_one_fold_out() -> None:
    sample = Sample(
        np.arange(4, dtype=np.uint64),
        np.array([0, 1, 0, 2]),
        np.array([0, 2, 3, 3, 5]),
        {"x": pa.array(list("abcde"))},
        {"y": np.arange(5.0)},
    )
    part = sample.outside(1)
    assert part.folds.tolist() == [0, 0, 2]
    assert part.offsets.tolist() == [0, 2, 2, 4]
    assert part.features["x"].to_pylist() == ["a", "b", "d", "e"]
    assert part.numbers["y"].tolist() == [0, 1, 3, 4]


def test_parts_are_the_units_of_a_fold_in_bounded_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.models.cross_fitting.AT_A_TIME", 10)
    lengths = np.random.default_rng(0).integers(0, 8, 200)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    folds = np.arange(200) % 3
    parts = list(parts_of(folds, 1, offsets))
    assert np.concatenate(parts).tolist() == np.flatnonzero(folds == 1).tolist()
    assert max(lengths[part].sum() for part in parts) < 10 + 8
    assert list(parts_of(folds, 7, offsets)) == []


@pytest.mark.parametrize("count", [-1, 0, 1, 101])
def test_numbers_of_folds_out_of_range(count: int) -> None:
    with pytest.raises(UsageError, match=f"folds: found {count}, wanted 2 to 100"):
        Folds.over(Log(TABLE), None, count, 0)


@pytest.mark.parametrize(
    ("cluster", "message"), [("city", "no column 'city'"), ("list", "wanted one value a row")]
)
def test_clusters_that_are_none(cluster: str, message: str) -> None:
    data: dict[str, Any] = {"reward": [1.0], "list": [[1.0]]}
    folds = Folds.over(Log(data), cluster, 2, 0)
    with pytest.raises(DataError, match=message):
        check_columns(Log(data), folds.sample_roles)


def test_an_id_of_the_wrong_type() -> None:
    log = Log({"round_id": [0.5, 1.5], "user": ["a", "b"], "reward": [1.0, 0.0]})
    folds = Folds.over(log, "user", 2, 0)
    with pytest.raises(DataError, match="column 'round_id' holds double, wanted integers or strings"):
        check_columns(log, folds.sample_roles)
