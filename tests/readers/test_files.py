from __future__ import annotations

import io
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from rankeval.readers import files
from rankeval.readers.files import find_files
from tests.readers.helpers import error_of, read

PARTS = ("a.parquet", "b.parquet", "day=1/c.parquet", "day=2/d.parquet")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Part files that hold their own number, among files that are no data."""
    for folder in ("logs/day=1", "logs/day=2/_temporary", "logs/.hidden", "empty"):
        (tmp_path / folder).mkdir(parents=True)
    parts = {"logs/b.parquet": 2, "logs/a.parquet": 1, "logs/day=1/c.parquet": 3, "logs/day=2/d.parquet": 4}
    for name, value in {**parts, "logs/day=2/_temporary/x.parquet": 9, "logs/.hidden/y.parquet": 9}.items():
        pq.write_table(pa.table({"a": [value]}), tmp_path / name)
    for name in ("logs/_SUCCESS", "logs/.a.parquet.crc", "logs/world.json", "empty/_SUCCESS"):
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(location: Any) -> list[str]:
    return [file.name for file in find_files(location)]


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("logs/b.parquet", ["logs/b.parquet"]),
        ("logs", [f"logs/{name}" for name in PARTS]),
        ("logs/", [f"logs/{name}" for name in PARTS]),
        ("./logs", [f"./logs/{name}" for name in PARTS]),
        ("logs/*.parquet", ["logs/a.parquet", "logs/b.parquet"]),
        ("logs/*", ["logs/a.parquet", "logs/b.parquet"]),
        ("logs/[b]*", ["logs/b.parquet"]),
        ("logs/?.parquet", ["logs/a.parquet", "logs/b.parquet"]),
        ("logs/day=*", ["logs/day=1/c.parquet", "logs/day=2/d.parquet"]),
        ("logs/day=*/*.parquet", ["logs/day=1/c.parquet", "logs/day=2/d.parquet"]),
        ("**/d.parquet", ["logs/day=2/d.parquet"]),
        ("logs/**/*.parquet", [f"logs/{name}" for name in PARTS]),
    ],
)
def test_names_are_as_the_user_gave_them(tree: Path, location: str, found: list[str]) -> None:
    assert names(location) == found


def test_paths_and_file_urls(tree: Path) -> None:
    assert names(tree / "logs") == [str(tree / "logs" / name) for name in PARTS]
    assert names(f"file://{tree}/logs/*.parquet") == [f"file://{tree}/logs/{n}.parquet" for n in "ab"]
    assert names(f"file://{tree}/logs") == [f"file://{tree}/logs/{name}" for name in PARTS]


def test_a_file_whose_name_holds_a_wildcard_is_itself(tree: Path) -> None:
    (tree / "odd[1].csv").write_text("a\n1\n")
    (tree / "odd1.csv").write_text("a\n2\n")
    assert names("odd[1].csv") == ["odd[1].csv"]


@pytest.mark.parametrize("location", ["nope.parquet", "no/such/file", ""])
def test_missing(tree: Path, location: str) -> None:
    error_of(lambda: find_files(location), location, "no such file")


@pytest.mark.parametrize("location", ["empty", "empty/*", "logs/*.csv", "nowhere/*.parquet"])
def test_nothing_there(tree: Path, location: str) -> None:
    error_of(lambda: find_files(location), location, "wanted at least one")


def test_unknown_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    error_of(lambda: find_files("foo://bucket/x"), "foo://bucket/x", "fsspec is not installed")


def test_a_file_system_of_pyarrow(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def from_uri(url: str) -> tuple[fs.FileSystem, str]:
        asked.append(url)
        return fs.SubTreeFileSystem(str(tree), fs.LocalFileSystem()), url.partition("?")[0].removeprefix(
            "s3://"
        )

    monkeypatch.setattr(
        files, "fs", SimpleNamespace(**{**vars(fs), "FileSystem": SimpleNamespace(from_uri=from_uri)})
    )
    assert names("s3://logs/day=1") == ["s3://logs/day=1/c.parquet"]
    assert read("s3://logs/*.parquet?region=eu")["a"].to_pylist() == [1, 2]
    assert asked == ["s3://logs/day=1", "s3://logs?region=eu"]


class OneFile:
    """As much of an fsspec file system as reading one file takes."""

    protocol = "one"

    def isfile(self, path: str) -> bool:
        return True

    def info(self, path: str) -> dict[str, Any]:
        return {"name": path, "size": 8, "type": "file"}

    def open(self, path: str, mode: str) -> io.BytesIO:
        return io.BytesIO(b"a,b\n1,2\n")


def test_a_file_system_of_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    core = ModuleType("fsspec.core")
    core.url_to_fs = lambda url: (OneFile(), "x.csv")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fsspec", ModuleType("fsspec"))
    monkeypatch.setitem(sys.modules, "fsspec.core", core)
    assert read("one://x.csv").to_pylist() == [{"a": 1, "b": 2}]


def test_fsspec_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def url_to_fs(url: str) -> Any:
        raise ImportError("install s3fs to access s3\nand more")

    core = ModuleType("fsspec.core")
    core.url_to_fs = url_to_fs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fsspec", ModuleType("fsspec"))
    monkeypatch.setitem(sys.modules, "fsspec.core", core)
    error_of(lambda: find_files("foo://x"), "foo://x", "install s3fs")


@pytest.mark.parametrize("location", ["logs", "logs/**/*.parquet"])
def test_a_link_to_a_folder_above_is_refused(tree: Path, location: str) -> None:
    (tree / "logs/day=1/up").symlink_to(tree / "logs")
    error_of(lambda: find_files(location), "logs/day=1/up", "a link to a folder that it stands in")


def test_a_link_to_another_folder_is_followed(tree: Path) -> None:
    (tree / "empty/link").symlink_to(tree / "logs/day=2")
    assert names("empty") == ["empty/link/d.parquet"]


@pytest.mark.parametrize(
    ("mark", "hint"),
    [
        ("_delta_log/00.json", "a table of Delta Lake, wanted delta:logs/day=2"),
        ("metadata/v1.metadata.json", "a table of Iceberg, wanted iceberg:logs/day=2"),
        (".hoodie/hoodie.properties", "a table of Hudi"),
    ],
)
@pytest.mark.parametrize("location", ["logs/day=2", "logs", "logs/day=2/*.parquet", "logs/**/*.parquet"])
def test_a_folder_of_a_lake_is_refused(tree: Path, mark: str, hint: str, location: str) -> None:
    path = tree / "logs/day=2" / mark
    path.parent.mkdir()
    path.write_text("{}")
    error_of(lambda: find_files(location), "logs/day=2: found", hint)


@pytest.mark.parametrize("location", ["logs/day=2", "logs/day=2/*.parquet"])
def test_a_folder_inside_of_a_lake_is_refused(tree: Path, location: str) -> None:
    (tree / "logs/_delta_log").mkdir()
    error_of(lambda: find_files(location), f"{tree}/logs: found a table of Delta Lake")
    assert names("logs/day=2/d.parquet") == ["logs/day=2/d.parquet"]


def test_a_folder_that_is_called_metadata_is_no_lake(tree: Path) -> None:
    (tree / "logs/metadata").mkdir()
    (tree / "logs/metadata/notes.json").write_text("{}")
    assert names("logs") == [f"logs/{name}" for name in PARTS]


def test_a_link_to_itself_is_one_line(tree: Path) -> None:
    (tree / "loop.csv").symlink_to("loop.csv")
    error_of(lambda: read("loop.csv"), "loop.csv")


def test_an_unreadable_file_is_one_line(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: files.File) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.File, "open", refuse)
    error_of(lambda: read("logs/a.parquet"), "logs/a.parquet", "Permission denied")
