"""The ``rankeval`` command, also as ``python -m rankeval.cli``."""

from __future__ import annotations

import os

from rankeval.cli.signals import end_on_signals


def start() -> None:
    """Run the command line in this process, which ends with it."""
    _open_standard_streams()
    end_on_signals()
    from rankeval.cli.main import main

    main()


def _open_standard_streams() -> None:
    """Open the null device in place of closed streams: a file that takes their number would get messages."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    start()
