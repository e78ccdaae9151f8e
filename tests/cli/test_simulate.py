from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rankeval.simulators.simulation import simulate
from tests.cli.helpers import REPO, call, imported_by

SMALL = ("--queries", 6, "--items", 4, "--positions", 3)


def test_a_log_and_its_truth(tmp_path: Path):
    done = call("simulate", tmp_path / "o", "--sessions", 500, "--seed", 2, *SMALL)
    assert (done.status, done.err) == (0, "")
    assert "500 sessions, 1,500 rows; exact means of a session" in done.out
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "log.parquet", "truth.json", "world.json",
    ]  # fmt: skip


def test_every_option_reaches_the_call(tmp_path: Path):
    options = {
        "layout": "nested", "propensities": "item", "part_sessions": 300, "click_model": "dbn", "queries": 5,
        "items": 4, "positions": 3, "grades": "0.5,0.3,0.2", "epsilon": 0.2, "max_grade": 3.0,
        "popularity": "zipf:0.5", "logging": "noisy:noise=0.5", "shuffle": "swap:share=0.2",
        "arms": "logging,b", "users": 40, "user_spread": 0.1, "days": 3, "drift": 0.2, "threads": 2,
    }  # fmt: skip
    several = {
        "param": ["gamma=0.7"],
        "candidate": ["a=fixed", "b=uniform"],
        "context": ["x", "y=2:gamma=0.1"],
    }
    simulate(tmp_path / "call", 700, 4, **options, **several)
    arguments = [(f"--{name.replace('_', '-')}", value) for name, value in options.items()]
    arguments += [(f"--{name}", value) for name, values in several.items() for value in values]
    flat = [argument for pair in arguments for argument in pair]
    done = call("simulate", tmp_path / "line", "--sessions", 700, "--seed", 4, "--format", "json", *flat)
    assert done.status == 0
    assert json.loads(done.out)["files"] == [
        "log-00000.parquet", "log-00001.parquet", "log-00002.parquet", "truth.json", "world.json",
    ]  # fmt: skip
    for path in (tmp_path / "call").iterdir():
        assert path.read_bytes() == (tmp_path / "line" / path.name).read_bytes()


def test_judgements_with_other_column_names(tmp_path: Path):
    file = tmp_path / "judged.csv"
    file.write_text(
        "q,item_id,relevance,split\n" + "".join(f"{i % 3},{i},{i % 5},{i % 2}\n" for i in range(30))
    )
    done = call(
        "simulate", tmp_path / "o", "--sessions", 100, "--judgements", file, "--column", "query_id=q",
        "--where", "split == 1", "--positions", 4,
    )  # fmt: skip
    assert done.status == 0
    world = json.loads((tmp_path / "o" / "world.json").read_text())
    judged = {query["query_id"]: query["items"] for query in world["queries"]}
    assert judged == {1: [1, 7, 13, 19, 25], 0: [3, 9, 15, 21, 27], 2: [5, 11, 17, 23, 29]}


def test_a_world_file_makes_the_log_again(tmp_path: Path):
    first, again = tmp_path / "first", tmp_path / "again"
    assert call("simulate", first, "--sessions", 300, "--seed", 2, *SMALL).status == 0
    done = call("simulate", again, "--sessions", 300, "--seed", 2, "--world", first / "world.json")
    assert done.status == 0
    assert (first / "log.parquet").read_bytes() == (again / "log.parquet").read_bytes()


def test_a_folder_that_is_not_empty_is_kept(tmp_path: Path):
    assert call("simulate", tmp_path / "o", "--sessions", 300, *SMALL).status == 0
    before = (tmp_path / "o" / "log.parquet").read_bytes()
    done = call("simulate", tmp_path / "o", "--sessions", 400, *SMALL)
    assert done.status == 2
    assert done.error.endswith("o: holds log.parquet already, wanted an empty folder or --overwrite")
    assert (tmp_path / "o" / "log.parquet").read_bytes() == before
    assert call("simulate", tmp_path / "o", "--sessions", 400, *SMALL, "--overwrite").status == 0
    assert pq.read_metadata(tmp_path / "o" / "log.parquet").num_rows == 1200


@pytest.mark.parametrize(
    ("world", "status", "message"),
    [
        ({"positions": 1}, 1, "w.json: click_model: found nothing, wanted a click model"),
        (
            {"positions": 1, "click_model": {"name": "sdbm"}},
            1,
            "w.json: click_model.name: found 'sdbm', wanted",
        ),
    ],
)
def test_a_bad_world_is_one_line(tmp_path: Path, world: object, status: int, message: str):
    (tmp_path / "w.json").write_text(json.dumps(world))
    done = call("simulate", tmp_path / "o", "--sessions", 10, "--world", tmp_path / "w.json")
    assert done.status == status
    assert message in done.error
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sessions", 10, "--click-model", "pmb"], "click_model: found 'pmb', wanted one of pbm"),
        (["--sessions", 10, "--logging", "fixed:temperature=1"], "logging: found 'temperature' for fixed"),
        (["--sessions", 10, "--candidate", "new"], "candidate: found 'new', wanted NAME=VALUE"),
        (["--sessions", 10, "--shuffle", "random"], "shuffle: found 'random', wanted one of full, swap"),
        (["--sessions", "many"], "Invalid value for '--sessions'"),
        ([], "Missing option '--sessions'"),
    ],
)
def test_a_bad_call_is_one_line(tmp_path: Path, arguments: list[object], message: str):
    done = call("simulate", tmp_path / "o", *arguments)
    assert done.status == 2
    assert message in done.error


def test_an_interrupt_leaves_nothing(tmp_path: Path):
    """The second block of sessions presses Ctrl-C."""
    code = """if True:
        import os, signal, sys
        from rankeval.cli.main import main
        from rankeval.simulators.log_maker import LogMaker

        make = LogMaker._tables

        def pressed(self, block):
            if block[0] == 1:
                os.kill(os.getpid(), signal.SIGINT)
            return make(self, block)

        LogMaker._tables = pressed
        main()
    """
    arguments = ["simulate", tmp_path / "o", "--sessions", "500000", *SMALL, "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPO, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "rankeval: interrupted"
    assert list(tmp_path.iterdir()) == []


def test_help_loads_no_simulator():
    status, modules = imported_by("simulate", "--help")
    assert status == 0
    assert not modules & {"numba", "pyarrow", "pandas", "scipy"}


def test_simulating_needs_neither_pandas_nor_scipy(tmp_path: Path):
    status, modules = imported_by("simulate", tmp_path / "o", "--sessions", 50, *SMALL, "--format", "json")
    assert status == 0
    assert not modules & {"pandas", "scipy", "sklearn", "lightgbm", "duckdb"}
