from __future__ import annotations

import pytest

from benchmarks.process import run


def test_a_process_is_seen_from_outside() -> None:
    # Far more than the tests themselves need, which the child may be seen to start with.
    finished = run(["-c", "x = b'x' * 600_000_000; print('done')"])
    assert finished.stdout == "done\n"
    assert 600 < finished.megabytes < 2_000


def test_environment_is_added() -> None:
    assert run(["-c", "import os; print(os.environ['CACHE'])"], {"CACHE": "here"}).stdout == "here\n"


def test_failure_says_what_the_process_said() -> None:
    with pytest.raises(RuntimeError, match="no such job"):
        run(["-c", "raise SystemExit('no such job')"])
