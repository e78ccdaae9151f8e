"""Temporary files and folders go at the end; what killed processes left is removed by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from rankeval import temporary_files
from rankeval.atomic_files import write_text
from rankeval.temporary_files import (
    _changing,
    existing_folder,
    temporary_file,
    temporary_folder,
    uninterrupted,
)
from tests.paths import REPO


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_goes_with_all_that_it_holds(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        (folder / "below").mkdir()
        (folder / "below" / "x").write_text("1")
    assert names(tmp_path) == []


def test_names_differ_and_others_in_use_stay(tmp_path: Path) -> None:
    with (
        temporary_file(tmp_path) as one,
        temporary_file(tmp_path) as other,
        temporary_folder(tmp_path) as third,
    ):
        assert names(tmp_path) == sorted(path.name for path in (one, other, third))
        assert len(names(tmp_path)) == 3
    assert names(tmp_path) == []


def test_folders_that_were_made_and_stay_empty_are_removed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with existing_folder(tmp_path / "there" / "a" / "b"):
        assert (tmp_path / "there" / "a" / "b").is_dir()
    with existing_folder(tmp_path / "there"):
        pass
    with existing_folder(tmp_path / "full" / "a"):
        (tmp_path / "full" / "x").write_text("")
    assert names(tmp_path) == ["full", "there"]
    assert names(tmp_path / "there") == []
    assert names(tmp_path / "full") == ["x"]


def test_a_notice_tells_where_the_named_folder_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(temporary_files, "_told", False)
    monkeypatch.setattr(tempfile, "tempdir", None)  # Python chooses anew
    monkeypatch.setenv("TEMP", str(tmp_path))
    for named, told in ((f"{tmp_path}/", ""), (f"{tmp_path}/none", "TMPDIR"), (f"{tmp_path}/none", "")):
        monkeypatch.setenv("TMPDIR", named)
        with temporary_file() as path:
            assert path.parent == tmp_path
        found = capsys.readouterr().err
        wanted = f"rankeval: TMPDIR {named} cannot be written: temporary files go to {tmp_path}\n"
        assert found == (wanted if told else "")


def test_a_folder_whose_name_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/\udcff")
    with pytest.raises(OSError, match="is no text in UTF-8, wanted another folder"), temporary_folder():
        pass


CHILD = """if True:
    import hashlib, sys
    from pathlib import Path
    from rankeval.cli.signals import block_signals, end_on_signals
    from rankeval.temporary_files import existing_folder, temporary_file, temporary_folder
    end_on_signals(block_signals())
    folder = Path(sys.argv[1])
    with temporary_file(folder), existing_folder(folder / "new"), temporary_folder(folder / "new") as inner:
        (inner / "x").write_text("1")
        print("ready", flush=True)
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # native code: no handler of Python would run
"""


def child(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        cwd=REPO,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("later", [write_text, None], ids=["a file", "a folder"])
def test_the_next_removes_what_a_killed_process_left(tmp_path: Path, later: object) -> None:
    process = child(tmp_path)
    with temporary_folder(tmp_path):  # the other one lives: its files stay
        assert len(names(tmp_path)) == 3
    process.kill()
    process.communicate()
    assert len(names(tmp_path)) == 2
    if later is None:
        with temporary_folder(tmp_path):
            pass
    else:
        write_text("x", tmp_path / "x.txt")
    assert [name for name in names(tmp_path) if name != "x.txt"] == ["new"]
    with temporary_folder(tmp_path / "new"):
        pass
    assert names(tmp_path / "new") == []


def test_files_of_other_names_and_links_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("1")
    (tmp_path / ".rankeval-1.tmp").symlink_to(target)
    (tmp_path / ".rankeval-notes").write_text("")
    write_text("x", tmp_path / "x.txt")
    assert names(tmp_path) == [".rankeval-1.tmp", ".rankeval-notes", "target", "x.txt"]


def test_an_uninterrupted_block_is_waited_for(tmp_path: Path) -> None:
    order: list[str] = []
    begun = threading.Event()

    def other() -> None:
        begun.wait()
        with temporary_file(tmp_path):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with uninterrupted():
        begun.set()
        thread.join(0.1)
        order.append("block")
    thread.join()
    assert order == ["block", "other"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    write_text("new", path)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", mode)


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text("new", tmp_path / "a.txt")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "rankeval: interrupted\n"),
        (signal.SIGTERM, 143, "rankeval: terminated\n"),
        (signal.SIGHUP, 129, "rankeval: hung up\n"),
    ],
)
def test_a_signal_ends_native_work_at_once_and_leaves_nothing(
    tmp_path: Path, number: int, status: int, said: str
) -> None:
    process = child(tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err, names(tmp_path)) == (status, said, [])


def test_the_search_for_a_temporary_folder_is_not_broken_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free: list[bool] = []

    def searched() -> str:
        other = threading.Thread(target=lambda: free.append(_changing.acquire(blocking=False)))
        other.start()
        other.join()
        return str(tmp_path)

    monkeypatch.setattr("tempfile.gettempdir", searched)
    with temporary_folder():
        pass
    assert free == [False]
