"""Messages of long work on stderr: a progress line on a terminal, and one-line notices."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

#: Seconds before progress is shown; shorter work shows none.
PATIENCE = 1.0
_quiet = False


def silence() -> None:
    """Switch off progress and notices for the rest of the process (option ``--quiet``)."""
    global _quiet
    _quiet = True


def message_stream() -> TextIO | None:
    """The stream for notices, or None after :func:`silence`."""
    return None if _quiet else sys.stderr


def notice(message: str) -> None:
    """Print one line on stderr, also where stderr is not a terminal."""
    if (stream := message_stream()) is not None:
        print(f"rankeval: {message}", file=stream, flush=True)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Yield a function to call after each of ``total`` steps, or after several with their number.

    The progress line is erased at the end. ``total`` is None if it is not known.
    """
    shown = sys.stderr.isatty() and not _quiet
    started, done, written = time.monotonic(), 0, False

    def advance(steps: int = 1) -> None:
        nonlocal done, written
        done += steps
        if shown and time.monotonic() - started > PATIENCE:
            written = True
            of = "" if total is None else f" of {total}"
            print(f"\r{what}: {done}{of}", end="", file=sys.stderr, flush=True)

    try:
        yield advance
    finally:
        if written:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
