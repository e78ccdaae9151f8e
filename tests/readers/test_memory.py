from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rankeval.readers.open_sources import open_sources
from tests.readers.helpers import drain, error_of, read

COLUMNS = {"query_id": ["a", "a", "b"], "score": [0.5, 1.5, 2.5], "relevance": [0, 1, 2]}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (COLUMNS, "<dict>"),
        ({name: np.array(values) for name, values in COLUMNS.items()}, "<dict>"),
        ({name: pa.array(values) for name, values in COLUMNS.items()}, "<dict>"),
        ({name: pd.Series(values) for name, values in COLUMNS.items()}, "<dict>"),
        ({name: pl.Series(values) for name, values in COLUMNS.items()}, "<dict>"),
        (pa.table(COLUMNS), "<table>"),
        (pa.RecordBatch.from_pydict(COLUMNS), "<table>"),
        (pd.DataFrame(COLUMNS), "<table>"),
        (pd.DataFrame(COLUMNS).astype({"query_id": "category"}), "<table>"),
        (pl.DataFrame(COLUMNS), "<table>"),
        (pl.DataFrame(COLUMNS).with_columns(pl.col("query_id").cast(pl.Categorical)), "<table>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_table(data: Any, name: str) -> None:
    (source,) = open_sources(data, role="run")
    assert source.name == name
    assert [source.schema.field(column).type for column in COLUMNS] == [pa.string(), pa.float64(), pa.int64()]
    for encoded in ([], ["query_id"]):
        assert drain([source], list(COLUMNS), dictionary=encoded).to_pydict() == COLUMNS


def test_a_reader_is_read_once_and_kept() -> None:
    (source,) = open_sources(pa.table(COLUMNS).to_reader(), role="run")
    assert drain([source]).to_pydict() == drain([source]).to_pydict() == COLUMNS


def test_a_matrix_is_one_list_a_row() -> None:
    found = read({"a": [1, 2], "p": np.array([[0.25, 0.75], [0.5, 0.5]])})
    assert found["p"].type == pa.list_(pa.float64())
    assert found["p"].to_pylist() == [[0.25, 0.75], [0.5, 0.5]]


def test_nan_in_arrays_stays_nan() -> None:
    values = read({"score": np.array([np.nan, 1.0])})["score"]
    assert values.null_count == 0
    assert np.isnan(values[0].as_py())


def test_leaves_are_slices_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.readers.memory.LEAF_ROWS", 10)
    monkeypatch.setattr("rankeval.readers.source.LEAF_ROWS", 10)
    table = pa.concat_tables([pa.table({"a": range(7 * k, 7 * k + 7)}) for k in range(5)])
    (source,) = open_sources(table, role="log")
    leaves = source.leaves(2)
    assert [(leaf.source_index, leaf.first_row, leaf.rows) for leaf in leaves] == [
        (2, 0, 10),
        (2, 10, 10),
        (2, 20, 10),
        (2, 30, 5),
    ]
    assert [batch.num_rows for leaf in leaves for batch in source.batches(leaf, ["a"])] == [10, 10, 10, 5]
    assert drain([source])["a"].to_pylist() == list(range(35))


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ({"a": [1], "b": [1, 2]}, ["b", "length"]),
        ({"a": 3}, ["column 'a'"]),
        ({"a": [1, "x"]}, ["column 'a'", "'x'"]),
        ({"a": np.zeros((2, 2, 2))}, ["column 'a'"]),
        ({"a": []}, ["no rows"]),
        ({}, ["no rows"]),
    ],
)
def test_a_dict_that_is_no_table(data: Any, parts: list[str]) -> None:
    error_of(lambda: read(data), "<dict>", *parts)


def test_a_frame_of_mixed_objects() -> None:
    error_of(lambda: read(pd.DataFrame({"a": [1, "x"]})), "<table>", "'x'")


def test_an_integer_that_no_column_holds() -> None:
    error_of(
        lambda: open_sources({"query_id": [1, 2**63]}, role="run"),
        "<dict>: column 'query_id': Python int too large",
        "wanted an array or a list of like values",
    )
