from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.rankers.training.examples import Examples, Reading
from tests.rankers.judged_data import clicked, judged, shuffled


def read(data: Any, features: tuple[str, ...] = ("f1", "f2"), **options: Any) -> Examples:
    return Reading(Log(data, "judgements"), "query_id", "relevance", features).read(1, **options)


SMALL = {
    "query_id": ["b", "a", "b", "a", "a"],
    "item_id": [1, 10, 2, 9, 11],
    "relevance": [0, 1, 2, -1, 0],
    "f1": [0.1, 0.2, None, 0.4, 0.5],
    "f2": [True, False, True, False, None],
}


def test_queries_ascend_and_items_descend() -> None:
    found = read(SMALL)
    assert found.queries.to_pylist() == ["a", "b"]
    assert found.offsets.tolist() == [0, 3, 5]
    assert found.items.to_pylist() == [11, 10, 9, 2, 1]
    assert found.grades.tolist() == [0.0, 1.0, -1.0, 2.0, 0.0]
    wanted = [[0.5, math.nan], [0.2, 0.0], [0.4, 0.0], [math.nan, 1.0], [0.1, 1.0]]
    np.testing.assert_equal(found.matrix, wanted)


def test_negative_grades_are_not_judged() -> None:
    found = read(SMALL)
    assert found.unjudged == 1
    assert found.judged().items.to_pylist() == [11, 10, 2, 1]
    assert found.judged().offsets.tolist() == [0, 2, 4]
    alone = read(SMALL | {"relevance": [-1, 0, -2, -1, 0]}).judged()
    assert alone.queries.to_pylist() == ["a"]


def test_grades_are_the_nearest_floats() -> None:
    found = read(SMALL | {"relevance": [0, 2**63 - 1, 2, 1, 0]})
    assert found.grades.tolist() == [0.0, 2.0**63, 1.0, 2.0, 0.0]


def test_a_feature_may_have_the_name_of_a_role_that_another_column_plays() -> None:
    log = Log(SMALL | {"grade": [0, 1, 2, 3, 4]}, "judgements", {"relevance": "grade"})
    found = Reading(log, "query_id", "relevance", ["relevance"]).read(1)
    assert found.grades.tolist() == [4, 1, 3, 2, 0]
    assert found.matrix[:, 0].tolist() == [0, 1, -1, 2, 0]


def test_texts_are_categories_in_ascending_order() -> None:
    data = SMALL | {"f2": ["y", "x", None, "z", "x"]}
    found = read(data)
    assert found.categories == (None, ("x", "y", "z"))
    np.testing.assert_equal(found.matrix[:, 1], [0.0, 0.0, 2.0, math.nan, 1.0])
    other = read(data | {"f2": ["w", "y", "x", "x", "x"]}, categories=found.categories)
    np.testing.assert_equal(other.matrix[:, 1], [0.0, 1.0, 0.0, 0.0, math.nan])


@pytest.mark.parametrize("values", [["a"] * 5, ["2024-01-01"] * 5])
def test_other_data_has_the_same_kinds_of_features(values: list[Any]) -> None:
    found = read(SMALL)
    with pytest.raises(DataError, match="column 'f1' holds string, wanted numbers as in the data"):
        read(SMALL | {"f1": values}, categories=found.categories)


@pytest.mark.parametrize("lacking", [[], ["item_id"]])
def test_the_order_of_rows_and_the_format_change_nothing(tmp_path: Path, lacking: list[str]) -> None:
    data = {name: values for name, values in judged().items() if name not in lacking}
    wanted = read(data)
    pq.write_table(shuffled(data, 1), tmp_path / "a.parquet", row_group_size=50)
    pcsv.write_csv(shuffled(data, 2), tmp_path / "a.csv")
    for other in (shuffled(data, 3), tmp_path / "a.parquet", tmp_path / "a.csv"):
        found = read(other)
        assert found.matrix.tobytes() == wanted.matrix.tobytes()
        assert found.grades.tobytes() == wanted.grades.tobytes()
        assert found.fingerprint() == wanted.fingerprint()
    assert read(data | {"f1": [0.0] * 320}).fingerprint() != wanted.fingerprint()


def test_items_with_the_same_id_are_in_the_order_of_their_content() -> None:
    data = {"query_id": [1] * 4, "item_id": [7] * 4, "relevance": [1, 0, 0, 1], "f1": [2.0, 3.0, 1.0, 0.0]}
    found = read(data, ("f1",))
    assert found.grades.tolist() == [0, 0, 1, 1]
    assert found.matrix[:, 0].tolist() == [1.0, 3.0, 0.0, 2.0]


def test_some_queries() -> None:
    found = read(judged(queries=5, items=3)).only(np.array([1, 4]))
    assert found.queries.to_pylist() == ["q001", "q004"]
    assert found.offsets.tolist() == [0, 3, 6]
    assert found.items.to_pylist() == ["d02", "d01", "d00"] * 2


def test_nested_click_logs_equal_long_ones() -> None:
    flat = pa.table(clicked(50))
    nested = flat.group_by(["session_id", "query_id"]).aggregate(
        [(name, "list") for name in ("item_id", "position", "click", "f1")]
    )
    nested = nested.rename_columns([name.removesuffix("_list") for name in nested.schema.names])
    long, short = (
        Reading(Log(data), "session_id", "click", ["f1"], ["position"]).read(1) for data in (flat, nested)
    )
    assert long.fingerprint() == short.fingerprint()
    assert long.fields["position"].to_pylist() == short.fields["position"].to_pylist()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"relevance": [0, None, 2, 1, 0]}, "row 2: column 'relevance' is null, wanted a finite number"),
        ({"query_id": ["b", None, "b", "a", "a"]}, "row 2: column 'query_id' is null, wanted an id"),
    ],
)
def test_bad_rows_get_one_line(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(SMALL | changed)
    assert message in str(caught.value)


def test_a_query_longer_than_lightgbm_takes() -> None:
    n = 10_001
    data = {"query_id": ["q"] * n, "item_id": list(range(n)), "relevance": [1] * n, "f1": [0.0] * n}
    with pytest.raises(DataError, match="found 10001 items in query 'q', wanted at most 10,000"):
        read(data, ("f1",))


def test_ids_are_no_categories() -> None:
    n = 10_001
    data = {"query_id": list(range(n)), "relevance": [1] * n, "f1": [f"t{i}" for i in range(n)]}
    with pytest.raises(DataError, match="column 'f1' holds 10,001 different texts, wanted at most 10,000"):
        read(data, ("f1",))
