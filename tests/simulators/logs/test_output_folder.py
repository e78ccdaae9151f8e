from __future__ import annotations

from pathlib import Path

import pytest

from rankeval import simulate
from rankeval.errors import DataError, UsageError
from rankeval.simulators.logs.output_folder import filled, require_free


def ours(name: str) -> bool:
    return name.endswith(".mine")


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def fill(out: Path, **files: str) -> None:
    with filled(out, ours, "z.mine") as staging:
        for name, text in files.items():
            (staging / f"{name}.mine").write_text(text)


@pytest.mark.parametrize("there", [True, False])
def test_files_appear_together_at_the_end(tmp_path: Path, there: bool):
    out = tmp_path / "a" / "b"
    if there:
        out.mkdir(parents=True)
    with filled(out, ours, "z.mine") as staging:
        (staging / "x.mine").write_text("1")
        assert [path.name for path in out.iterdir()] == [staging.name]
    assert contents(out) == {"x.mine": "1"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
def test_what_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]):
    out = tmp_path / "out"

    def failing() -> None:
        with filled(out, ours, "z.mine") as staging:
            (staging / "x.mine").write_text("half")
            raise error("stop")

    with pytest.raises(error):
        failing()
    assert not out.exists()


def test_what_fails_leaves_earlier_results_alone(tmp_path: Path):
    out = tmp_path / "out"
    fill(out, x="1", y="1")

    def failing() -> None:
        with filled(out, ours, "z.mine") as staging:
            (staging / "x.mine").write_text("2")
            raise OSError(28, "disk full")

    with pytest.raises(DataError, match=r"out: cannot be written \(disk full\)"):
        failing()
    assert contents(out) == {"x.mine": "1", "y.mine": "1"}


def test_new_results_replace_all_earlier_ones(tmp_path: Path):
    out = tmp_path / "out"
    fill(out, x="1", y="1")
    fill(out, x="2", z="2")
    assert contents(out) == {"x.mine": "2", "z.mine": "2"}


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        fill(tmp_path / "file" / "out", x="1")


def test_only_empty_folders_are_free_unless_results_may_be_replaced(tmp_path: Path):
    out = tmp_path / "out"
    require_free(out, False, ours)
    out.mkdir()
    (out / ".rankeval-1.tmp").mkdir()
    require_free(out, False, ours)
    (out / "x.mine").write_text("1")
    with pytest.raises(UsageError, match=r"out: holds x.mine already, wanted an empty folder or --overwrite"):
        require_free(out, False, ours)
    require_free(out, True, ours)
    (out / "notes.txt").write_text("keep me")
    with pytest.raises(
        UsageError, match=r"out: holds notes.txt, wanted a folder with nothing but an earlier"
    ):
        require_free(out, True, ours)


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match="out: is a file, wanted a folder to write to"):
        require_free(tmp_path / "out", True, ours)


def test_a_name_that_is_no_text_is_one_line(tmp_path: Path):
    """Arrow cannot encode it."""
    with pytest.raises(DataError, match=r"cannot be written \('utf-8' codec can't encode"):
        simulate(tmp_path / "\udcff", sessions=5, queries=2, items=2, positions=2)
    assert list(tmp_path.iterdir()) == []
