"""A file that is replaced or written to while it is read gives an error, not a number of neither version."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from rankeval.readers.files import File
from rankeval.readers.open_sources import open_sources
from rankeval.readers.parquet import ParquetSource
from tests.readers.helpers import drain, error_of

OLD, NEW = (
    pa.table({"query_id": ["q"] * 3, "item_id": ["a", "b", "c"], "score": [x, x, x]}) for x in (1.0, 2.0)
)


def write(path: Path, table: pa.Table) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix in (".arrow", ".arrows"):
        make = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    elif path.suffix == ".csv":
        lines = [
            ",".join(table.column_names),
            *(",".join(map(str, row.values())) for row in table.to_pylist()),
        ]
        path.write_text("\n".join(lines))
    else:
        form = "{query_id} Q0 {item_id} 1 {score} tag\n"
        path.write_text("".join(form.format(**row) for row in table.to_pylist()))


def replaced(path: Path) -> None:
    """The new rows under a new inode, of the same size and time as the old ones."""
    before = path.stat()
    beside = path.with_name("beside" + path.suffix)
    write(beside, NEW)
    os.utime(beside, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(beside, path)


def written_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(path.read_bytes())
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.arrows", "x.csv", "x.run"])
@pytest.mark.parametrize("change", [replaced, written_over, Path.unlink])
def test_a_change_between_two_passes(tmp_path: Path, name: str, change: Any) -> None:
    write(tmp_path / name, OLD)
    sources = open_sources(tmp_path / name, role="run")
    assert drain(sources, ["score"])["score"].to_pylist() == [1.0] * 3
    change(tmp_path / name)
    error_of(lambda: drain(sources, ["score"]), f"{tmp_path / name}: the file has changed")


@pytest.mark.parametrize("name", ["x.parquet", "x.arrows", "x.csv"])
def test_a_change_in_the_middle_of_a_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, OLD)
    (source,) = open_sources(tmp_path / name, role="run")
    batches = source.batches(source.leaves(0)[0], ["score"])
    next(batches)
    replaced(tmp_path / name)
    error_of(lambda: next(batches), f"{tmp_path / name}: the file has changed")


def test_an_error_of_a_changed_file_names_the_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x.parquet", OLD)
    (source,) = open_sources(tmp_path / "x.parquet", role="run")

    def fail(self: Any, *args: Any) -> Any:
        replaced(tmp_path / "x.parquet")
        raise pa.ArrowInvalid("a page makes no sense")
        yield

    monkeypatch.setattr(ParquetSource, "_read", fail)
    error_of(lambda: drain([source]), "the file has changed")


def test_a_read_that_is_broken_off_asks_nothing_more(tmp_path: Path) -> None:
    write(tmp_path / "x.parquet", OLD)
    (source,) = open_sources(tmp_path / "x.parquet", role="run")
    batches = source.batches(source.leaves(0)[0], ["score"])
    next(batches)
    replaced(tmp_path / "x.parquet")
    batches.close()  # type: ignore[attr-defined]


def test_a_pipe_has_no_versions(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    file = File("pipe", str(tmp_path / "pipe"), fs.LocalFileSystem())
    with file.unchanged():
        os.utime(tmp_path / "pipe")


def test_remote_files_have_the_versions_that_their_file_system_tells(tmp_path: Path) -> None:
    remote = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    (tmp_path / "x").write_bytes(b"1234")
    file = File("s3://x", "x", remote)
    assert isinstance(file.open(), io.IOBase | pa.NativeFile)
    (tmp_path / "x").write_bytes(b"12345")
    error_of(file.open, "s3://x: the file has changed")
