"""Signals that end a command: one way for all of them, at once, whatever the process is doing.

A signal handler of Python waits until the interpreter runs again, which native code (a kernel, a sort, a
training) can delay for long, and libraries turn the exception that it raises into another one, or swallow it.
So the signals are blocked here, and a thread waits for them.
"""

from __future__ import annotations

import signal

_ENDINGS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}


def block_signals() -> set[signal.Signals]:
    """Keep an interrupt and its like waiting, until :func:`end_on_signals`; which they are.

    Signals that the caller has set to be ignored, as ``nohup`` does, stay ignored.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        return set()
    known = {getattr(signal, name) for name in _ENDINGS}
    awaited = {number for number in known if signal.getsignal(number) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    return awaited


def end_on_signals(awaited: set[signal.Signals]) -> None:
    """From now on, these signals remove temporary files and end the process: status 128 + number."""
    import threading

    if awaited:
        threading.Thread(target=_end, args=(awaited,), daemon=True, name="signals").start()


def _end(awaited: set[signal.Signals]) -> None:
    import os
    import sys
    from contextlib import suppress

    number = signal.sigwait(awaited)
    from rankeval.temporary_files import remove_all

    remove_all()
    with suppress(OSError, AttributeError, ValueError):
        erased = "\r\x1b[2K" if sys.stderr.isatty() else ""
        os.write(sys.stderr.fileno(), f"{erased}rankeval: {_ENDINGS[signal.Signals(number).name]}\n".encode())
    os._exit(128 + number)
