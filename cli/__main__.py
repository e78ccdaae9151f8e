"""The ``rankeval`` command, also as ``python -m rankeval.cli``."""

import os
import sys

# Nothing else is imported up to here: until signals are blocked, an interrupt is a traceback of Python.
from rankeval.cli.signals import block_signals, end_on_signals


def start() -> None:
    """Run the command line in this process, which ends with it."""
    blocked = block_signals()
    _open_standard_streams()
    end_on_signals(blocked)
    from rankeval.cli.main import main

    status = 0
    try:
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    _end(status)


def _end(status: int) -> None:
    """End the process at once: to unload what it has imported can take seconds without an ear for signals."""
    from contextlib import suppress

    from rankeval.temporary_files import remove_all

    remove_all()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError, ValueError):
            stream.flush()
    os._exit(status)


def _open_standard_streams() -> None:
    """Open the null device in place of closed streams: a file that takes their number would get messages."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    start()
