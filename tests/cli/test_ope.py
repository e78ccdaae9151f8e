from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rankeval import ope
from tests import naive_clicks
from tests.cli.helpers import call, run
from tests.naive_off_policy import NAMES, random_log

LOG = random_log(400, seed=1)
TABLE = pa.table(LOG)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(TABLE, path)
    return path


def replaced(column: str, values: Any) -> pa.Table:
    return TABLE.set_column(TABLE.schema.get_field_index(column), column, pa.array(values))


def with_one(column: str, value: float | None, row: int = 4) -> pa.Table:
    values = [float(v) for v in LOG[column]]
    values[row] = value  # type: ignore[call-overload]
    return replaced(column, pa.array(values, pa.float64()))


# What it prints.


def test_it_prints_what_the_python_call_returns(log: Path) -> None:
    called = call(
        "ope", log, "--format", "json", "-e", "snips", "-e", "cips:max_weight=5,dr", "--ci", "bootstrap"
    )
    wanted = ope(str(log), ["snips", "cips:max_weight=5", "dr"], ci="bootstrap")
    assert called.result == wanted.to_dict()
    assert (called.status, called.err) == (0, "")


def test_all_options_reach_the_python_call(log: Path) -> None:
    options = "--ci normal,bootstrap_t --level 0.8 --replicates 77 --by country --cluster user --seed 3"
    where = ["--where", "user >= 5"]
    called = call("ope", log, "--format", "json", *options.split(), *where)
    settings: dict[str, Any] = {"level": 0.8, "replicates": 77, "by": "country", "cluster": "user", "seed": 3}
    wanted = ope(str(log), ci=["normal", "bootstrap_t"], where="user >= 5", **settings)
    assert called.result == wanted.to_dict()
    assert json.loads(called.out) != ope(str(log)).to_dict()


def test_reward_and_its_range_reach_the_python_call(log: Path) -> None:
    options = ["--reward", "-0.5 + 2*reward", "--reward-range", "-0.5,1.5", "-e", "dr"]
    called = call("ope", log, "--format", "json", *options)
    wanted = ope(str(log), "dr", reward="-0.5 + 2*reward", reward_range=(-0.5, 1.5)).to_dict()
    assert called.result == wanted
    assert wanted["inputs"]["reward"] == "-0.5 + 2*reward"
    assert wanted["inputs"]["reward_range"] == [-0.5, 1.5]
    assert wanted["logged"]["value"] == pytest.approx(2 * LOG["reward"].mean() - 0.5, rel=1e-14)


@pytest.mark.parametrize(
    ("options", "status", "parts"),
    [
        (["--reward", "reward +"], 2, ["reward 'reward +'", "character 9"]),
        (["--reward", "rewards"], 1, ["log.parquet: reward 'rewards'", "no column 'rewards'"]),
        (["--reward", "reward", "--column", "reward=user"], 2, ["an expression", "'user'"]),
        (["--reward", "1/reward"], 1, ["'1/reward' is inf"]),
        (["--reward-range", "1,0"], 2, ["'1,0'", "LOW,HIGH"]),
        (["--reward-range", "0,0.5"], 1, ["'reward' is 1.0", "[0, 0.5]"]),
    ],
)
def test_rewards_that_are_refused(log: Path, options: list[str], status: int, parts: list[str]) -> None:
    called = call("ope", log, *options)
    assert called.status == status
    assert all(part in called.error for part in parts)


def test_csv_has_a_record_for_each_estimator_and_segment(log: Path) -> None:
    called = call("ope", log, "--format", "csv", "-e", ",".join(NAMES), "--by", "country")
    records = list(csv.DictReader(io.StringIO(called.out)))
    assert [record["segment"] for record in records] == [s for s in ("", "de", "fr", "jp") for _ in NAMES]
    assert [record["name"].split(":")[0] for record in records] == [*NAMES] * 4
    assert all(math.isfinite(float(record["value"])) for record in records)


def test_markdown_is_tables(log: Path) -> None:
    called = call("ope", log, "--format", "markdown")
    assert called.out.count("\n|") == called.out.count(" |\n")
    assert "| estimator | value | std error | 95 % interval | method |\n| --- | ---: |" in called.out
    assert "…" not in called.out


def test_warnings_stand_in_the_result_not_on_stderr(log: Path) -> None:
    called = call("ope", log, "--cluster", "country", "--quiet")
    assert (called.status, called.err) == (0, "")
    assert "3 clusters are worth 1.77 even ones" in called.out


def test_numbers_that_cannot_be_computed_are_null(tmp_path: Path) -> None:
    pq.write_table(replaced("target_propensity", [0.0] * 400), tmp_path / "log.parquet")
    called = call("ope", tmp_path / "log.parquet", "-e", "snips", "--format", "json")
    found = json.loads(called.out, parse_constant=lambda name: pytest.fail(f"found {name}"))
    assert called.status == 0
    assert found["results"][0]["value"] is None
    assert found["warnings"]


# Wrong calls: status 2.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-e", "snip"],
            "unknown estimator 'snip': did you mean 'snips'? known are ips, cips, snips, csnips, dm, dr",
        ),
        (
            ["-e", "cips:max_weight=0"],
            "estimator 'cips:max_weight=0': max_weight is '0', wanted a number above 0",
        ),
        (["-e", "dr:tau=1"], "estimator 'dr:tau=1': unknown parameter 'tau', known: loggers"),
        (["--ci", "jackknife"], "ci: found 'jackknife', wanted one of auto, normal, student, bootstrap"),
        (["--ci", ","], "ci: found no method, wanted one of auto, normal, student, bootstrap"),
        (["--level", "95"], "level: found 95.0, wanted a number between 0 and 1"),
        (["--level", "nan"], "level: found nan, wanted a number between 0 and 1"),
        (["--replicates", "1"], "replicates: found 1, wanted 2 to 1,000,000"),
        (["--where", "reward >"], "where 'reward >'"),
    ],
)
def test_wrong_calls(log: Path, arguments: list[str], message: str) -> None:
    called = call("ope", log, *arguments)
    assert called.status == 2
    assert message in called.error


# Wrong data: status 1, one line that names the file.


def truncated(path: Path) -> None:
    pq.write_table(TABLE, path)
    path.write_bytes(path.read_bytes()[:-100])


def damaged(path: Path) -> None:
    pq.write_table(TABLE, path)
    data = bytearray(path.read_bytes())
    data[100:4000] = bytes(3900)
    path.write_bytes(data)


def parquet(table: pa.Table) -> Callable[[Path], Any]:
    return lambda path: pq.write_table(table, path)


BAD_FILES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no rows": (parquet(TABLE.slice(0, 0)), "no rows"),
    "no bytes": (lambda path: path.write_bytes(b""), "empty file (0 bytes)"),
    "text": (
        lambda path: path.write_text("hello\nworld\n"),
        "found 'hello', wanted Parquet, Arrow IPC, CSV",
    ),
    "truncated": (truncated, "truncated Parquet file"),
    "damaged": (damaged, "cannot be read"),
    "a ranking log": (
        parquet(TABLE.append_column("session_id", TABLE["round_id"])),
        "has a column 'session_id' and so is a ranking log; wanted a bandit log, one row a round",
    ),
    "no reward": (parquet(TABLE.drop_columns("reward")), "no column 'reward'"),
    "no propensity": (parquet(TABLE.drop_columns("propensity")), "no column 'propensity'"),
    "no prediction": (parquet(TABLE.drop_columns("q_target")), "no column 'q_target'"),
    "reward as text": (
        parquet(replaced("reward", ["1"] * 400)),
        "column 'reward' holds string, wanted numbers",
    ),
    "propensity as text": (parquet(replaced("propensity", ["1"] * 400)), "column 'propensity' holds string"),
    "reward null": (
        parquet(with_one("reward", None)),
        "row 5: column 'reward' is null, wanted a finite number",
    ),
    "reward NaN": (
        parquet(with_one("reward", math.nan)),
        "row 5: column 'reward' is nan, wanted a finite number",
    ),
    "reward infinite": (
        parquet(with_one("reward", -math.inf)),
        "row 5: column 'reward' is -inf, wanted a finite",
    ),
    "propensity null": (
        parquet(with_one("propensity", None)),
        "row 5: column 'propensity' is null, wanted a finite",
    ),
    "propensity 0": (
        parquet(with_one("propensity", 0.0)),
        "row 5: column 'propensity' is 0.0, wanted a probability in (0, 1]",
    ),
    "propensity negative": (
        parquet(with_one("propensity", -0.5)),
        "row 5: column 'propensity' is -0.5, wanted a probability in (0, 1]",
    ),
    "propensity 3": (
        parquet(with_one("propensity", 3.0)),
        "row 5: column 'propensity' is 3.0, wanted a probability in (0, 1]",
    ),
    "target propensity 1.5": (
        parquet(with_one("target_propensity", 1.5)),
        "row 5: column 'target_propensity' is 1.5, wanted a probability in [0, 1]",
    ),
    "prediction NaN": (
        parquet(with_one("q_logged", math.nan)),
        "row 5: column 'q_logged' is nan, wanted a finite",
    ),
    "action out of its list": (
        parquet(
            TABLE.drop_columns(["propensity"])
            .append_column("action", pa.array([0] * 4 + [2] + [1] * 395))
            .append_column("candidate_propensities", pa.array([[0.5, 0.5]] * 400))
        ),
        "row 5: column 'action' is 2, wanted an index from 0 to 1",
    ),
    "lists of unequal length": (
        parquet(
            TABLE.drop_columns(["q_target"])
            .append_column("candidate_target_propensities", pa.array([[0.5, 0.5]] * 400))
            .append_column("candidate_q", pa.array([[0.1, 0.2]] * 4 + [[0.1]] + [[0.1, 0.2]] * 395))
        ),
        "row 5: the list in column 'candidate_q' has 1 values, wanted 2 as in the other lists of the row",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(tmp_path: Path, name: str) -> None:
    write, message = BAD_FILES[name]
    path = tmp_path / "bad.parquet"
    write(path)
    out = tmp_path / "out.json"
    called = call("ope", path, "-e", ",".join(NAMES), "--format", "json", "--out", out)
    assert called.status == 1
    assert called.error.startswith(str(path))
    assert message in called.error
    assert not out.exists()


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for name in ("no.parquet", "no*.parquet", "no/"):
        called = call("ope", tmp_path / name)
        assert called.status == 1
        assert str(tmp_path) in called.error
    (tmp_path / "empty").mkdir()
    called = call("ope", tmp_path / "empty")
    assert called.status == 1
    assert str(tmp_path / "empty") in called.error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "nobody"], "no column 'nobody'"),
        (["--cluster", "nobody"], "no column 'nobody'"),
        (["--where", "nobody > 1"], "no column 'nobody'"),
        (["--where", "country > 1"], "column 'country'"),
        (["--where", "user < 0"], "no rows match 'user < 0', wanted at least one"),
        (["--column", "reward=clicks"], "no column 'clicks'"),
    ],
)
def test_options_that_do_not_fit_the_data(log: Path, arguments: list[str], message: str) -> None:
    called = call("ope", log, *arguments)
    assert called.status == 1
    assert str(log) in called.error
    assert message in called.error


def test_bad_data_in_a_process_of_its_own(tmp_path: Path) -> None:
    pq.write_table(with_one("propensity", 0.0), tmp_path / "log.parquet", row_group_size=50)
    called = run("ope", tmp_path / "log.parquet", "--threads", 2, "--quiet")
    assert called.status == 1
    assert called.error == (
        f"{tmp_path}/log.parquet, row 5: column 'propensity' is 0.0, wanted a probability in (0, 1]"
    )


def test_one_bad_row_in_the_last_of_many_leaves(tmp_path: Path) -> None:
    for part in range(5):
        pq.write_table(TABLE, tmp_path / f"part-{part}.parquet")
    pq.write_table(with_one("reward", math.nan, row=399), tmp_path / "part-9.parquet")
    called = call("ope", tmp_path, "--threads", 4)
    assert (
        called.error == f"{tmp_path}/part-9.parquet, row 400: column 'reward' is nan, wanted a finite number"
    )


# Rankings of a deterministic logger.


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    path = tmp_path / "clicks.parquet"
    pq.write_table(pa.table(naive_clicks.random_log(200, seed=1, unshown=3)), path)
    return path


def test_clicks_go_with_a_curve_an_estimand_and_candidates(clicks: Path, tmp_path: Path) -> None:
    bias = tmp_path / "bias.json"
    bias.write_text('{"positions": [1, 2, 3, 4, 5, 6], "examination": [1, 0.6, 0.5, 0.4, 0.3, 0.25]}')
    asked = ["click_ips", "click_dcg@3", "click_snips"]
    options = ["--position-bias", bias, "--estimand", "full", "--target", "a=score", "--target", "b=other"]
    called = call("ope", clicks, "--format", "json", "-e", ",".join(asked), *options)
    assert (called.status, called.err) == (0, "")
    wanted = ope(
        str(clicks),
        asked,
        position_bias=str(bias),
        estimand="full",
        target={"a": "score", "b": "other"},
    )
    assert called.result == wanted.to_dict()
    table = call("ope", clicks, "-e", ",".join(asked), *options)
    assert "a bounded index for comparing candidates" in " ".join(table.out.split())
    csv_ = call("ope", clicks, "-e", ",".join(asked), "--format", "csv", *options)
    assert "a bounded index for comparing candidates" in csv_.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-e", "click_precision"], 2, "estimator 'click_precision': found no cutoff"),
        (["-e", "click_ips", "--estimand", "both"], 2, "estimand: found 'both', wanted rerank or full"),
        (["-e", "click_ips", "--position-bias", "{bias}"], 1, "bias.json: is no JSON"),
        (["-e", "click_ips", "--position-bias", "no.json"], 1, "no.json: cannot be read"),
        (["-e", "click_ips", "--target", "a=nobody"], 1, "no column 'nobody' for target 'a'"),
        (["--position-bias", "{bias}", "--out", "{bias}"], 2, "bias.json: is an input"),
    ],
)
def test_wrong_calls_with_clicks(
    clicks: Path, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    bias = tmp_path / "bias.json"
    bias.write_text("examination: 1")
    called = call("ope", clicks, *(argument.format(bias=bias) for argument in arguments))
    assert called.status == status
    assert message in called.error


def test_null_clicks_and_positions_from_0_reach_the_python_call(tmp_path: Path) -> None:
    rows = {"session_id": [1, 1], "position": [0, 2], "click": [1, None], "score": [1.0, 2.0]}
    log, bias = tmp_path / "log.parquet", tmp_path / "bias.json"
    pq.write_table(pa.table(rows), log)
    bias.write_text("[1.0, 0.8, 0.5]")
    options = ["--null-reward", "zero", "--first-position", "0", "--format", "json"]
    found = json.loads(call("ope", log, "-e", "click_ips", "--position-bias", bias, *options).out)
    assert found["results"][0]["value"] == 0.5
    assert found["inputs"]["null_reward"] == "zero"
    assert found["inputs"]["first_position"] == 0


def test_several_columns_are_one_id(tmp_path: Path) -> None:
    rows = {
        "day": [1, 1, 2],
        "session_id": [1, 1, 1],
        "position": [1, 2, 1],
        "click": [1, 0, 1],
        "score": [1.0] * 3,
    }
    log, bias = tmp_path / "log.parquet", tmp_path / "bias.json"
    pq.write_table(pa.table(rows), log)
    bias.write_text("[1.0, 0.8]")
    options = ["--column", "session_id=day,session_id", "--format", "json"]
    found = json.loads(call("ope", log, "-e", "click_ips", "--position-bias", bias, *options).out)
    assert found["n"] == 2


@pytest.mark.parametrize(
    ("gap", "level", "ends"),
    [
        (0.0, "trust", {"trust": 0, "caution": 0}),
        (0.03, "caution", {"trust": 3, "caution": 0}),
        (0.3, "do not trust", {"trust": 3, "caution": 3}),
    ],
)
def test_a_verdict_worse_than_fail_under_ends_with_status_3(
    tmp_path: Path, gap: float, level: str, ends: dict[str, int]
) -> None:
    """The target takes an action that is never logged in a share of the rounds; the output is as ever."""
    n = 4_000
    draw = np.random.default_rng(1)
    log = {
        "action": draw.integers(0, 2, n),
        "reward": (draw.random(n) < 0.5) * 1.0,
        "candidate_propensities": [[0.5, 0.5, 0.0]] * n,
        "candidate_target_propensities": [[0.6 * (1 - gap), 0.4 * (1 - gap), gap]] * n,
    }
    pq.write_table(pa.table(log), tmp_path / "log.parquet")
    command = ("ope", tmp_path / "log.parquet", "--estimator", "snips", "--format", "json")
    plain = call(*command)
    assert (plain.status, json.loads(plain.out)["verdict"]["level"]) == (0, level)
    for limit, status in ends.items():
        gated = call(*command, "--fail-under", limit)
        assert (gated.status, gated.out) == (status, plain.out)
        told = f"verdict: {level}, below --fail-under {limit}" in gated.err
        assert told == (status == 3)
