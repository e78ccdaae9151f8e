from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rankeval
from rankeval import DataError, UsageError
from rankeval.cli import main as module
from rankeval.cli.main import COMMANDS
from tests.cli.helpers import REPO, call, imported_by, run, start
from tests.naive_off_policy import random_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("main") / "log.parquet"
    pq.write_table(pa.table(random_log(300, seed=1)), path)
    return path


KNOWN = ", ".join(COMMANDS)


# Help.


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_the_commands(option: str) -> None:
    called = call(option)
    assert (called.status, called.err) == (0, "")
    assert called.out.startswith("Usage: rankeval [OPTIONS] COMMAND [ARGS]...")
    for command in COMMANDS:
        assert f"\n  {command} " in called.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example_and_fits_a_terminal(command: str) -> None:
    called = call(command, "--help")
    assert (called.status, called.err) == (0, "")
    assert called.out.startswith(f"Usage: rankeval {command} ")
    assert max(map(len, called.out.splitlines())) <= 80
    assert re.search(rf"\n  Examples?:\n    rankeval {command} ", called.out)


def test_every_command_is_a_file_and_every_option_is_explained() -> None:
    files = {path.stem for path in (REPO / "cli").glob("*.py")} - {
        "__init__",
        "__main__",
        "demo_summary",
        "demo_world",
        "main",
        "options",
        "signals",
        "typed",
    }
    assert files == set(COMMANDS)
    context = click.Context(module.rankeval, info_name="rankeval")
    for name in COMMANDS:
        command = module.rankeval.get_command(context, name)
        assert command is not None
        assert command.help
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name}"


def test_a_bare_call_shows_help_and_is_wrong() -> None:
    called = call()
    assert (called.status, called.out) == (2, "")
    assert called.err == call("--help").out


def test_version() -> None:
    called = call("--version")
    assert called.status == 0
    assert rankeval.__version__ in called.out


# Wrong calls.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evalute"], f"unknown command 'evalute': did you mean 'evaluate'? known are {KNOWN}"),
        (["OPE"], "unknown command 'OPE'"),
        (["zzz"], f"unknown command 'zzz': known are {KNOWN}"),
        (["--nothing"], "--nothing"),
        (["ope"], "Missing argument 'LOG'. (try: rankeval ope --help)"),
        (["ope", "a", "b"], "(try: rankeval ope --help)"),
        (["ope", "a", "--estimators", "ips"], "No such option"),
        (["ope", "a", "--format", "xml"], "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (["ope", "a", "--threads", "0"], "Invalid value for '--threads'"),
        (["ope", "a", "--level", "high"], "'high' is not a valid float"),
        (["ope", "a", "--column", "reward"], "--column: found 'reward', wanted NAME=VALUE"),
        (["ope", "a", "--column", "=reward"], "--column: found '=reward', wanted NAME=VALUE"),
        (["evaluate"], "Missing argument '[NAME=]RUN...'. (try: rankeval evaluate --help)"),
        (["demo", "--out"], "Option '--out' requires an argument"),
    ],
)
def test_wrong_calls(arguments: list[str], message: str) -> None:
    called = call(*arguments)
    assert called.status == 2
    assert message in called.error


# Statuses of what a command raises.


def status_of(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Any:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(rankeval, "ope", fails)
    return call("ope", "log.parquet")


@pytest.mark.parametrize(
    ("error", "status", "err"),
    [
        (DataError("file: column 'a'\n is wrong"), 1, "rankeval: error: file: column 'a' is wrong\n"),
        (UsageError("no such thing"), 2, "rankeval: error: no such thing\n"),
        (
            PermissionError(13, "Permission denied", "/x"),
            1,
            "rankeval: error: [Errno 13] Permission denied: '/x'\n",
        ),
        (MemoryError(), 1, "rankeval: error: out of memory\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_are_one_line_and_a_status(
    error: Exception, status: int, err: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = status_of(error, monkeypatch)
    assert (called.status, called.out, called.err) == (status, "", err)


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    called = status_of(KeyboardInterrupt(), monkeypatch)
    assert (called.status, called.out, called.err.strip()) == (130, "", "rankeval: interrupted")


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        status_of(ZeroDivisionError(), monkeypatch)


def test_control_c_ends_a_process_with_130_and_without_a_traceback() -> None:
    code = """
        import os, signal, sys
        import rankeval
        from rankeval.cli.main import main

        def interrupted(*arguments, **options):
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()

        rankeval.ope = interrupted
        sys.argv = ["rankeval", "ope", "log.parquet"]
        main()
    """
    program = "\n".join(line.removeprefix(" " * 8) for line in code.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "rankeval: interrupted")


# Output that cannot be written.


def test_a_reader_that_stops_reading_is_no_error(log: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("ope", log, "--quiet", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGPIPE
    assert err == ""


def test_head_gets_its_line(log: Path) -> None:
    command = f"{sys.executable} -m rankeval.cli ope {log} --by user --format csv --quiet | head -1"
    done = subprocess.run(
        command, shell=True, cwd=REPO, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("name,target,segment,estimand,")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_one_line(log: Path) -> None:
    for arguments in (["ope", log, "--quiet"], ["--help"], ["ope", "--help"]):
        with open("/dev/full", "w") as full:
            called = run(*arguments, stdout=full)
        assert called.status == 1
        assert called.error == "[Errno 28] No space left on device"


# Start-up.

SLOW = {"duckdb", "lightgbm", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "rich", "scipy", "sklearn"}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        ([], 2),
        (["ope", "--help"], 0),
        (["evaluate", "--help"], 0),
        (["evalute"], 2),
        (["ope"], 2),
    ],
    ids=str,
)
def test_help_and_wrong_calls_import_nothing_slow(arguments: list[str], status: int) -> None:
    found, packages = imported_by(*arguments)
    assert found == status
    assert "click" in packages
    assert packages & SLOW == set()


def test_a_job_imports_only_what_it_uses(log: Path) -> None:
    status, packages = imported_by("ope", log, "--format", "json", "--ci", "normal,bootstrap")
    assert status == 0
    assert packages & SLOW == {"llvmlite", "numba", "numpy", "pyarrow"}


@pytest.mark.parametrize(("closed", "status"), [("2>&-", 0), ("0<&- 2>&-", 0), (">&-", 2)])
def test_closed_standard_streams(log: Path, tmp_path: Path, closed: str, status: int) -> None:
    command = f'"{sys.executable}" -m rankeval.cli ope "{log}" --format json {closed}'
    done = subprocess.run(
        ["sh", "-c", command], cwd=REPO, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status
    if status == 0:
        assert json.loads(done.stdout)["command"] == "ope"
    else:
        assert done.stderr == "rankeval: error: stdout is closed; wanted one to write to, or --out FILE\n"


def test_an_early_end_of_a_file_is_no_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    called = status_of(EOFError("Ran out of input"), monkeypatch)
    assert (called.status, called.err) == (1, "rankeval: error: a file ends too early: Ran out of input\n")


def test_a_long_wrong_name_is_a_short_message() -> None:
    for arguments in (["1" * 30_000], ["ope", "x", "--folds", "\x1b" + "1" * 30_000]):
        called = call(*arguments)
        assert called.status == 2
        assert (len(called.err) < 2_100, called.err.count("\n"), "\x1b" in called.err) == (True, 1, False)
