"""Memory does not grow with the log: from two million rows on, more rows take no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.paths import REPO

SMALL, LARGE = 2_000_000, 5_000_000
#: What the additional rows take in memory, in MB.
ROWS_TAKE = (LARGE - SMALL) * 4 * 8 / 1e6
#: Runs a command, and prints the peak of its memory. The measures of ``wait`` hold that of the parent too.
CHILD = """
import atexit, sys
def tell():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print("peak", lines["VmHWM"].split()[0], file=sys.stderr)
atexit.register(tell)
from rankeval.cli.main import main
main()
"""


def write(rows: int, path: Path) -> None:
    """A file that is a single row group."""
    rng = np.random.default_rng(0)
    columns = {
        "reward": rng.integers(0, 2, rows).astype(float),
        "propensity": rng.uniform(0.1, 1.0, rows),
        "target_propensity": rng.random(rows),
        "round_id": np.arange(rows),
    }
    pq.write_table(pa.table(columns), path, row_group_size=rows, compression="none", use_dictionary=False)


def peak(*arguments: str) -> float:
    """Of a command, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]) * 1024 / 1e6


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not tell the peak of memory"
)
def test_of_a_log_in_one_row_group(tmp_path: Path) -> None:
    peaks = []
    for rows in (SMALL, LARGE):
        path = tmp_path / f"{rows}.parquet"
        write(rows, path)
        options = ("--ci", "normal,bootstrap", "--threads", "1", "--quiet", "--format", "json")
        peaks.append(peak("ope", str(path), "-e", "ips,snips", *options))
    assert peaks[1] - peaks[0] < ROWS_TAKE / 3, peaks
