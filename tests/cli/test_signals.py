from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.helpers import start
from tests.paths import REPO

ROWS = 2_000_000


@pytest.fixture(scope="module")
def ungrouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ranking log whose sessions lie apart, so that it is sorted first, by native code."""
    path = tmp_path_factory.mktemp("signals") / "log.parquet"
    rng = np.random.default_rng(0)
    columns = {
        "session_id": rng.permutation(ROWS) // 2,
        "item_id": rng.integers(0, 9, ROWS),
        "position": rng.integers(1, 3, ROWS),
        "click": rng.integers(0, 2, ROWS),
        "propensity": rng.random(ROWS),
        "target_propensity": rng.random(ROWS),
    }
    pq.write_table(pa.table(columns), path, compression="none")
    return path


def seconds_to_end(log: Path, folder: Path, number: signal.Signals, status: int, said: str) -> float:
    """From the signal, sent while rows are sorted, to the end of the process, which must leave nothing."""
    scratch, out = folder / "scratch", folder / "out"
    for each in (scratch, out):
        each.mkdir(parents=True)
    arguments = ("ope", log, "-e", "iips", "--quiet", "--out", out / "result.json")
    process = start(*arguments, environment={"TMPDIR": str(scratch)})
    while not any(scratch.iterdir()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    sent = time.monotonic()
    _, err = process.communicate(timeout=60)
    seconds = time.monotonic() - sent
    assert (process.returncode, err) == (status, said)
    assert [*scratch.iterdir(), *out.iterdir()] == []
    return seconds


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, "rankeval: interrupted\n"), (signal.SIGTERM, 143, "rankeval: terminated\n")],
    ids=["interrupt", "end"],
)
def test_a_command_that_sorts_ends_within_two_seconds_and_leaves_nothing(
    ungrouped: Path, tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    # A machine that is busy with other work may be late, but not each time.
    attempts = (
        seconds_to_end(ungrouped, tmp_path / str(attempt), number, status, said) for attempt in range(4)
    )
    assert any(seconds < 2.0 for seconds in attempts)


#: What a process does from the first line of rankeval on, with a signal that has come before.
EARLY = """if True:
    import os, signal, sys
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIG%s})
    os.kill(os.getpid(), signal.SIG%s)
    from rankeval.cli.__main__ import start
    sys.argv = ["rankeval", "--version"]
    import time
    sys.modules["rankeval.cli.main"] = type("Slow", (), {"main": lambda: time.sleep(60)})
    start()
"""


@pytest.mark.parametrize(("name", "status"), [("INT", 130), ("TERM", 143)])
def test_a_signal_before_the_command_is_loaded_ends_in_one_line(name: str, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY % (name, name)], cwd=REPO, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert done.stderr.startswith("rankeval: ")


def test_next_to_nothing_is_imported_before_signals_are_blocked() -> None:
    """Until then, an interrupt is a traceback."""
    code = """if True:
        import os, sys
        old = set(sys.modules)
        import rankeval.cli.__main__
        print(*sorted(set(sys.modules) - old))
    """
    # Without "site", which loads what the environment asks for; but for ``os``, each Python loads that.
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=50)
    assert done.stdout == "rankeval rankeval.cli rankeval.cli.__main__ rankeval.cli.signals\n"


def test_an_interrupt_while_signals_are_being_blocked_ends_in_one_line() -> None:
    code = """if True:
        import _signal
        from rankeval.cli.__main__ import start
        def interrupted(number):
            raise KeyboardInterrupt
        _signal.getsignal = interrupted
        start()
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (130, "rankeval: interrupted\n")
