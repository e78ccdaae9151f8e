"""Runs a command as a separate process, and measures its time and memory."""

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
    """A finished process: wall-clock seconds, peak resident memory in MB (10^6 bytes), and its output."""

    seconds: float
    megabytes: float
    stdout: str


def run(arguments: list[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run ``python ARGUMENTS`` to its end.

    The calling process should use little memory. Some systems count the memory between fork and exec, so the
    memory of the caller is then a lower bound of the memory measured.

    Raises:
        RuntimeError: the command fails; the message has its stderr.
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
