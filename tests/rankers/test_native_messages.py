from __future__ import annotations

import os
import threading

import pytest

from rankeval.rankers import without_native_messages


def test_nothing_is_seen_meanwhile_and_all_before_and_after(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with without_native_messages():
        os.write(2, b"meanwhile ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_stderr_is_back_where_threads_overlap(capfd: pytest.CaptureFixture[str]) -> None:
    begun, end = threading.Barrier(2), threading.Event()

    def early() -> None:
        with without_native_messages():
            begun.wait()
            end.wait(0.2)

    def late() -> None:
        begun.wait()
        with without_native_messages():
            end.set()

    threads = [threading.Thread(target=each) for each in (early, late)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
