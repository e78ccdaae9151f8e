"""Run a command as a process of its own and see what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Finished:
    """Wall-clock seconds, peak resident memory in MB (10^6 bytes), and what the command printed."""

    seconds: float
    megabytes: float
    stdout: str


def run(arguments: list[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run ``python ARGUMENTS`` to its end; a failure is raised with what it said on stderr.

    The caller should be small: where the system counts the moment between fork and exec, its own memory is
    the least that a child can be seen to use.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments], stdout=out, stderr=err, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{err.read().decode()}")
        unit = 1 if sys.platform == "darwin" else 1024
        return Finished(seconds, usage.ru_maxrss * unit / 1e6, out.read().decode())
