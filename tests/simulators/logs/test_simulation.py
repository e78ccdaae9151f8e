from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import rankeval
from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.simulators.exact.world_truth import whole_truth
from rankeval.simulators.logs import log_writer
from rankeval.simulators.logs.log_maker import BLOCK_ROWS
from rankeval.simulators.logs.simulation import simulate
from rankeval.simulators.worlds.world_file import parse_world
from rankeval.simulators.worlds.world_options import WorldOptions
from tests.paths import REPO
from tests.simulators.small_world import small_world

SMALL: dict[str, Any] = {"queries": 6, "items": 4, "positions": 4}
BUSY: dict[str, Any] = {
    **SMALL, "users": 30, "days": 3, "drift": 0.1, "context": ["a", "b:eta=2"],
    "shuffle": "adjacent:share=0.2", "arms": "logging,new", "logging": "mixture",
}  # fmt: skip
WEIGHTED = ("sips", "iips", "rips", "policy_aware")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_has_the_log_the_world_and_the_truth(tmp_path: Path):
    result = rankeval.simulate(tmp_path / "o", 500, 3, **SMALL)
    assert sorted(files(tmp_path / "o")) == ["log.parquet", "truth.json", "world.json"]
    assert result.files == ("log.parquet", "truth.json", "world.json")
    truth = json.loads((tmp_path / "o" / "truth.json").read_text())
    head = {"schema": 1, "command": "simulate", "sessions": 500, "seed": 3}
    assert truth == {**head, **result.truth, "warnings": []}
    assert result.log_rows == pq.read_metadata(tmp_path / "o" / "log.parquet").num_rows == 2000


def test_the_world_makes_the_same_bytes_again(tmp_path: Path):
    simulate(tmp_path / "a", 2000, 3, **BUSY)
    simulate(tmp_path / "b", 2000, 3, world=tmp_path / "a" / "world.json")
    simulate(tmp_path / "c", 2000, 3, world=json.loads((tmp_path / "a" / "world.json").read_text()))
    assert files(tmp_path / "a") == files(tmp_path / "b") == files(tmp_path / "c")


def test_the_seed_changes_clicks_and_worlds(tmp_path: Path):
    logs = [files(simulate_in(tmp_path / str(seed), seed))["log.parquet"] for seed in (1, 2)]
    assert logs[0] != logs[1]


def simulate_in(folder: Path, seed: int) -> Path:
    simulate(folder, 100, seed, **SMALL)
    return folder


def test_layouts_hold_the_same(tmp_path: Path):
    for layout in ("long", "nested"):
        simulate(tmp_path / layout, 300, 3, layout=layout, world=small_world(positions=3, short_lists=True))
    long, nested = (
        pq.read_table(tmp_path / layout / "log.parquet").to_pandas() for layout in ("long", "nested")
    )
    grouped = long.groupby("session_id")
    for name in ("item_id", "click", "propensity", "exposure"):
        assert [list(values) for values in nested[name]] == [list(values) for _, values in grouped[name]]
    assert nested["propensity_list"].tolist() == grouped["propensity_list"].first().tolist()
    assert set(grouped.size()) == {2, 3}


@pytest.mark.parametrize("layout", ["long", "nested"])
@pytest.mark.parametrize(
    "options",
    [
        {"logging": "plackett_luce"},
        {"logging": "epsilon:epsilon=0.5", "candidate": {"new": "fixed"}},
        {"logging": "mixture:rankers=3", "shuffle": "full:share=0.5", "candidate": {"new": "fixed"}},
        {"logging": "uniform", "context": ["a", "b:eta=2"], "users": 500, "days": 2, "drift": 0.2},
    ],
)
def test_estimates_from_the_log_agree_with_the_truth(tmp_path: Path, layout: str, options: dict[str, Any]):
    truth = simulate(tmp_path / "o", 30_000, 5, layout=layout, **SMALL, **options).truth
    estimates = ope(tmp_path / "o" / "log.parquet", list(WEIGHTED)).to_dict()
    for row in estimates["results"]:
        assert abs(row["value"] - truth["candidates"]["new"]["expected_clicks"]) <= 4 * row["std_error"]
    logged = estimates["logged"]
    assert abs(logged["value"] - truth["logging"]["expected_clicks"]) <= 4 * logged["std_error"]


@pytest.mark.parametrize(
    ("model", "estimator"),
    [("pbm", "click_ips"), ("pbm", "click_cips:max_weight=1e9"), ("pbm_trust", "click_affine")],
)
def test_estimates_from_clicks_agree_with_the_truth(tmp_path: Path, model: str, estimator: str):
    candidates = {"better": "fixed:skill=0.9", "worse": "fixed:skill=-0.5"}
    world = {**SMALL, "click_model": model, "logging": "fixed", "candidate": candidates}
    truth = simulate(tmp_path / "o", 30_000, 5, **world).truth
    for name in candidates:
        (row,) = ope(
            tmp_path / "o" / "log.parquet", [estimator],
            target={name: f"score_{name}"}, position_bias=str(tmp_path / "o" / "truth.json"),
        ).to_dict()["results"]  # fmt: skip
        assert abs(row["value"] - truth["candidates"][name]["expected_clicks"]) <= 4 * row["std_error"]


def test_the_arms_of_a_test_agree_with_the_truth(tmp_path: Path):
    arms = {"users": 5000, "arms": "logging=0.3,new=0.7"}
    truth = simulate(tmp_path / "o", 40_000, 5, **SMALL, **arms).truth["arms"]
    log = pq.read_table(tmp_path / "o" / "log.parquet").to_pandas()
    assert log.groupby("user_id")["arm"].nunique().max() == 1
    for name, clicks in log.groupby("arm"):
        by_user = clicks.groupby("user_id")["click"].sum(), clicks.groupby("user_id")["session_id"].nunique()
        mean = by_user[0].sum() / by_user[1].sum()
        error = np.sqrt(((by_user[0] - mean * by_user[1]) ** 2).sum()) / by_user[1].sum()
        assert abs(mean - truth[name]["expected_clicks"]) <= 4 * error
    (offline,) = ope(
        tmp_path / "o" / "log.parquet", ["iips"], where='arm == "logging"', cluster="user_id"
    ).to_dict()["results"]
    assert abs(offline["value"] - truth["new"]["expected_clicks"]) <= 4 * offline["std_error"]


def test_a_candidate_is_better_than_the_logger_unless_told():
    truth, _ = whole_truth(parse_world(WorldOptions(queries=200).describe(1)[0]), 1000)
    assert truth["candidates"]["new"]["expected_clicks"] > 1.03 * truth["logging"]["expected_clicks"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sessions": 0}, UsageError, "sessions: found 0, wanted a whole number of at least 1"),
        (
            {"sessions": 10**25},
            UsageError,
            "sessions: found 10000000000000000000000000, wanted",
        ),
        ({"sessions": 1.5}, UsageError, "sessions: found 1.5, wanted a whole number"),
        ({"seed": -1}, UsageError, "seed: found -1, wanted a whole number of at least 0"),
        (
            {"layout": ["long"]},
            UsageError,
            "layout: found ['long'], wanted one of long, nested",
        ),
        ({"world": True}, UsageError, "world: found True, wanted a file, or what is in one"),
        ({"epsilon": 10**400}, UsageError, "epsilon: found 1000"),
        ({"grades": [b"x"]}, UsageError, "grades: found"),
        ({"layout": "wide"}, UsageError, "layout: found 'wide', wanted one of long, nested"),
        ({"propensities": "some"}, UsageError, "propensities: found 'some', wanted one of all, item, none"),
        ({"threads": 0}, UsageError, "threads: found 0"),
        ({"part_sessions": 0}, UsageError, "part_sessions: found 0"),
        ({"wrld": 1}, UsageError, "wrld: no such option; known are arms"),
        ({"world": small_world(), "eta": 1.0}, UsageError, "eta: found 1.0, wanted none: the world says all"),
        ({"world": small_world(positions=9)}, DataError, "world: positions: found 9, more than the 3 items"),
        (
            {"param": ["eta=-1"]},
            UsageError,
            "world: click_model.eta: found -1, wanted a number of at least 0",
        ),
        ({"world": "/none.json"}, DataError, "/none.json: cannot be read"),
    ],
)
def test_calls_that_are_wrong_leave_nothing(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
):
    with pytest.raises(error) as raised:
        simulate(tmp_path / "o", **{"sessions": 10, **options})
    assert str(raised.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_midway_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Full(pq.ParquetWriter):
        tables = 0

        def write_table(self, *arguments: Any, **options: Any) -> None:
            Full.tables += 1
            if Full.tables == 2:
                raise OSError(28, "No space left on device")
            super().write_table(*arguments, **options)

    monkeypatch.setattr(log_writer.pq, "ParquetWriter", Full)
    with pytest.raises(DataError, match=r"o: cannot be written \(No space left on device\)"):
        simulate(tmp_path / "o", 2 * BLOCK_ROWS // 4, 3, propensities="none", **SMALL)
    assert Full.tables == 2
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, signal, sys
from rankeval.errors import DataError
from rankeval.simulators.logs.simulation import simulate
from rankeval.simulators.worlds.world_file import parse_world
from rankeval.simulators.worlds.world_options import WorldOptions
from rankeval.simulators.exact.world_truth import whole_truth
simulate(sys.argv[1] + "/first", 10, queries=5, items=4, positions=4)  # compiles what has to be
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    simulate(sys.argv[1] + "/second", 200_000, queries=5, items=4, positions=4)
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of file sizes are set as on Linux")
def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120, check=False)
    assert "second: cannot be written" in done.stdout
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


def test_a_folder_is_a_path():
    with pytest.raises(UsageError, match=r"^out: found None, wanted a path"):
        simulate(None, 10)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(tmp_path: Path):
    found = simulate(tmp_path / "o", np.int64(10), world=small_world(), threads=np.int64(1))
    assert json.loads(found.render("json"))["inputs"]["threads"] == 1
