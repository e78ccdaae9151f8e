"""``rankeval ab``, ``plan ab`` and ``agreement`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import ab
from tests.cli.helpers import call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    n = 2000
    before = rng.gamma(2.0, 1.0, n)
    table = {
        "arm": np.array(["control", "new"])[np.arange(n) % 2],
        "clicks": rng.poisson(before).astype(float),
        "before": before,
        "ms": rng.lognormal(5.0, 1.0, n),
        "user": np.arange(n) // 2 * 2 + np.arange(n) % 2,
    }
    path = tmp_path / "test.parquet"
    pq.write_table(pa.table(table), path)
    return path


def test_the_command_is_the_function(log: Path) -> None:
    called = call(
        "ab",
        log,
        "--arm",
        "arm",
        "--metric",
        "clicks=clicks",
        "--covariate",
        "clicks=before",
        "--format",
        "json",
    )
    assert called.status == 0
    expected = ab(str(log), "arm", metric="clicks=clicks", covariate="clicks=before").to_dict()
    assert called.result == json.loads(json.dumps(expected))
    row = json.loads(called.out)["results"][0]
    fixed = (
        "metric",
        "arm",
        "control",
        "value",
        "control_value",
        "difference",
        "std_error",
        "ci",
        "relative",
    )
    assert {*fixed, "relative_ci", "p_value", "p_adjusted", "test", "segment"} <= row.keys()
    assert {"p_value", "counts", "expected"} <= json.loads(called.out)["sample_ratio"].keys()


def test_gates_end_with_status_3(log: Path) -> None:
    common = ("ab", log, "--arm", "arm", "--guardrail")
    assert call(*common, "clicks=clicks:-1", "--fail-on", "guardrail").status == 0
    failed = call(*common, "clicks=clicks:-0.0001", "--fail-on", "guardrail,sample_ratio")
    assert failed.status == 3
    assert "violated" in failed.out
    assert call(*common, "clicks=clicks:-0.0001").status == 0
    expected = ("--metric", "clicks", "--expected", "control=.6,new=.4")
    assert call("ab", log, "--arm", "arm", *expected, "--fail-on", "sample_ratio").status == 3
    assert "--fail-on: found 'x'" in call(*common, "clicks=clicks:-1", "--fail-on", "x").error


def test_wrong_calls_are_one_line(log: Path) -> None:
    assert (
        "one arm only"
        in call("ab", log, "--arm", "arm", "--metric", "clicks", "--where", "arm == 'new'").error
    )
    assert (
        "--information"
        in call("ab", log, "--arm", "arm", "--looks", 2, "--look", 1, "--information", "a").error
    )
    assert "no column 'variant'" in call("ab", log, "--arm", "variant", "--metric", "clicks").error


@pytest.mark.parametrize("options", [(), ("--looks", "3", "--look", "1"), ("--quantile", "p95=ms:0.95")])
def test_tables_fit_80_columns(log: Path, options: tuple[str, ...]) -> None:
    called = call(
        "ab", log, "--arm", "arm", "--metric", "clicks", "--guardrail", "ms:+20%", *options, columns=80
    )
    assert called.status == 0
    tables = [line for line in called.out.splitlines() if not line.startswith("warning")]
    assert max(map(len, tables)) <= 80
    assert " .. " in called.out


def test_plan_ab(log: Path) -> None:
    called = call("plan", "ab", log, "--metric", "clicks", "--effect", "0.02", "--format", "json")
    row = json.loads(called.out)["results"][0]
    fixed = ("metric", "baseline", "std_dev", "effect", "relative_effect", "sessions_per_arm", "sessions")
    assert {*fixed, "days", "power", "level"} <= row.keys()
    shown = call("plan", "ab", log, "--metric", "clicks", "--covariate", "clicks=before", "--cluster", "user",
                 "--effect", "0.02,0.05", "--sessions-per-day", "1e4",
                 "--days", "14", columns=80)  # fmt: skip
    assert shown.status == 0
    tables = [line for line in shown.out.splitlines() if not line.startswith("warning")]
    assert max(map(len, tables)) <= 80
    assert "wanted an effect" in call("plan", "ab", log, "--metric", "clicks").error


def test_agreement(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text(
        "name,offline,online,offline_error,online_error\n"
        + "".join(f"e{i},{i % 7 - 2.5},{0.8 * (i % 7) - 2 + 0.1 * (i % 3)},0.2,0.1\n" for i in range(20))
    )
    called = call("agreement", path, "--format", "json")
    rows = json.loads(called.out)["results"]
    assert [row["statistic"] for row in rows] == [
        "pearson",
        "spearman",
        "sign_agreement",
        "calibration_slope",
        "calibration_intercept",
    ]
    assert {"value", "ci", "n"} <= rows[0].keys()
    shown = call("agreement", path, columns=80)
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.mark.parametrize("command", [("ab",), ("plan", "ab"), ("agreement",)])
def test_help_fits_80_columns(command: tuple[str, ...]) -> None:
    lines = call(*command, "--help", columns=80).out.splitlines()
    assert max(map(len, lines)) <= 80
