from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import UsageError, progress
from rankeval.cli.options import be_quiet, pairs
from rankeval.cli.typed import command_line
from rankeval.options import listed
from tests.cli.helpers import call, run
from tests.naive_off_policy import random_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("options") / "log.parquet"
    pq.write_table(pa.table(random_log(3000, seed=1)), path)
    return path


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ("normal", ["normal"]),
        ("normal, bootstrap", ["normal", "bootstrap"]),
        (["ips,snips", "dr"], ["ips", "snips", "dr"]),
        ([",ips,,"], ["ips"]),
        ([], []),
        ("", []),
    ],
)
def test_listed(values: str | list[str], wanted: list[str]) -> None:
    assert listed(values) == wanted


def test_pairs() -> None:
    assert pairs("--column", ["reward=clicks", "score=a=b"]) == {"reward": "clicks", "score": "a=b"}
    for wrong in ("reward", "reward=", "=clicks"):
        with pytest.raises(UsageError, match=f"--column: found '{wrong}', wanted NAME=VALUE"):
            pairs("--column", ["a=b", wrong])


def test_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "_quiet", False)
    be_quiet(False)
    progress.notice("one")
    be_quiet(True)
    progress.notice("two")
    assert capsys.readouterr().err == "rankeval: one\n"


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("table", "The target policy would earn "),
        ("json", "{\n"),
        ("csv", "name,target,segment,"),
        ("markdown", "**The target policy would earn "),
        ("latex", "% The target policy would earn "),
    ],
)
def test_formats_to_stdout_and_to_a_file(log: Path, tmp_path: Path, form: str, start: str) -> None:
    called = call("ope", log, "--format", form)
    assert (called.status, called.err) == (0, "")
    assert called.out.startswith(start)
    assert called.out.endswith("\n")
    assert not called.out.endswith("\n\n")
    out = tmp_path / "result.txt"
    written = call("ope", log, "--format", form, "--out", out)
    assert (written.status, written.out, written.err) == (0, "", "")
    assert out.read_text() == called.out
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


def test_a_file_is_replaced_whole_or_left_alone(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    out.write_text("before")
    assert call("ope", log, "--format", "json", "--where", "user > 9999", "--out", out).status == 1
    assert out.read_text() == "before"
    assert call("ope", log, "--format", "json", "--out", out).status == 0
    assert json.loads(out.read_text())["n"] == 3000
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_places_that_cannot_be_written(log: Path, tmp_path: Path) -> None:
    for option in ("--out", "--report"):
        called = call("ope", log, option, tmp_path / "no" / "result.txt")
        assert called.status == 1
        assert called.error == (
            f"{tmp_path}/no/result.txt: cannot be written, there is no folder {tmp_path}/no"
        )
    # Before any work, so that nothing was read.
    assert "no folder" in call("ope", "no such log", "--out", tmp_path / "no" / "result.txt").error
    called = call("ope", log, "--out", tmp_path)
    assert called.status == 2
    assert "is a directory" in called.error


def test_tables_are_as_wide_as_the_terminal_and_never_wrapped_in_a_pipe(log: Path) -> None:
    arguments = (
        "ope",
        log,
        "--by",
        "country",
        "--ci",
        "normal,bootstrap_t",
        "--estimator",
        "cips:max_weight=5",
    )
    pipe, narrow, wide = call(*arguments), call(*arguments, columns=80), call(*arguments, columns=140)
    assert pipe.out == wide.out
    assert len(narrow.out.splitlines()) > len(pipe.out.splitlines())
    widths = [
        max(len(line) for line in called.out.splitlines() if "warning" not in line)
        for called in (narrow, pipe)
    ]
    assert widths[0] <= 80 < widths[1]


def test_threads_do_not_change_the_result(log: Path) -> None:
    outs = {call("ope", log, "--format", "json", "--ci", "bootstrap", "--threads", n).out for n in (1, 2, 8)}
    assert len(outs) == 1


def test_columns_by_role(log: Path, tmp_path: Path) -> None:
    table = pq.read_table(log).rename_columns({"reward": "clicks", "propensity": "p"})
    pq.write_table(table, tmp_path / "log.parquet")
    renamed = call("ope", tmp_path / "log.parquet", "--column", "reward=clicks", "--column", "propensity=p")
    assert renamed == call("ope", log)
    wrong = call("ope", tmp_path / "log.parquet", "--column", "reward=click")
    assert wrong.status == 1
    assert "no column 'click'" in wrong.error
    unknown = call("ope", log, "--column", "rewards=click")
    assert unknown.status == 2
    assert "--column rewards=...: no such role" in unknown.error


def test_a_result_survives_what_stdout_cannot_encode_and_csv_keeps_its_warnings(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("reward,propensity,target_propensity\n1,0.5,0.25\n0,0.5,0.5\n")
    shown = run("ope", log, "--quiet", environment={"PYTHONIOENCODING": "ascii"})
    assert (shown.status, shown.err) == (0, "")
    assert "ips" in shown.out
    written = call("ope", log, "--format", "csv")
    assert written.status == 0
    assert "rankeval: warning: " in written.err
    assert "warning" not in written.out
    over = call("ope", log, "--out", log)
    assert over.status == 2
    assert "is an input" in over.error


def test_a_command_without_what_changes_no_number() -> None:
    words = ["ope", "a log", "--out", "x", "--format=json", "--threads", "2", "--quiet", "--by", "out"]
    assert command_line(words) == "rankeval ope 'a log' --by out"
    assert command_line(["train", "d", "--out", "m", "--report", "p"], writes=False) == (
        "rankeval train d --out m"
    )
