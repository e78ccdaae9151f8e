from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import propensity
from tests.cli.helpers import call, imported_by
from tests.position_bias.worlds import random_log

LOG = random_log(900, seed=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(LOG), path)
    return path


def test_it_prints_what_the_python_call_returns(log: Path) -> None:
    called = call("propensity", log, "--method", "shuffle", "--format", "json")
    assert called.result == propensity(str(log), "shuffle").to_dict()
    assert (called.status, called.err) == (0, "")


def test_all_options_reach_the_python_call(log: Path) -> None:
    options = "--method chain --weights min --top 3 --smooth power --ci normal,bootstrap_t --level 0.8"
    more = "--replicates 77 --by device --cluster user --seed 3 --threads 2 --column click=click"
    called = call(
        "propensity", log, *options.split(), *more.split(), "--where", "user >= 5", "--format", "json"
    )
    settings: dict[str, Any] = {"level": 0.8, "replicates": 77, "by": "device", "cluster": "user", "seed": 3}
    wanted = propensity(
        str(log), "chain", weights="min", top=3, smooth="power", ci=["normal", "bootstrap_t"],
        where="user >= 5", **settings,
    )  # fmt: skip
    assert called.result == wanted.to_dict()


def test_the_curve_is_taken_by_ope(log: Path, tmp_path: Path) -> None:
    bias = tmp_path / "bias.json"
    assert call("propensity", log, "--method", "em", "--format", "json", "--out", bias).status == 0
    clicks = tmp_path / "clicks.parquet"
    pq.write_table(pa.table(LOG | {"score": pa.array(LOG["item_id"]).cast(pa.float64())}), clicks)
    called = call("ope", clicks, "-e", "click_ips", "--position-bias", bias, "--format", "json")
    assert called.status == 0
    assert json.loads(called.out)["results"][0]["value"] > 0.0


def test_csv(log: Path) -> None:
    called = call(
        "propensity", log, "--method", "em", "--by", "device", "--smooth", "power", "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(called.out)))
    assert [(row["segment"], row["position"]) for row in rows[:5]] == [
        ("", "1"), ("", "2"), ("", "3"), ("", "4"), ("desk", "1")
    ]  # fmt: skip
    wanted = propensity(str(log), "em", by="device", smooth="power").rows()
    assert [float(row["ci_high"]) for row in rows] == [row["ci_high"] for row in wanted]
    assert [float(row["smoothed"]) for row in rows] == [row["smoothed"] for row in wanted]


def test_tables_for_people(log: Path) -> None:
    out = call("propensity", log, "--method", "em", "--by", "device", "--smooth", "power").out
    for text in (
        "Examination by position, em",
        "95 % interval",
        "Power law, examination = position^-eta",
        "Test that the curve is the same in all segments",
        "device desk, phone: 12 of 12 pairs",
    ):
        assert text in out
    markdown = call("propensity", log, "--method", "allpairs", "--format", "markdown").out
    assert "**Examination by position, allpairs**\n\n| position | examination |" in markdown


def test_bad_calls_and_bad_data_are_one_line(log: Path, tmp_path: Path) -> None:
    called = call("propensity", log, "--method", "magic")
    assert (called.status, called.error[:24]) == (2, "method: found 'magic', w")
    called = call("propensity", log, "--method", "swap")
    assert called.status == 1
    assert "swap_low" in called.error
    called = call("propensity", tmp_path / "none.parquet")
    assert called.status == 1
    assert called.error.startswith(str(tmp_path / "none.parquet"))
    called = call("propensity", log, "--out", log)
    assert (called.status, "is an input" in called.error) == (2, True)


def test_help_is_instant() -> None:
    status, packages = imported_by("propensity", "--help")
    assert status == 0
    assert packages.isdisjoint({"numba", "numpy", "pyarrow", "scipy", "lightgbm"})
