"""Tables are written in the format that their name says, whole or not at all."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from rankeval import evaluate, fit, rank
from rankeval.errors import DataError, UsageError
from rankeval.readers import open_sources
from rankeval.table_files import require_table_name, table_file, write_table

TABLE = pa.table({"query_id": ["a", 'b"é', None], "value": [0.5, 1.0, 2.25], "n": [1, 2, 3]})
RECORDS = TABLE.to_pylist()
NAMES = [".parquet", ".csv", ".json", ".jsonl", ".arrow"]
RUN = {"query_id": [1, 1], "item_id": [1, 2], "score": [1.0, 2.0], "relevance": [1, 0]}
IDS = {"session_id": [1, 1, 2, 2]}
CLICKS = {**IDS, "item_id": ["a", "b"] * 2, "position": [1, 2] * 2, "click": [1, 0, 0, 1]}


def records(path: Path) -> list[dict[str, object]]:
    """The rows of a file, read by the reader of the format that its name says."""
    match path.suffix.lower():
        case ".parquet":
            return pq.read_table(path).to_pylist()
        case ".arrow":
            return pa.ipc.open_file(path).read_all().to_pylist()
        case ".json":
            return json.loads(path.read_text())
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = {"query_id": lambda text: text or None, "value": float, "n": int}
    return [{name: kind(row[name]) for name, kind in kinds.items()} for row in rows]


@pytest.mark.parametrize("name", [*NAMES, ".CSV", ".Parquet"])
def test_the_extension_decides(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"x{name}"
    require_table_name("out", path)
    require_table_name("out", None)
    write_table(TABLE, path)
    assert records(path) == RECORDS
    with table_file(path, TABLE.schema) as write:
        write(TABLE.slice(0, 2))
        write(TABLE.slice(2))
    assert records(path) == RECORDS
    assert [file.name for file in tmp_path.iterdir()] == [f"x{name}"]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"x{name}"
    write_table(TABLE.slice(0, 0), path)
    assert records(path) == []


@pytest.mark.parametrize("name", [".parquet", ".csv", ".arrow"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    write_table(TABLE, tmp_path / f"x{name}")
    (source,) = open_sources(tmp_path / f"x{name}", role="run")
    (batch,) = source.batches(source.leaves(0)[0], TABLE.schema.names)
    assert batch.to_pylist() == RECORDS


def test_json_holds_null_for_what_is_no_number_and_lists(tmp_path: Path) -> None:
    table = pa.table({"x": [math.nan, math.inf, 1.5], "y": [[1.0, math.nan], [], None]})
    write_table(table, tmp_path / "x.json")
    wanted = [{"x": None, "y": [1.0, None]}, {"x": None, "y": []}, {"x": 1.5, "y": None}]
    assert records(tmp_path / "x.json") == wanted
    with pytest.raises(DataError, match=r"x\.csv: column 'y' holds list<.*, which CSV cannot hold; wanted"):
        write_table(table, tmp_path / "x.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize("name", ["x.txt", "x.pq", "x.csv.gz", "x.feather"])
def test_another_extension_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    wanted = "wanted a name that ends in .parquet, .csv, .json, .jsonl or .arrow"
    with pytest.raises(UsageError) as caught:
        require_table_name("out", path)
    assert str(caught.value) == f"out: found {str(path)!r}, {wanted}"


def test_a_name_without_an_extension_is_parquet_and_a_folder_is_no_file(tmp_path: Path) -> None:
    require_table_name("out", tmp_path / "x")
    write_table(TABLE, tmp_path / "x")
    assert pq.read_table(tmp_path / "x").to_pylist() == RECORDS
    with pytest.raises(DataError) as caught:
        require_table_name("out", tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be written (it is a folder), wanted a file"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_writes_a_table(tmp_path: Path, name: str) -> None:
    files = [tmp_path / f"{part}{name}" for part in ("values", "curve", "pairs", "run")]
    run = {**RUN, "score": [0.25, 0.75]}
    evaluate(run, metrics="mrr,brier", per_query=files[0], reliability=files[1])
    fit(CLICKS, parameters=files[2])
    rank("column:score", run, files[3])
    first = [path.read_bytes()[:6] for path in files]
    starts = {".parquet": b"PAR1", ".csv": b'"', ".json": b"[\n{", ".jsonl": b"{", ".arrow": b"ARROW1"}
    assert all(start.startswith(starts[name]) for start in first)
    if name in (".json", ".jsonl"):
        assert records(files[0]) == [{"run": "run", "metric": "mrr", "query_id": 1, "value": 0.5}]
        assert [row["score"] for row in records(files[3])] == [0.25, 0.75]


@pytest.mark.parametrize("option", ["per_query", "reliability"])
def test_evaluate_refuses_a_name_before_it_reads(option: str) -> None:
    with pytest.raises(UsageError, match=f"^{option}: found 'x.txt', wanted a name that ends in"):
        evaluate("/no/such/run.parquet", **{option: "x.txt"})


def test_fit_and_rank_refuse_a_name_before_they_read() -> None:
    with pytest.raises(UsageError, match=r"^parameters: found 'x\.txt', wanted a name that ends in"):
        fit("/no/such/log.parquet", parameters="x.txt")
    with pytest.raises(UsageError, match=r"^out: found 'x\.txt', wanted a name that ends in"):
        rank("lightgbm:/no/such/model", "/no/such/data.parquet", "x.txt")
