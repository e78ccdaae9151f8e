"""What long work says on stderr: progress on a terminal, notices of what takes its time, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

#: Work that ends sooner shows no progress.
PATIENCE = 1.0
_quiet = False


def silence() -> None:
    """Neither progress nor notices from now on, as ``--quiet`` asks."""
    global _quiet
    _quiet = True


def message_stream() -> TextIO | None:
    """Where notices go, None if nobody wants them."""
    return None if _quiet else sys.stderr


def notice(message: str) -> None:
    """One line on stderr, in a pipe too."""
    if (stream := message_stream()) is not None:
        print(f"rankeval: {message}", file=stream, flush=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function to call after each of ``total`` steps; the line is erased at the end."""
    shown = sys.stderr.isatty() and not _quiet
    started, done, written = time.monotonic(), 0, False

    def advance() -> None:
        nonlocal done, written
        done += 1
        if shown and time.monotonic() - started > PATIENCE:
            written = True
            print(f"\r{what}: {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield advance
    finally:
        if written:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
