from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.readers.open_sources import open_sources
from tests.readers.helpers import error_of, read


def test_a_list_of_everything(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
    (tmp_path / "2.csv").write_text("a\n2\n")
    found = read([tmp_path / "1.parquet", str(tmp_path / "2.csv"), pa.table({"a": [3]}), {"a": [4]}])
    assert found["a"].to_pylist() == [1, 2, 3, 4]


def test_parts_of_a_folder_in_order_with_empty_ones(tmp_path: Path) -> None:
    for part, values in {"p-2": [3], "p-1": [1, 2], "p-0": []}.items():
        pq.write_table(pa.table({"a": pa.array(values, pa.int64())}), tmp_path / f"{part}.parquet")
    sources = open_sources(tmp_path, role="log")
    assert [source.name for source in sources] == [f"{tmp_path}/p-{k}.parquet" for k in range(3)]
    assert read(tmp_path)["a"].to_pylist() == [1, 2, 3]


def test_no_rows_anywhere(tmp_path: Path) -> None:
    for part in ("a", "b"):
        pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / f"{part}.parquet")
    error_of(
        lambda: open_sources(tmp_path, role="judgements"), "a.parquet and 1 more", "no rows", "judgements"
    )
    error_of(lambda: open_sources([], role="log"), "no rows")


@pytest.mark.parametrize("data", [None, 3, [3], b"bytes", object()])
def test_what_is_no_data(data: Any) -> None:
    error_of(lambda: open_sources(data, role="run"), "cannot read run", "wanted a path", kind=UsageError)
