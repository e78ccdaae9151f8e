from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rankeval import calibrate
from rankeval.calibration import read_calibration
from tests.calibration.test_calibrate import RUN
from tests.cli.helpers import call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calibrate") / "run.parquet"
    pq.write_table(RUN, path)
    return path


def test_it_prints_what_the_python_call_returns(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.json"
    options = ["--method", "platt", "--smooth-targets", "--folds", "3", "--column", "relevance=click"]
    called = call("calibrate", run, *options, "--out", out, "--format", "json")
    wanted = calibrate(str(run), method="platt", smooth_targets=True, folds=3, columns={"relevance": "click"})
    assert (called.status, called.err) == (0, "")
    assert called.result == wanted.to_dict()
    assert read_calibration(out) == wanted.calibration


@pytest.mark.parametrize("form", ["table", "csv", "markdown"])
def test_every_form(run: Path, tmp_path: Path, form: str) -> None:
    called = call(
        "calibrate", run, "--column", "relevance=click", "--out", tmp_path / "map.json", "--format", form
    )
    assert called.status == 0
    assert "log_loss" in called.out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--out", "map.json", "--method", "isotonc"], 2, "did you mean 'isotonic'?"),
        ([], 2, "Missing option '--out'"),
        (["--out", "/no/such/map.json"], 1, "/no/such/map.json: cannot be written"),
        (["--out", "map.json", "--where", "nothing > 1"], 1, "nothing"),
    ],
)
def test_wrong_calls(run: Path, arguments: list[str], status: int, message: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path / text) if text == "map.json" else text for text in arguments]
    called = call("calibrate", run, "--column", "relevance=click", *arguments)
    assert called.status == status
    assert message in called.error
    assert not list(tmp_path.iterdir())


def test_judgements_are_the_second_argument(run: Path, tmp_path: Path) -> None:
    judgements = tmp_path / "qrels.parquet"
    columns = ["query_id", "item_id", "relevance"]
    pq.write_table(RUN.select(["query_id", "item_id", "click"]).rename_columns(columns), judgements)
    called = call("calibrate", run, judgements, "--out", tmp_path / "map.json", "--format", "json")
    assert json.loads(called.out)["inputs"]["judgements"] == str(judgements)
