"""``rankeval interleave``: a thin layer over the Python calls."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import interleave_analyse, interleave_lists, interleave_power, interleave_simulate
from tests.cli.helpers import call, imported_by, run

WORLD: dict[str, Any] = {
    "click_model": {"name": "pbm", "eta": 1},
    "positions": 3,
    "queries": [
        {
            "query_id": "q1",
            "items": ["x", "y", "z"],
            "attractiveness": [0.9, 0.5, 0.2],
            "a": ["x", "y"],
            "b": ["z", "x", "y"],
        }
    ],
}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(WORLD))
    return path


@pytest.fixture
def log(world: Path) -> Path:
    path = world.with_name("log.parquet")
    interleave_simulate(world, path, sessions=500, seed=4)
    return path


def test_lists_are_those_of_the_python_call() -> None:
    options = ["--method", "probabilistic:tau=1", "--length", 2]
    called = call("interleave", "lists", "--a", "x,y", "--b", "z,x", *options, "--format", "json")
    wanted = interleave_lists(["x", "y"], ["z", "x"], "probabilistic:tau=1", 2)
    assert (called.status, called.err) == (0, "")
    assert called.result == wanted.to_dict()


def test_random_lists_follow_the_seed() -> None:
    found = [
        call(
            "interleave", "lists", "--a", "x,y", "--b", "z,x", "--draw", 6, "--seed", seed, "--format", "csv"
        )
        for seed in (1, 1, 2)
    ]
    assert found[0].out == found[1].out != found[2].out
    rows = list(csv.DictReader(io.StringIO(found[0].out)))
    assert [len(row["items"].split(">")) for row in rows] == [2] * 6
    assert rows[0]["probability"] == ""


def test_a_table_of_lists_is_cut_and_says_so() -> None:
    items = ",".join("abcdefgh")
    called = call(
        "interleave", "lists", "--a", items, "--b", items, "--method", "probabilistic", "--length", 3
    )
    assert "probabilistic: exact distribution, the first 50 of 336" in " ".join(called.out.split())
    assert "a b c" in called.out


def test_simulate_writes_the_log_of_the_python_call(world: Path, log: Path, tmp_path: Path) -> None:
    path = tmp_path / "cli.parquet"
    called = call("interleave", "simulate", world, path, "--sessions", 500, "--seed", 4, "--format", "json")
    assert (called.status, called.err) == (0, "")
    assert path.read_bytes() == log.read_bytes()
    assert json.loads(called.out)["results"][0]["name"] == "team_draft"


def test_analyse_prints_what_the_python_call_returns(log: Path) -> None:
    options = "--ci normal,bootstrap --level 0.9 --replicates 50 --seed 3 --by query_id --cluster session_id"
    called = call(
        "interleave", "analyse", log, "--method", "team_draft", *options.split(), "--alpha", 0.1, "--power",
        0.9, "--format", "json",
    )  # fmt: skip
    wanted = interleave_analyse(
        str(log),
        method="team_draft",
        ci=["normal", "bootstrap"],
        level=0.9,
        replicates=50,
        seed=3,
        by="query_id",
        cluster="session_id",
        alpha=0.1,
        power=0.9,
    )
    assert (called.status, called.err) == (0, "")
    assert called.result == wanted.to_dict()


def test_analyse_takes_the_names_of_a_real_log(tmp_path: Path) -> None:
    """Nine sessions that treatment wins, in columns of other names."""
    path = tmp_path / "real.parquet"
    columns = {
        "impression": np.repeat(np.arange(7, 16), 2),
        "rank": [1, 2] * 9,
        "clicked": [0, 1] * 9,
        "arm": ["control", "treatment"] * 9,
    }
    pq.write_table(pa.table(columns), path)
    names = {"session_id": "impression", "position": "rank", "click": "clicked", "team": "arm"}
    options = [part for role, name in names.items() for part in ("--column", f"{role}={name}")]
    called = call("interleave", "analyse", path, *options, "--a", "control", "--b", "treatment")
    assert called.status == 0
    assert "wins of treatment" in called.out
    assert "treatment is preferred to control" in called.out


def test_power_prints_what_the_python_call_returns(world: Path) -> None:
    called = call(
        "interleave", "power", world, "--method", "team_draft,balanced", "--sessions", 99, "--format", "json"
    )
    wanted = interleave_power(world, ["team_draft", "balanced"], sessions=99)
    assert called.result == wanted.to_dict()
    table = call("interleave", "power", world)
    assert "A/B test" in table.out
    assert "probabilistic:credit=marginal" in table.out


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown"])
def test_results_go_to_a_file(log: Path, tmp_path: Path, format_: str) -> None:
    out = tmp_path / "result"
    called = call("interleave", "analyse", log, "--format", format_, "--out", out)
    assert (called.status, called.out) == (0, "")
    assert "mean_credit" in out.read_text()


WRONG: dict[str, tuple[int, list[str]]] = {
    "error: ranking a: found 'x' twice": (2, ["lists", "--a", "x,x", "--b", "y"]),
    "error: method: found 'best'": (2, ["lists", "--a", "x", "--b", "y", "--method", "best"]),
    "error: Missing option '--sessions'": (2, ["simulate", "WORLD", "out.parquet"]),
    "error: sessions: found 0": (2, ["simulate", "WORLD", "OUT", "--sessions", "0"]),
    "is an input, wanted another file": (2, ["simulate", "WORLD", "WORLD", "--sessions", "5"]),
    "error: nowhere.json: cannot be read": (1, ["power", "nowhere.json"]),
    "error: nowhere.parquet": (1, ["analyse", "nowhere.parquet"]),
    "error: No such command 'mix'": (2, ["mix"]),
    "no column 'arm'": (1, ["analyse", "LOG", "--column", "team=arm"]),
    "error: alpha: found 2.0": (2, ["analyse", "LOG", "--alpha", "2"]),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_gets_one_line(message: str, world: Path, log: Path, tmp_path: Path) -> None:
    status, arguments = WRONG[message]
    places = {"WORLD": world, "LOG": log, "OUT": tmp_path / "out.parquet"}
    called = call("interleave", *(places.get(argument, argument) for argument in arguments))
    assert called.status == status
    assert message.removeprefix("error: ") in called.error


@pytest.mark.parametrize("command", ["lists", "simulate", "analyse", "power"])
def test_help_has_an_example_and_fits_a_terminal(command: str) -> None:
    called = call("interleave", command, "--help")
    assert (called.status, called.err) == (0, "")
    assert max(map(len, called.out.splitlines())) <= 80
    assert f"\n    rankeval interleave {command} " in called.out


def test_help_is_instant() -> None:
    status, loaded = imported_by("interleave", "--help")
    assert status == 0
    assert loaded.isdisjoint({"numpy", "numba", "pyarrow", "scipy"})


def test_as_a_process(log: Path) -> None:
    called = run("interleave", "analyse", log, "--quiet", "--format", "csv")
    assert called.status == 0
    assert len(called.out.splitlines()) == 3
