"""Signals that end a command: one way for all of them, at once, whatever the process is doing.

A signal handler of Python waits until the interpreter runs again, which native code (a kernel, a sort, a
training) can delay for long, and libraries turn the exception that it raises into another one, or swallow it.
So the signals are blocked here, and a thread waits for them.
"""

# The part of ``signal`` that is compiled into Python, and so is there at once: ``signal`` itself loads more
# than all else up to here, and an interrupt meanwhile would be a traceback.
import _signal  # type: ignore[import-not-found]
import os
import sys

_ENDINGS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}


def block_signals() -> set[int]:
    """Keep an interrupt and its like waiting, until :func:`end_on_signals`; which they are, as numbers.

    Signals that the caller has set to be ignored, as ``nohup`` does, stay ignored. An interrupt that has come
    just before ends the process.
    """
    try:
        if not hasattr(_signal, "pthread_sigmask"):  # on Windows
            return set()
        known = {getattr(_signal, name) for name in _ENDINGS}
        awaited = {number for number in known if _signal.getsignal(number) != _signal.SIG_IGN}
        _signal.pthread_sigmask(_signal.SIG_BLOCK, awaited)
        return awaited
    except KeyboardInterrupt:
        _end(_signal.SIGINT)
        raise


def end_on_signals(awaited: set[int]) -> None:
    """From now on, these signals remove temporary files and end the process: status 128 + number."""
    import threading

    if awaited:
        threading.Thread(target=_wait, args=(awaited,), daemon=True, name="signals").start()


def _wait(awaited: set[int]) -> None:
    number = _signal.sigwait(awaited)
    from rankeval.temporary_files import remove_all

    remove_all()
    _end(number)


def _end(number: int) -> None:
    said = next(said for name, said in _ENDINGS.items() if getattr(_signal, name) == number)
    try:
        erased = "\r\x1b[2K" if sys.stderr.isatty() else ""
        os.write(sys.stderr.fileno(), f"{erased}rankeval: {said}\n".encode())
    except (OSError, AttributeError, ValueError):  # nobody can be told
        pass
    os._exit(128 + number)
