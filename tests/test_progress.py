from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from rankeval import progress
from rankeval.progress import PATIENCE, notice


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def err(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal on stderr, and a clock that goes on by a second at every look."""
    terminal, seconds = Terminal(), itertools.count()
    monkeypatch.setattr(progress, "_quiet", False)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=terminal))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(seconds) * PATIENCE))
    return terminal


def work(steps: int) -> None:
    with progress.progress("reading", steps) as advance:
        for _ in range(steps):
            advance()


def test_long_work_shows_how_far_it_is_and_erases_its_line(err: Terminal) -> None:
    work(4)
    assert err.getvalue() == (
        "\rreading: 2 of 4, 1 a second, 2 s left\x1b[K"
        "\rreading: 3 of 4, 1 a second, 1 s left\x1b[K"
        "\rreading: 4 of 4, 1 a second, 0 s left\x1b[K\r\x1b[2K"
    )


def test_in_a_notebook_a_line_is_covered_by_spaces(err: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell goes back to the start of its line, and takes no escapes."""
    cell = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=cell))
    with progress.progress("training", 3) as advance:
        advance()
        advance("long detail")
        advance("end")
    second, third = (
        "training: 2 of 3, 1 a second, 1 s left, long detail",
        "training: 3 of 3, 1 a second, 0 s left, end",
    )
    spaces = " " * (len(second) - len(third))
    assert cell.getvalue() == f"\r{second}\r{third}{spaces}\r{' ' * len(third)}\r"


def test_the_detail_of_a_step_ends_the_line(err: Terminal) -> None:
    with progress.progress("training", 2) as advance:
        advance("ndcg@10 0.4")
        advance("ndcg@10 0.5")
    assert "training: 2 of 2, 1 a second, 0 s left, ndcg@10 0.5\x1b[K" in err.getvalue()


def test_several_steps_at_once_of_an_unknown_number(err: Terminal) -> None:
    with progress.progress("rows", None) as advance:
        advance(steps=100)
        advance(steps=20)
        advance(steps=3)
    assert err.getvalue() == ("\rrows: 120, 60 a second\x1b[K\rrows: 123, 41 a second\x1b[K\r\x1b[2K")


def test_short_work_shows_nothing(err: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: 0.0))
    work(4)
    assert err.getvalue() == ""


def test_nothing_is_shown_in_a_pipe(err: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(err, "isatty", lambda: False)
    work(4)
    notice("one line")
    assert err.getvalue() == "rankeval: one line\n"


def test_silence(err: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    progress.silence()
    work(4)
    notice("one line")
    assert err.getvalue() == ""


def test_the_line_is_erased_when_work_fails(err: Terminal) -> None:
    def fails(advance: Callable[[], None]) -> None:
        advance()
        advance()
        raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"), progress.progress("reading", 4) as advance:
        fails(advance)
    assert err.getvalue().endswith("\r\x1b[2K")


def test_stderr_may_be_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress.sys, "stderr", None)
    work(4)
    notice("one line")
    assert capsys.readouterr().out == ""  # print() without a file would write there


def test_a_stderr_that_knows_no_terminal_is_told_notices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    poor = SimpleNamespace(write=told.append, flush=lambda: None)
    monkeypatch.setattr(progress.sys, "stderr", poor)
    work(4)
    notice("one line")
    assert "".join(told) == "rankeval: one line\n"


def test_a_closed_stderr_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(ValueError, match="closed file"):
        stream.write("x")  # so would every message
    monkeypatch.setattr(progress.sys, "stderr", stream)
    work(4)
    notice("one line")
    assert capsys.readouterr().out == ""
