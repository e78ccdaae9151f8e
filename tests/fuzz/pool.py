"""Processes that run cases, and are replaced when they die."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rankeval.temporary_files import is_temporary
from tests.fuzz.targets import CHANGED, OUT, Case
from tests.fuzz.worker import STDERR, STDOUT
from tests.paths import REPO

#: Seconds until a process that does not use the processor counts as hanging, and cases until it is replaced.
PATIENCE, CASES = 60, 500
#: Seconds on the processor in that time, up to which it does not use it: a busy machine leaves it little.
_IDLE = 0.2
RECENT = 20
_VARIABLES = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "COLUMNS": "100", "PYTHONPATH": str(REPO)}
_SHOWN = 1 << 20
#: Temporary files of other libraries: onnxruntime keeps the number of its session.
_FOREIGN = {".ses"}


@dataclass(frozen=True)
class Outcome:
    """What a case left.

    Attributes:
        status: the exit status; minus the number of the signal that ended the process.
        out: the first part of stdout.
        err: the same of stderr.
        traceback: of an exception that the command line let pass.
        leftover: temporary files.
        written: name -> text of JSON files that it wrote.
    """

    status: int
    out: str
    err: str
    traceback: str
    leftover: tuple[str, ...]
    written: dict[str, str]


class Worker:
    """One process, in a folder of its own with a copy of the seeds. A context manager."""

    def __init__(self, seeds: Path, folder: Path) -> None:
        shutil.copytree(seeds, folder)
        self._folder = folder
        self._seeds = {path.name: path.read_bytes() for path in seeds.iterdir() if path.is_file()}
        self._process: subprocess.Popen[str] | None = None
        self._since_start: list[Case] = []

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    @property
    def recent(self) -> list[Case]:
        """The last cases of the process, of which any may have damaged its memory, oldest first."""
        return self._since_start[-RECENT:]

    def run(self, case: Case) -> Outcome:
        """Run a case in clean folders."""
        for name in (CHANGED, OUT, "tmp"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
            (self._folder / name).mkdir()
        self._since_start.append(case)
        if case.file:
            self._write(case)
        answer = self._answer(case.arguments)
        outcome = Outcome(
            answer["status"],
            self._text(STDOUT),
            self._text(STDERR),
            answer.get("traceback", ""),
            tuple(self._leftover()),
            {path.name: self._text(f"{OUT}/{path.name}") for path in (self._folder / OUT).glob("*.json")},
        )
        self._restore()
        return outcome

    def _write(self, case: Case) -> None:
        folder, _, inner = case.file.partition("/")
        if inner:
            shutil.copytree(self._folder / folder, self._folder / CHANGED / folder)
        (self._folder / CHANGED / case.file).write_bytes(case.data)

    def _answer(self, arguments: tuple[str, ...]) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
        answered = _answers(process)
        line = process.stdout.readline() if answered else ""
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        status = process.wait() if answered else -signal.SIGXCPU
        self._stop()
        return {"status": status}

    def _started(self) -> subprocess.Popen[str]:
        if len(self._since_start) > CASES:
            self._stop()
        if self._process is None:
            self._since_start = self._since_start[-1:]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker"],
                cwd=self._folder,
                env={**os.environ, **_VARIABLES, "TMPDIR": str(self._folder / "tmp")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _text(self, name: str) -> str:
        with (self._folder / name).open("rb") as file:
            return file.read(_SHOWN).decode(errors="backslashreplace")

    def _leftover(self) -> list[str]:
        found = [path for path in self._folder.rglob("*") if is_temporary(path.name)]
        found += [path for path in (self._folder / "tmp").iterdir() if path.name not in _FOREIGN]
        return sorted({str(path.relative_to(self._folder)) for path in found})

    def _restore(self) -> None:
        """Remove what was written elsewhere, and write seeds anew that an option named as an output."""
        for path in self._folder.iterdir():
            if path.is_file() and path.name not in (*self._seeds, STDOUT, STDERR):
                path.unlink()
        for name, data in self._seeds.items():
            path = self._folder / name
            if not path.is_file() or path.stat().st_size != len(data):
                path.write_bytes(data)


def _answers(process: subprocess.Popen[str]) -> bool:
    """Wait for a line while the process uses the processor; its limit ends it if it does so for long."""
    before, now = -1.0, _processor_seconds(process.pid)
    while now - before > _IDLE:
        if select.select([process.stdout], [], [], PATIENCE)[0]:
            return True
        before, now = now, _processor_seconds(process.pid)
    return False


def _processor_seconds(number: int) -> float:
    """Time on the processor of a process, where the system tells it."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
