from __future__ import annotations

import signal
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.helpers import start

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


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, "rankeval: interrupted\n"), (signal.SIGTERM, 143, "rankeval: terminated\n")],
    ids=["interrupt", "end"],
)
def test_a_command_that_sorts_ends_within_two_seconds_and_leaves_nothing(
    ungrouped: Path, tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    out.mkdir()
    process = start(
        "ope", ungrouped, "-e", "iips", "--quiet", "--out", out / "result.json",
        environment={"TMPDIR": str(scratch)},
    )  # fmt: skip
    while not any(scratch.iterdir()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    sent = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 2.0
    assert (process.returncode, err) == (status, said)
    assert [*scratch.iterdir(), *out.iterdir()] == []
