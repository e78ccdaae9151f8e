"""How the tests call the command line: in this process, or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from rankeval import progress
from rankeval.arrays import kernels
from rankeval.cli.main import main
from tests.paths import REPO


@dataclass(frozen=True)
class Called:
    """What a call left."""

    status: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The result on stdout, without the command that made it, which stands beside its name."""
        found: dict[str, Any] = json.loads(self.out)
        assert list(found)[:3] == ["schema", "command", "command_line"]
        assert found.pop("command_line").startswith(f"rankeval {found['command']}")
        return found

    @property
    def error(self) -> str:
        """The one line on stderr of a call that failed with nothing on stdout."""
        assert self.status != 0
        assert self.out == ""
        assert self.err.startswith("rankeval: error: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        return self.err.removeprefix("rankeval: error: ").rstrip("\n")


def call(*arguments: object, columns: int | None = None) -> Called:
    """Run a command in this process; ``columns`` stands for the width of the terminal."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = 0
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {} if columns is None else {"COLUMNS": str(columns)}
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["rankeval", *map(str, arguments)]),
        patch.object(progress, "_quiet", False),
        patch.object(kernels, "notice", lambda message: None),  # only a fresh machine compiles
        patch.dict(os.environ, environment, clear=True),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    return Called(status, out.getvalue(), err.getvalue())


def start(
    *arguments: object, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[str]:
    """Start a command as a process; its output is captured as text unless ``options`` say otherwise."""
    command = [sys.executable, "-m", "rankeval.cli", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    # An empty value is none: output is buffered, as users have it.
    variables = {**os.environ, "PYTHONUNBUFFERED": "", **(environment or {})}
    return subprocess.Popen(command, cwd=REPO, text=True, env=variables, **pipes)


def run(*arguments: object, environment: Mapping[str, str] | None = None, **options: Any) -> Called:
    """Run a command as a process."""
    process = start(*arguments, environment=environment, **options)
    out, err = process.communicate(timeout=60)
    return Called(process.returncode, out or "", err or "")


def imported_by(*arguments: object) -> tuple[int, set[str]]:
    """Exit status of a process that runs a command, and the top-level packages that it imported."""
    code = """if True:
        import atexit, sys
        from rankeval.cli.main import main
        loaded = lambda: {name.split(".")[0] for name, module in sys.modules.items() if module is not None}
        atexit.register(lambda: print(*loaded(), file=sys.stderr))
        main()
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=REPO, text=True, capture_output=True, timeout=60, check=False)
    return done.returncode, set(done.stderr.splitlines()[-1].split())
