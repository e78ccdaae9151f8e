"""The same log under every kind of location and object gives the same numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from rankeval import ope
from tests.cli.helpers import call
from tests.naive_off_policy import random_log

# Sorted as the folders are, so that every form has the rows in the same order.
ROWS = pa.table(random_log(400, seed=1)).sort_by([("country", "ascending")])
OPTIONS = [
    "--format",
    "json",
    "-e",
    "snips",
    "--by",
    "country",
    "--cluster",
    "user",
    "--where",
    "country != 'x'",
]


@pytest.fixture
def wanted() -> Any:
    found = ope(ROWS, "snips", by="country", cluster="user", where="country != 'x'").to_dict()["results"]
    assert len(found) > 2
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pq.write_to_dataset(ROWS, tmp_path / "data", partition_cols=["country"])
    return tmp_path / "data"


def test_folders_globs_and_lakes(data: Path, wanted: Any) -> None:
    write_deltalake(data.parent / "lake", ROWS, partition_by=["country"])
    for location in (data, f"{data}/*/*.parquet", f"{data}/**", f"delta:{data.parent}/lake"):
        called = call("ope", location, *OPTIONS)
        assert (called.status, called.err) == (0, "")
        assert close(json.loads(called.out)["results"], wanted)


def test_a_folder_as_a_column_with_a_role(data: Path) -> None:
    called = call("ope", data, "--column", "action=country", "--format", "json", "-e", "snips")
    wanted = ope(ROWS, "snips", columns={"action": "country"}).to_dict()
    assert close(json.loads(called.out)["results"], wanted["results"])


@pytest.mark.parametrize(
    "data_of",
    [
        pytest.param(lambda folder: ROWS.to_reader(), id="reader"),
        pytest.param(lambda folder: pl.from_arrow(ROWS).lazy(), id="polars"),
        pytest.param(lambda folder: duckdb.from_arrow(ROWS), id="duckdb"),
        pytest.param(lambda folder: ds.dataset(folder, partitioning="hive"), id="dataset"),
        pytest.param(lambda folder: DeltaTable(folder.parent / "lake"), id="delta"),
    ],
)
def test_objects(data: Path, wanted: Any, data_of: Callable[[Path], Any]) -> None:
    write_deltalake(data.parent / "lake", ROWS, partition_by=["country"])
    found = ope(data_of(data), "snips", by="country", cluster="user", where="country != 'x'")
    assert close(json.loads(json.dumps(found.to_dict()))["results"], wanted)


def close(found: Any, wanted: Any) -> bool:
    """Whether two lists of results are the same, numbers to the rounding of sums in another order."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(close(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    return bool(found == (pytest.approx(wanted, rel=1e-9) if isinstance(wanted, float) else wanted))
