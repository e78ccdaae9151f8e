from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, read

ROWS = pa.table({"i": [1, 2, 3, 4], "x": [0.5, 1.5, 2.5, 3.5], "k": ["a", "a", None, "b/c"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pq.write_to_dataset(ROWS, tmp_path / "data", partition_cols=["k"])
    return tmp_path / "data"


def test_parquet_files_are_read_directly_with_their_partitions(folder: Path) -> None:
    sources = open_sources(ds.dataset(folder, partitioning="hive"), role="log")
    assert all(Path(source.name).is_file() for source in sources)
    found = drain(sources, ["i", "x", "k"])
    assert found.sort_by("i").to_pydict() == ROWS.to_pydict()
    assert drain(sources, ["i"], parse_where("k == 'b/c'"))["i"].to_pylist() == [4]
    assert drain(sources, ["i"], parse_where("k is None"))["i"].to_pylist() == [3]


def test_a_column_that_a_file_lacks_is_null(tmp_path: Path) -> None:
    pq.write_table(pa.table({"i": [1], "y": [5]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"i": [2]}), tmp_path / "2.parquet")
    sources = open_sources(ds.dataset(tmp_path), role="log")
    assert len(sources) == 2
    assert drain(sources, ["i", "y"]).to_pydict() == {"i": [1, 2], "y": [5, None]}


def filtered_dataset(folder: Path) -> Any:
    return ds.dataset(folder, partitioning="hive").filter(ds.field("i") > 2)


def some_row_groups(folder: Path) -> Any:
    path = folder.parent / "groups.parquet"
    pq.write_table(ROWS, path, row_group_size=2)
    (fragment,) = ds.dataset(path).get_fragments()
    return ds.FileSystemDataset([fragment.subset(row_group_ids=[1])], ROWS.schema, fragment.format)


def other_types(folder: Path) -> Any:
    path = folder.parent / "types.parquet"
    pq.write_table(ROWS.slice(2).set_column(0, "i", pa.array([3, 4], pa.int32())), path)
    return ds.dataset(path, schema=ROWS.schema)


def fewer_columns(folder: Path) -> Any:
    path = folder.parent / "columns.parquet"
    pq.write_table(ROWS.slice(2).append_column("more", [[1, 1]]), path)
    return ds.dataset(path, schema=ROWS.schema)


def arrow_files(folder: Path) -> Any:
    ds.write_dataset(ROWS.slice(2), folder.parent / "arrow", format="ipc")
    return ds.dataset(folder.parent / "arrow", format="ipc")


def union(folder: Path) -> Any:
    return ds.dataset([ds.dataset(ROWS.slice(2, 1)), ds.dataset(ROWS.slice(3))])


@pytest.mark.parametrize(
    "dataset", [filtered_dataset, some_row_groups, other_types, fewer_columns, arrow_files, union]
)
def test_other_datasets_are_read_as_a_stream(folder: Path, dataset: Any) -> None:
    (source,) = open_sources(dataset(folder), role="log")
    assert source.name == "<table>"
    found = drain([source]).select(["i", "x", "k"])
    assert found.sort_by("i").to_pydict() == ROWS.slice(2).to_pydict()


def test_a_file_of_a_dataset_that_is_gone(folder: Path) -> None:
    dataset = ds.dataset(folder, partitioning="hive")
    path = next(folder.rglob("*.parquet"))
    path.unlink()
    error_of(lambda: read(dataset), path.name)


def test_a_dataset_without_rows(tmp_path: Path) -> None:
    pq.write_table(ROWS.slice(0, 0), tmp_path / "1.parquet")
    error_of(lambda: read(ds.dataset(tmp_path)), "1.parquet", "no rows")
