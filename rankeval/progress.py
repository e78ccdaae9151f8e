"""Messages of long work on stderr: a progress line on a terminal or in a notebook, and one-line notices."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from rankeval.errors import one_line

#: Seconds before progress is shown; shorter work shows none.
PATIENCE = 1.0
_quiet = False
#: Held by the work that has the progress line; work inside it, or beside it in another thread, shows none.
_line = threading.Lock()


def silence() -> None:
    """Switch off progress and notices for the rest of the process (option ``--quiet``)."""
    global _quiet
    _quiet = True


def is_silent() -> bool:
    """Whether nobody would see a notice, so that it need not be made."""
    return _quiet or sys.stderr is None


def notice(message: str) -> None:
    """Print one line on stderr, also where stderr is not a terminal; nothing after :func:`silence`."""
    if not _quiet:
        tell(one_line(f"rankeval: {message}"))


def tell(line: str, end: str = "\n") -> None:
    """Write text on stderr. A process may lack it, or the reader may have closed it: then nobody is told."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(line, end=end, file=sys.stderr, flush=True)


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # no stderr, one without this method, or a closed one
        return False


def _in_notebook() -> bool:
    """Whether stderr is shown below a cell, which goes back to the start of a line but erases nothing."""
    return type(sys.stderr).__module__.startswith("ipykernel.")


class Advance(Protocol):
    """Tells that one more step is done, or ``steps``; ``detail`` is shown at the end of the line."""

    def __call__(self, detail: str = "", steps: int = 1) -> None: ...


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Yield a function to call after each of ``total`` steps; None if their number is not known.

    The line shows the steps done, the rate, the time left, and the detail of the last step. It is erased at
    the end. While it is there, work that this work starts shows no line of its own.
    """
    mine = _line.acquire(blocking=False)
    notebook = _in_notebook()
    shown = mine and not _quiet and (notebook or _on_terminal())
    started, done, written = time.monotonic(), 0, 0

    def advance(detail: str = "", steps: int = 1) -> None:
        nonlocal done, written
        done += steps
        seconds = time.monotonic() - started if shown else 0.0
        if seconds > PATIENCE:
            rate = done / seconds
            many = f"{what}: {done}" if total is None else f"{what}: {done} of {total}"
            left = "" if total is None else f"{(total - done) / rate:.0f} s left"
            line = ", ".join(part for part in (many, f"{rate:.3g} a second", left, detail) if part)
            rest = " " * (written - len(line)) if notebook else "\x1b[K"
            tell(f"\r{line}{rest}", end="")
            written = len(line)

    try:
        yield advance
    finally:
        if written:
            tell(f"\r{' ' * written}\r" if notebook else "\r\x1b[2K", end="")
        if mine:
            _line.release()
