from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, Log, UsageError
from rankeval.rankers import feature_columns, feature_matrix, feature_role, with_columns


def log(**columns: Any) -> Log:
    return Log({"query_id": [1, 1], "item_id": [1, 2], "relevance": [0, 1], **columns}, "judgements")


def test_features_are_the_columns_of_numbers_that_play_no_role() -> None:
    data = log(price=[1.5, 2.0], sold=[True, False], name=["a", "b"], split=[1, 2])
    assert feature_columns(data, [], barred=["split"]) == ["price", "sold"]
    assert feature_columns(data, ["name", "price", "name"]) == ["name", "price"]


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (["relevance"], UsageError, "features: found 'relevance', wanted columns that are known before"),
        (["split"], UsageError, "features: found 'split'"),
        (["gone"], DataError, "<dict>: no column 'gone'"),
        (["time"], DataError, "<dict>: column 'time' holds date32[day], wanted numbers or text"),
    ],
)
def test_columns_that_are_no_features(asked: list[str], error: type[Exception], message: str) -> None:
    data = log(price=[1.5, 2.0], split=[1, 2], time=pa.array([1, 2], pa.date32()))
    with pytest.raises(error) as caught:
        feature_columns(data, asked, barred=["split"])
    assert str(caught.value).startswith(message)


def test_data_without_a_feature() -> None:
    with pytest.raises(
        DataError, match="<dict>: found no column of numbers that is a feature, wanted at least one"
    ):
        feature_columns(log(name=["a", "b"]), [])


def test_matrix_of_numbers_booleans_and_categories() -> None:
    columns = [
        pa.array([1, None, 3]),
        pa.array([True, False, None]),
        pa.array(["b", None, "z"]),
        pa.array([7, 5, 9]),
    ]
    found = feature_matrix(columns, [None, None, ["a", "b"], [5, 7]])
    np.testing.assert_array_equal(
        found, [[1.0, 1.0, 1.0, 1.0], [np.nan, 0.0, np.nan, 0.0], [3.0, np.nan, np.nan, np.nan]]
    )
    assert found.flags.c_contiguous


@pytest.mark.parametrize("values", [["7", "5", "9"], [7.0, 5.0, 9.0]])
def test_categories_of_another_type_are_found_by_their_text(values: list[Any]) -> None:
    found = feature_matrix([pa.array(values)], [[5, 7]])
    np.testing.assert_array_equal(found[:, 0], [1.0, 0.0, np.nan])


def test_no_columns_give_no_rows() -> None:
    assert feature_matrix([]).shape == (0, 0)


# Columns of a ranker.


def test_columns_are_found_by_name_also_with_an_underscore_for_a_space() -> None:
    data = log(**{"my price": [1.0, 2.0], "age": [3, 4]})
    found = with_columns(data, ["age", "my_price", "query_id"], "m")
    roles = [feature_role(name) for name in ("my_price", "age", "query_id")]
    assert found.names(roles) == ["my price", "age", "query_id"]
    both = log(**{"my price": [1.0, 2.0], "my_price": [3.0, 4.0]})
    with pytest.raises(DataError, match="has the columns 'my price', 'my_price', which LightGBM both calls"):
        with_columns(both, ["my_price"], "m")


def test_a_feature_may_have_the_name_of_a_role_that_another_column_plays() -> None:
    data = Log(
        {"query_id": [1], "item_id": [1], "relevance": [2], "grade": [3]},
        "judgements",
        {"relevance": "grade"},
    )
    assert with_columns(data, ["relevance"], "m").names([feature_role("relevance")]) == ["relevance"]
    with pytest.raises(DataError, match="found no column of numbers that is a feature"):
        feature_columns(data, [])
    with pytest.raises(UsageError, match="found 'relevance'"):
        feature_columns(data, ["relevance"])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ["a", "b", "price"],
            "<dict>: lacks 2 of the 3 columns that m reads, a, b; wanted columns of these names, "
            "found query_id, item_id, relevance, price",
        ),
        (
            ["Column_0", "Column_1"],
            "<dict>: lacks 2 of the 2 columns that m reads, Column_0, Column_1; wanted a model that was "
            "trained with names of features (LightGBM made up these), "
            "found query_id, item_id, relevance, price",
        ),
        (["lists"], "<dict>: column 'lists' holds list<item: int64>, wanted one value a row"),
    ],
)
def test_columns_that_are_missing(columns: list[str], message: str) -> None:
    data = log(price=[1.0, 2.0], **({"lists": [[1], [2]]} if columns == ["lists"] else {}))
    with pytest.raises(DataError) as caught:
        with_columns(data, columns, "m")
    assert str(caught.value) == message


def test_every_file_must_have_the_columns() -> None:
    first = {"query_id": [1], "item_id": [1], "price": [1.0]}
    data = Log([first, {"query_id": [2], "item_id": [1]}], "judgements")
    with pytest.raises(
        DataError, match=r"lacks 1 of the 1 columns that m reads, price; .* found query_id, item_id$"
    ):
        with_columns(data, ["price"], "m")
