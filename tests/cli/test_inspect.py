from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import inspect
from tests.cli.helpers import call, imported_by
from tests.inspection.test_inspect import bandit, clicks


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(clicks() | {"user_id": [i // 8 for i in range(1200)]}), path)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.parquet"
    values = clicks()
    values["click"][40] = 3
    pq.write_table(pa.table(values), path)
    return path


def test_it_prints_what_the_python_call_returns(log: Path) -> None:
    called = call("inspect", log, "--format", "json")
    assert called.result == inspect(str(log)).to_dict()
    assert (called.status, called.err) == (0, "")


def test_all_options_reach_the_python_call(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(bandit(300).append_column("country", pa.array(["de", "fr"] * 150)), tmp_path / "b.parquet")
    pq.write_table(bandit(300).append_column("country", pa.array(["de", "fr"] * 150)), other)
    options = (
        "--by country --cluster context --first-action 0 --null-reward zero --first-position 0 --threads 2"
    )
    called = call(
        "inspect", tmp_path / "b.parquet", "--against", other, *options.split(), "--threads", "2",
        "--where", "context > 1", "--reward", "2 * reward", "--column", "weight=context", "--format", "json",
    )  # fmt: skip
    wanted = inspect(
        str(tmp_path / "b.parquet"), str(other), by="country", cluster="context", null_reward="zero",
        first_position=0, where="context > 1", reward="2 * reward", columns={"weight": "context"},
    )  # fmt: skip
    assert called.result == wanted.to_dict()


@pytest.mark.parametrize(("fail_on", "status"), [(None, 0), ("error", 3), ("warning", 3)])
def test_a_gate_for_pipelines(broken: Path, fail_on: str | None, status: int) -> None:
    options = [] if fail_on is None else ["--fail-on", fail_on]
    called = call("inspect", broken, *options)
    assert called.status == status
    assert called.out.startswith("This log can feed no estimator; 1 error, ")


def test_a_warning_is_no_error(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.parquet"
    pq.write_table(pa.table(clicks(20)), path)
    assert call("inspect", path, "--fail-on", "error").status == 0
    assert call("inspect", path, "--fail-on", "warning").status == 3
    assert call("inspect", log, "--fail-on", "warning").status == 0


def test_results_are_written_before_the_gate_closes(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert call("inspect", broken, "--fail-on", "error", "--format", "json", "--out", out).status == 3
    assert json.loads(out.read_text())["problems"][0]["rows"] == [41]


def test_tables_fit_a_terminal(broken: Path, tmp_path: Path) -> None:
    pq.write_table(bandit(500), tmp_path / "b.parquet")
    for path in (broken, tmp_path / "b.parquet"):
        called = call("inspect", path, columns=80)
        assert max(map(len, called.out.splitlines())) <= 80
    assert "Problems" in call("inspect", broken, columns=80).out


def test_csv_lists_problems(broken: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(call("inspect", broken, "--format", "csv").out))
    assert (row["code"], row["severity"], row["count"], row["rows"]) == ("out_of_range", "error", "1", "41")


def test_bad_calls_and_files_are_one_line(log: Path, tmp_path: Path) -> None:
    assert call("inspect", tmp_path / "none.parquet").status == 1
    assert "is an input" in call("inspect", log, "--out", log).error
    run = tmp_path / "run.csv"
    run.write_text("query_id,item_id,score\n1,2,0.5\n")
    called = call("inspect", run)
    assert (called.status, "wanted a bandit log or a ranking log" in called.error) == (1, True)


def test_help_is_instant() -> None:
    status, packages = imported_by("inspect", "--help")
    assert status == 0
    assert packages.isdisjoint({"numba", "numpy", "pyarrow", "scipy", "lightgbm"})
