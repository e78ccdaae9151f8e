from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rankeval import fit
from tests.cli.helpers import call
from tests.simulators.click_models.fitting.test_fit import TABLE


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(TABLE, path)
    return path


def test_it_prints_what_the_python_call_returns(log: Path) -> None:
    called = call(
        "fit", log, "--format", "json", "--click-model", "pbm", "--click-model", "dbn,ccm", "--test", "0.2"
    )
    assert called.result == fit(str(log), ["pbm", "dbn", "ccm"], test=0.2).to_dict()


@pytest.mark.parametrize("format_", ["table", "csv", "markdown"])
def test_formats_show_the_models(log: Path, format_: str) -> None:
    out = call(
        "fit", log, "--click-model", "dcm", "--test-where", "session_id < 500", "--format", format_
    ).out
    assert "dcm" in out
    assert "rank_ctr" in out
    assert "continuation[0]" in out


def test_parameters_go_to_a_file(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    assert call("fit", log, "--click-model", "sdbn", "--parameters", path).status == 0
    assert pq.read_table(path)["satisfaction"].null_count == 0


def test_inputs_are_not_written_over(log: Path) -> None:
    assert call("fit", log, "--parameters", log).error.endswith("wanted another file to write to")
    assert call("fit", log, "--out", log).status == 2


def test_unknown_models_and_columns_are_one_line(log: Path) -> None:
    assert call("fit", log, "--click-model", "bm25").error.startswith("click_model: found 'bm25', wanted pbm")
    failed = call("fit", log, "--column", "click=hit")
    assert failed.status == 1
    assert "'hit'" in failed.error
