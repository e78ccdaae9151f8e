"""A process that runs one command after another, each under limits of memory and time."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

#: Bytes of address space that a command may add to those of the process, and its seconds of processor time.
MEMORY, SECONDS = 2 << 30, 10
STDOUT, STDERR = ".stdout", ".stderr"
#: Where the system tells how large a process is, in pages.
_SIZE = Path("/proc/self/statm")


def serve() -> None:
    """Answer each line of stdin, a list of arguments, with a line: the exit status, or the traceback."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in requests:
        answers.write(json.dumps(_run(json.loads(line))) + "\n")
        answers.flush()


def _run(arguments: list[str]) -> dict[str, Any]:
    _redirect()
    _limit()
    sys.argv = ["rankeval", *arguments]
    from rankeval import progress
    from rankeval.cli.main import main

    progress._quiet = False
    with warnings.catch_warnings():
        try:
            main()
        except SystemExit as ended:
            return {"status": ended.code or 0}
        except BaseException:
            return {"status": 1, "traceback": traceback.format_exc()}
        finally:
            sys.stdout.flush()
    return {"status": 0}


def _redirect() -> None:
    """Standard streams that are new files, also for what native code writes."""
    for number, name in ((1, STDOUT), (2, STDERR)):
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout, sys.stderr = (os.fdopen(os.dup(n), "w", encoding="utf-8") for n in (1, 2))
    faulthandler.enable(2)


def _limit() -> None:
    if _SIZE.exists():  # on Linux
        size = int(_SIZE.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, size + MEMORY)
    _lower(resource.RLIMIT_CPU, int(time.process_time()) + 1 + SECONDS)


def _lower(limit: int, value: int) -> None:
    resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))


if __name__ == "__main__":
    serve()
