"""A few kills and faults of the disk; and the checks see what would be wrong."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.faults.commands import Ended, Prepared, prepared, snapshot, words, write_inputs
from tests.faults.disks import endless, fill, fill_up, remove, write_protect
from tests.faults.kills import SIGNALS, kill, wrong_end, wrong_files

OLD, NEW = {"a": "1", "b": "1"}, {"a": "2", "b": "2"}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("faults") / "work"
    folder.mkdir()
    write_inputs(folder)
    return prepared("rank-csv", folder)


def test_the_call_under_test_differs_from_the_earlier_one() -> None:
    assert words("simulate-parts", "2")[1:6:4] == ["out/world", "--part-sessions"]
    assert words("simulate-parts", "2")[6] == "2000"
    assert words("ope-sorted", "3")[5] == "0.3"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_kill_leaves_the_old_or_the_new_output(command: Prepared, number: signal.Signals) -> None:
    kind, wrong = kill(command, number, random.Random(int(number)))
    assert wrong == [], kind


def test_a_full_disk_leaves_the_old_output(command: Prepared) -> None:
    assert fill(command, random.Random(1)) == ("full disk: status 1", [])


def test_a_full_file_system_leaves_the_old_output(command: Prepared) -> None:
    kind, wrong = fill_up(command, random.Random(0))
    assert wrong == [], kind
    assert kind.startswith("full file system: ")


def test_a_read_only_folder_is_named(command: Prepared) -> None:
    assert write_protect(command) == ("read-only folder: status 1", [])


def test_a_folder_that_goes_is_no_traceback(command: Prepared) -> None:
    kind, wrong = remove(command, random.Random(0))
    assert wrong == [], kind


def test_an_endless_file_ends(command: Prepared) -> None:
    assert endless("zeros.trec", command.folder) == ("endless input: status 1", [])


@pytest.mark.parametrize(
    ("number", "found", "wrong"),
    [
        (signal.SIGTERM, OLD, False),
        (signal.SIGTERM, NEW, False),
        (signal.SIGTERM, {"a": "1", "b": "2"}, True),
        (signal.SIGTERM, {"a": "2"}, True),
        (signal.SIGKILL, {"a": "1", "b": "2"}, False),
        (signal.SIGKILL, {"a": "1", "b": "half"}, True),
        (signal.SIGKILL, {"a": "1", "b": "2", "truth.json": "1"}, True),
    ],
)
def test_the_check_of_files_sees_mixtures(number: signal.Signals, found: dict[str, str], wrong: bool) -> None:
    command = Prepared("x", Path(), Path(), OLD, NEW, 1.0)
    assert bool(wrong_files(command, number, found)) == wrong


@pytest.mark.parametrize(
    ("ended", "wrong"),
    [
        (Ended(143, "rankeval: terminated\n", 0.1), False),
        (Ended(0, "", 0.1), False),
        (Ended(0, "", 3.5), False),
        (Ended(143, "rankeval: terminated\n", 2.5), True),
        (Ended(130, "rankeval: interrupted\n", 0.1), True),
        (Ended(143, "Traceback (most recent call last):\n", 0.1), True),
    ],
)
def test_the_check_of_the_end_sees_what_is_wrong(ended: Ended, wrong: bool) -> None:
    assert bool(wrong_end(signal.SIGTERM, ended, ready=True)) == wrong


def test_temporary_files_are_no_part_of_a_snapshot_but_are_left_over(tmp_path: Path) -> None:
    command = Prepared("x", tmp_path, tmp_path, {}, {}, 1.0)
    for path in (command.out, command.tmp, command.out / ".rankeval-1.tmp"):
        path.mkdir()
    (command.out / ".rankeval-1.tmp" / "x").write_text("")
    (command.tmp / "y").write_text("")
    assert snapshot(command.out) == {}
    assert command.leftover() == [".rankeval-1.tmp", "y"]
