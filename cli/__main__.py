"""The ``rankeval`` command, also as ``python -m rankeval.cli``."""

from __future__ import annotations

from rankeval.cli.signals import end_on_signals


def start() -> None:
    """Run the command line in this process, which ends with it."""
    end_on_signals()
    from rankeval.cli.main import main

    main()


if __name__ == "__main__":
    start()
