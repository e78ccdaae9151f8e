from __future__ import annotations

import base64
import json
import string
import struct
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyroaring import BitMap64

from rankeval.errors import UsageError
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, read

ROWS = pa.table(
    {
        "i": [1, 2, 3, 4],
        "day": ["a b", "é=1/2", None, "a b"],
        "n": pa.array([1, 1, 2, None], pa.int32()),
        "b": [True, False, None, True],
    }
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A table with partitions and with files that are no longer in it."""
    path = str(tmp_path / "my table@1")
    write_deltalake(path, pa.table({**ROWS.to_pydict(), "i": [9] * 4}).cast(ROWS.schema), partition_by=PARTS)
    write_deltalake(path, ROWS, mode="overwrite")
    return path


PARTS = ["day", "n", "b"]


@pytest.mark.parametrize("of", ["location", "path", "object"])
def test_the_files_of_the_last_version_with_their_partitions(path: str, of: str) -> None:
    data: Any = {"location": f"delta:{path}", "path": Path(f"delta:{path}"), "object": DeltaTable(path)}[of]
    sources = open_sources(data, role="log")
    found = drain(sources, ["i", "day", "n", "b"])
    assert found.schema.types == ROWS.schema.types
    assert found.sort_by("i").to_pydict() == ROWS.to_pydict()
    for text, kept in {"day == 'a b' and n is None": [4], "b": [1, 4], "n == 1 and i > 1": [2]}.items():
        assert sorted(drain(sources, ["i"], parse_where(text))["i"].to_pylist()) == kept


def test_a_version(path: str) -> None:
    assert read(f"delta:{path}@0")["i"].to_pylist() == [9] * 4
    error_of(lambda: read(f"delta:{path}@7"), f"delta:{path}@7: cannot be read")


def test_without_partitions_and_with_a_column_that_was_added(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"i": [1]}))
    write_deltalake(tmp_path / "t", pa.table({"i": [2], "x": [0.5]}), mode="append", schema_mode="merge")
    found = drain(open_sources(f"delta:{tmp_path}/t", role="log"), ["i", "x"])
    assert found.sort_by("i").to_pydict() == {"i": [1, 2], "x": [None, 0.5]}


def test_deleted_rows_are_not_read(path: str) -> None:
    DeltaTable(path).delete("i < 3")
    assert sorted(read(f"delta:{path}")["i"].to_pylist()) == [3, 4]


def test_the_folder_itself_is_refused(path: str) -> None:
    error_of(lambda: read(path), f"{path}: found a table of Delta Lake, wanted delta:{path}")


@pytest.mark.parametrize(
    ("feature", "configuration", "found"),
    [
        ("columnMapping", {"delta.columnMapping.mode": "name"}, "columns mapped by name"),
        ("variantType", {}, "the table feature 'variantType'"),
    ],
)
def test_what_changes_the_rows_is_refused(path: str, feature: str, configuration: Any, found: str) -> None:
    change(path, feature, configuration)
    error_of(lambda: read(f"delta:{path}"), f"delta:{path}", found)


def test_deletion_vectors_are_refused_if_there_are_any(path: str) -> None:
    change(path, "deletionVectors", {"delta.enableDeletionVectors": "true"})
    assert read(f"delta:{path}").num_rows == 4
    inline = z85(struct.pack("<I", 1681511377) + BitMap64([0]).serialize())
    size = 4 + len(BitMap64([0]).serialize())
    vector = {"storageType": "i", "pathOrInlineDv": inline, "sizeInBytes": size, "cardinality": 1}
    log = Path(path) / "_delta_log"
    entries = [json.loads(line) for line in (log / f"{1:020}.json").read_text().splitlines()]
    added = next(each["add"] for each in entries if "add" in each)
    gone = {"path": added["path"], "deletionTimestamp": 1, "dataChange": True}
    write(log, 3, [{"remove": gone}, {"add": {**added, "deletionVector": vector}}])
    error_of(lambda: read(f"delta:{path}"), f"delta:{path}", "deletion vectors")


def z85(data: bytes) -> str:
    """Base 85 as Delta Lake writes it."""
    letters = string.digits + string.ascii_lowercase + string.ascii_uppercase
    ours = letters + ".-:+=^!/*?&<>()[]{}@%$#"
    pythons = string.digits + string.ascii_uppercase + string.ascii_lowercase + "!#$%&()*+-;<=>?@^_`{|}~"
    padded = data + b"\0" * (-len(data) % 4)
    return base64.b85encode(padded).decode().translate(str.maketrans(pythons, ours))


def change(path: str, feature: str, configuration: dict[str, str]) -> None:
    """Commit a feature that readers must know, and the configuration that uses it."""
    log = Path(path) / "_delta_log"
    entries = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
    metadata = next(each["metaData"] for each in entries if "metaData" in each)
    schema = json.loads(metadata["schemaString"])
    if feature == "columnMapping":
        for number, field in enumerate(schema["fields"]):
            field["metadata"] = {
                "delta.columnMapping.id": number + 1,
                "delta.columnMapping.physicalName": field["name"],
            }
    metadata = {**metadata, "configuration": configuration, "schemaString": json.dumps(schema)}
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": [feature],
        "writerFeatures": [feature],
    }
    write(log, 2, [{"protocol": protocol}, {"metaData": metadata}])


def write(log: Path, version: int, entries: list[Any]) -> None:
    (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, entries)))


def test_a_file_of_the_table_that_is_gone(path: str) -> None:
    for file in Path(path).rglob("*.parquet"):
        file.unlink()
    error_of(lambda: read(f"delta:{path}"), f"{path}/day=", "cannot be read")


def test_no_table(tmp_path: Path) -> None:
    error_of(lambda: read(f"delta:{tmp_path}"), f"delta:{tmp_path}: cannot be read")


def test_deltalake_is_not_installed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    error_of(lambda: read(f"delta:{path}"), "rankeval-ope[delta]", kind=UsageError)
