"""Files appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rankeval.atomic_files import replacing, require_folder, require_separate, write_text
from rankeval.errors import DataError, UsageError
from tests.readers.helpers import error_of


def test_text(tmp_path):
    write_text("é\n", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == "é\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_is_replaced(tmp_path):
    for text in ("one", "two"):
        write_text(text, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "two"


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    write_text("text", pipe)
    assert os.read(end, 10) == b"text"
    os.close(end)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_to_a_pipe_without_a_name_is_written_to():
    """As ``/dev/stdout`` is, where another program reads it."""
    read, write = os.pipe()
    write_text("text", Path(f"/proc/self/fd/{write}"))
    assert os.read(read, 10) == b"text"
    os.close(read)
    os.close(write)


def test_the_file_behind_a_link_is_replaced(tmp_path):
    link, file = tmp_path / "link", tmp_path / "file"
    link.symlink_to(file)
    for text in ("one", "two"):
        write_text(text, link)
        assert file.read_text() == text
    assert link.is_symlink()


def half_written(path):
    with replacing(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt


def test_work_broken_off_leaves_nothing_new(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(KeyboardInterrupt):
        half_written(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        half_written(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written(tmp_path):
    error_of(
        lambda: write_text("x", tmp_path / "no" / "a.txt"),
        f"{tmp_path}/no/a.txt: cannot be written (No such file",
    )
    (tmp_path / "folder").mkdir()
    error_of(
        lambda: write_text("x", tmp_path / "folder"), f"{tmp_path}/folder: cannot be written (Is a directory)"
    )
    error_of(
        lambda: write_text("x", type(tmp_path)(".")), ".: cannot be written, it is a folder; wanted a file"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_input_is_not_written_over(tmp_path):
    from rankeval.atomic_files import require_separate
    from rankeval.errors import UsageError

    path = tmp_path / "run.parquet"
    require_separate({"--out": None}, path)
    require_separate({"--out": tmp_path / "other"}, path, str(path), {"score": [1.0]}, None)
    with pytest.raises(UsageError, match="is an input, wanted another file"):
        require_separate({"--out": path}, None, str(path))


def test_an_output_among_many_inputs_is_refused(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "a.parquet")
    os.link(tmp_path / "a.parquet", tmp_path / "hard")
    target = tmp_path / "a.parquet"
    inputs: list[object] = [
        tmp_path,
        str(tmp_path / "*.parquet"),
        f"file://{target}",
        f"delta:{target}",
        [tmp_path / "b.parquet", {"new": str(target)}],
        tmp_path / "link",
        tmp_path / "hard",
    ]
    for each in inputs:
        with pytest.raises(UsageError, match="is an input, wanted another file to write to"):
            require_separate({"--out": target}, each)
    require_separate({"--out": tmp_path / "c.parquet"}, *inputs[1:], {"numbers": [1, 2]}, None)
    require_separate({"--out": tmp_path / "new.parquet"}, tmp_path)


def test_a_folder_to_write_to_is_found_before_the_work(tmp_path: Path) -> None:
    require_folder(tmp_path / "m.txt")
    with pytest.raises(DataError, match="there is no folder"):
        require_folder(tmp_path / "nope" / "m.txt")
    with pytest.raises(DataError, match="it is a folder; wanted a file"):
        require_folder(tmp_path)


@pytest.mark.parametrize("error", [OSError("full"), UnicodeEncodeError("utf-8", "\udcff", 0, 1, "no text")])
def test_what_cannot_be_written_names_the_file(tmp_path: Path, error: Exception) -> None:
    def write() -> None:
        with replacing(tmp_path / "a.txt"):
            raise error

    assert error_of(write, "a.txt: cannot be written (")
    assert list(tmp_path.iterdir()) == []
