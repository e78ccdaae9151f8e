from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.readers.open_sources import open_sources
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, read

ROWS = pa.table({"i": [1, 2, 3, 4], "k": ["a", "b/c d", None, "a"]})


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Any]:
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w h")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=ROWS.schema)
    with table.update_spec() as spec:
        spec.add_identity("k")
    table.append(ROWS)
    yield table
    catalog.close()


def folder(table: Any) -> str:
    return str(table.location()).removeprefix("file://")


def rows(data: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = read(data).sort_by("i").to_pydict()
    return found


def test_the_files_of_the_newest_snapshot(table: Any) -> None:
    table.append(pa.table({"i": [5], "k": ["a"]}))
    wanted = {"i": [1, 2, 3, 4, 5], "k": ["a", "b/c d", None, "a", "a"]}
    metadata = str(table.metadata_location)
    for data in (table, table.scan(), f"iceberg:{folder(table)}", f"iceberg:{metadata}"):
        sources = open_sources(data, role="log")
        assert [type(source) for source in sources] == [ParquetSource] * 4
        assert drain(sources).sort_by("i").to_pydict() == wanted
        assert drain(sources, ["i"], parse_where("k == 'b/c d'")).to_pydict() == {"i": [2]}
    first = next(path for path in Path(folder(table), "metadata").iterdir() if path.name.startswith("00001-"))
    error_of(
        lambda: read(f"iceberg:{first.with_name('00009-x.metadata.json')}"), "iceberg:", "cannot be read"
    )


def test_files_of_deleted_rows_are_not_read(table: Any) -> None:
    table.delete("k = 'a'")
    assert rows(f"iceberg:{folder(table)}")["i"] == [2, 3]
    assert len(list(Path(folder(table)).rglob("*.parquet"))) == 3


def test_the_folder_itself_is_refused(table: Any) -> None:
    error_of(lambda: read(folder(table)), "found a table of Iceberg, wanted iceberg:")


def test_filters_limits_and_chosen_columns_of_a_scan(table: Any) -> None:
    assert rows(table.scan(row_filter="i > 2")) == {"i": [3, 4], "k": [None, "a"]}
    assert read(table.scan(limit=3)).num_rows == 3
    assert read(table.scan(limit=0, row_filter="i > 2", selected_fields=("i",)).update(limit=1)).num_rows == 1
    assert rows(table.scan(selected_fields=("i",))) == {"i": [1, 2, 3, 4]}


def test_columns_that_were_renamed_and_added_anew(table: Any) -> None:
    from pyiceberg.types import DoubleType

    def change(call: str, *arguments: Any) -> None:
        with table.update_schema() as update:
            getattr(update, call)(*arguments)

    change("rename_column", "k", "old")
    change("add_column", "x", DoubleType())
    table.append(pa.table({"i": [5], "old": ["a"], "x": [0.5]}))
    (source,) = open_sources(f"iceberg:{folder(table)}", role="log")
    assert source.name == f"iceberg:{folder(table)}"
    wanted = {"i": [1, 2, 3, 4, 5], "old": ["a", "b/c d", None, "a", "a"], "x": [None] * 4 + [0.5]}
    assert drain([source]).sort_by("i").to_pydict() == wanted
    change("delete_column", "x")
    change("add_column", "x", DoubleType())
    assert rows(table) == {**wanted, "x": [None] * 5}


def test_files_without_ids_are_left_to_pyiceberg(table: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"i": [5], "k": ["b"]}), tmp_path / "more.parquet")
    table.add_files([f"file://{tmp_path}/more.parquet"])
    (source,) = open_sources(table, role="log")
    assert drain([source]).sort_by("i")["i"].to_pylist() == [1, 2, 3, 4, 5]


def test_rows_that_files_of_deletions_name_are_not_read(
    table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.table import FileScanTask

    plain = list(table.scan().plan_files())
    of_a = next(task for task in plain if task.file.record_count == 2)
    pq.write_table(pa.table({"file_path": [of_a.file.file_path], "pos": [1]}), tmp_path / "gone.parquet")
    gone = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=f"file://{tmp_path}/gone.parquet",
        file_format=FileFormat.PARQUET,
    )
    tasks = [FileScanTask(task.file, {gone} if task is of_a else set()) for task in plain]
    scan = table.scan()
    monkeypatch.setattr(type(scan), "plan_files", lambda self: tasks)
    assert rows(scan)["i"] == [1, 2, 3]


def test_no_table_and_two_newest_versions(table: Any, tmp_path: Path) -> None:
    error_of(lambda: read(f"iceberg:{tmp_path}"), f"iceberg:{tmp_path}: cannot be read")
    metadata = Path(folder(table)) / "metadata"
    for name in ("00009-a", "v9"):
        (metadata / f"{name}.metadata.json").write_text("{}")
    error_of(
        lambda: read(f"iceberg:{folder(table)}"), "found 00009-a.metadata.json and v9.metadata.json", "newest"
    )
    (metadata / "v9.metadata.json").unlink()
    error_of(lambda: read(f"iceberg:{folder(table)}"), "cannot be read")


def test_an_empty_table(table: Any) -> None:
    table.delete()
    error_of(lambda: read(table), "iceberg:", "no rows")


def test_pyiceberg_is_not_installed(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    location = f"iceberg:{folder(table)}"
    monkeypatch.setitem(sys.modules, "pyiceberg.table", None)
    error_of(lambda: read(location), "rankeval-ope[iceberg]", kind=UsageError)
