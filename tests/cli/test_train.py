from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import train
from tests.cli.helpers import call
from tests.rankers.judged_data import clicked, judged

FAST = ("--param", "num_iterations=20", "--threads", "1")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "judged.parquet"
    pq.write_table(pa.table(judged()), path)
    return path


def test_it_prints_and_writes_what_the_python_call_does(data: Path, tmp_path: Path) -> None:
    called = call("train", data, "--out", tmp_path / "a.txt", "--format", "json", *FAST)
    found = train(str(data), tmp_path / "b.txt", param={"num_iterations": 20}, threads=1).to_dict()
    shown = called.result
    assert shown | {"model": shown["model"] | {"path": found["model"]["path"]}} == found
    assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()
    assert json.loads((tmp_path / "a.txt.json").read_text()) == shown


@pytest.mark.parametrize("format_", ["table", "csv", "markdown"])
def test_formats_show_the_metrics(data: Path, tmp_path: Path, format_: str) -> None:
    out = call("train", data, "--out", tmp_path / "m.txt", "--format", format_, *FAST).out
    assert "ndcg@10" in out
    assert "folds" in out


def test_clicks_with_a_curve_from_a_file(tmp_path: Path) -> None:
    log, curve = tmp_path / "clicks.parquet", tmp_path / "bias.json"
    pq.write_table(pa.table(clicked()), log)
    curve.write_text(json.dumps({"examination": [1.0, 0.5, 0.33, 0.25, 0.2]}))
    options = ("--clicks", "pairs", "--position-bias", curve, "--format", "json")
    shown = json.loads(call("train", log, "--out", tmp_path / "m.txt", *options, *FAST).out)
    assert shown["inputs"]["position_bias"]["examination"] == [1.0, 0.5, 0.33, 0.25, 0.2]
    assert shown["inputs"]["position_bias"]["origin"] == str(curve)


def test_values_of_a_split(tmp_path: Path) -> None:
    path = tmp_path / "judged.csv"
    table = judged() | {"fold": [i // 80 for i in range(320)]}
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines))
    options = ("--split", "fold", "--train", "0,1", "--valid", "2", "--format", "csv")
    out = call("train", path, "--out", tmp_path / "m.txt", *options, *FAST).out
    assert [line.split(",")[0] for line in out.splitlines()] == ["part", "valid", "valid", "test", "test"]
    assert "fold" not in json.loads((tmp_path / "m.txt.json").read_text())["model"]["features"]


def test_errors_are_one_line(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.txt"
    assert call("train", data, "--out", data).error.endswith("wanted another file to write to")
    assert call("train", data, "--out", out, "--folds", "2").status == 2
    assert call("train", data, "--out", out, "--clicks", "pairs").error.startswith("clicks: pairs needs")
    assert call("train", data, "--out", out, "--param", "num_leafs=7").error.startswith(
        "param: LightGBM has no"
    )
    assert not out.exists()
