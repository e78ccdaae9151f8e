"""``python -m rankeval.cli`` is the ``rankeval`` command."""

from __future__ import annotations

from rankeval.cli.main import main

if __name__ == "__main__":
    main()
