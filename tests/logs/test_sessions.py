"""A ragged batch: columns by item and by session, and messages that name the place."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rankeval.logs.sessions import Sessions, counting, differ
from tests.readers.helpers import error_of


def flat(**items) -> Sessions:
    """Sessions of 2, 1 and 3 items."""
    items = {
        role: values if isinstance(values, pa.Array) else pa.array(values) for role, values in items.items()
    }
    session = "query_id" if "query_id" in items else None
    names = {role: f"column_{role}" for role in items}
    return Sessions(np.array([0, 2, 3, 6]), items, {}, names, lambda row: f"FILE, row {row + 1}", session)


def in_lists(fields, **items) -> Sessions:
    """Sessions of 2, 0 and 1 items, one row each."""
    fields = {role: pa.array(values) for role, values in fields.items()}
    items = {role: pa.array(values) for role, values in items.items()}
    names = {role: role for role in {**fields, **items}}
    return Sessions(
        np.array([0, 2, 2, 3]),
        items,
        fields,
        names,
        lambda row: f"FILE, row {row + 1}",
        "query_id",
        nested=True,
    )


QUERIES = ["q1", "q1", "q2", "q3", "q3", "q3"]


def test_lengths_and_roles():
    sessions = flat(query_id=QUERIES, score=[1.0] * 6)
    assert len(sessions) == 3
    assert sessions.lengths.tolist() == [2, 1, 3]
    assert "score" in sessions
    assert "click" not in sessions


def test_a_column_by_session():
    sessions = flat(query_id=QUERIES, user=["u", "u", None, "v", "v", "v"])
    assert sessions.per_session("query_id").to_pylist() == ["q1", "q2", "q3"]
    assert sessions.per_session("user").to_pylist() == ["u", None, "v"]


@pytest.mark.parametrize(
    ("values", "row", "query", "found"),
    [
        (["u", "v", "w", "x", "x", "x"], 2, "q1", "v"),
        (["u", "u", "w", "x", "x", None], 6, "q3", "null"),
        (["u", "u", "w", None, None, "x"], 6, "q3", "x"),
        ([1.0, 1.0, 2.0, 0.0, 0.5, 0.0], 5, "q3", "0.5"),
        (pa.array(["u", "u", "w", "x", "y", "x"]).dictionary_encode(), 5, "q3", "y"),
    ],
)
def test_a_value_that_changes_within_a_session_is_named(values, row, query, found):
    sessions = flat(query_id=QUERIES, user=values)
    wanted = f"column 'column_user' is {found}, wanted one value throughout a session"
    error_of(lambda: sessions.per_session("user"), f"FILE, row {row}, column_query_id '{query}': {wanted}")


def test_nan_throughout_is_one_value():
    sessions = flat(query_id=QUERIES, user=[np.nan, np.nan, 1.0, np.nan, np.nan, np.nan])
    assert np.isnan(sessions.per_session("user")[0].as_py())


def test_nested_columns():
    sessions = in_lists({"query_id": ["a", "b", "c"], "user": [1, 2, 3]}, score=[0.5, 0.25, 1.0])
    assert sessions.column("user").to_pylist() == [1, 1, 3]
    assert sessions.per_session("user").to_pylist() == [1, 2, 3]
    assert sessions.numbers("score").tolist() == [0.5, 0.25, 1.0]
    assert sessions.numbers_per_session("user").tolist() == [1, 2, 3]


def test_a_session_without_items_has_no_value_of_theirs():
    """Not that of its neighbour, though there are as many items as sessions."""
    sessions = in_lists({"query_id": ["a", "b", "c"]}, country=["de", "de", "fr"])
    assert sessions.per_session("country").to_pylist() == ["de", None, "fr"]


def test_the_last_session_without_items():
    names = {"query_id": "query_id", "x": "x"}
    sessions = Sessions(
        np.array([0, 1, 1]),
        {"x": pa.array(["u"])},
        {"query_id": pa.array([1, 2])},
        names,
        str,
        "query_id",
        True,
    )
    assert sessions.per_session("x").to_pylist() == ["u", None]


@pytest.mark.parametrize(
    ("bad", "shown"), [(None, "null"), (np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")]
)
def test_numbers_must_be_finite(bad, shown):
    sessions = flat(query_id=QUERIES, score=pa.array([1.0, 2.0, 3.0, bad, 4.0, 5.0], from_pandas=False))
    error_of(
        lambda: sessions.numbers("score"),
        f"FILE, row 4, column_query_id 'q3': column 'column_score' is {shown}, wanted a finite number",
    )


@pytest.mark.parametrize(("bad", "shown"), [(None, "null"), (np.nan, "nan")])
def test_numbers_of_sessions_must_be_finite(bad, shown):
    sessions = in_lists({"query_id": ["a", "b", "c"], "weight": [1.0, 2.0, bad]}, score=[0.5, 0.25, 1.0])
    message = f"FILE, row 3, query_id 'c': column 'weight' is {shown}, wanted a finite number"
    error_of(lambda: sessions.numbers_per_session("weight"), message)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 0, 1, 1, 0, 1], pa.int8()),
        pa.array([True, False, True, True, False, True]),
        pa.array([1, 0, 1, 1, 0, 1], pa.uint64()),
        pa.array([1, 0, 1, 1, 0, 1], pa.float32()),
        pa.array([1, 0, 1, 1, 0, 1], pa.float64()).cast(pa.decimal128(5, 2)),
        pa.array([9, 1, 0, 1, 1, 0, 1, 9], pa.int16()).slice(1, 6),
        pa.array([None, True, False, True, True, False, True])[1:],
    ],
)
def test_every_kind_of_number_becomes_float64(values):
    numbers = flat(query_id=QUERIES, click=values).numbers("click")
    assert numbers.dtype == np.float64
    assert numbers.tolist() == [1, 0, 1, 1, 0, 1]
    assert not numbers.flags.writeable


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.bool_(), pa.uint8(), pa.float32(), pa.decimal128(22, 1), pa.null()]
)
def test_a_null_of_every_kind_is_found(kind):
    values = pa.array([None] * 6, kind) if kind == pa.null() else pa.array([1, 0, 1, 1, None, 1]).cast(kind)
    row = "row 1," if kind == pa.null() else "row 5,"
    sessions = flat(query_id=QUERIES, click=values)
    error_of(lambda: sessions.numbers("click"), row, "is null, wanted a finite number")


def test_rows_without_ids_are_named_by_their_place_alone():
    assert flat(reward=[1.0] * 6).place(4) == "FILE, row 5"


def test_counting_is_shared_and_grows():
    assert counting(5).tolist() == [0, 1, 2, 3, 4]
    assert len(counting(1 << 17)) == 1 << 17
    assert not counting(3).flags.writeable
    assert counting(0).tolist() == []


def test_nulls_of_no_type_do_not_differ():
    assert differ(pa.nulls(3), pa.nulls(3)).tolist() == [False] * 3


def test_differ():
    left, right = pa.array([1.0, None, np.nan, 2.0, None]), pa.array([1.0, None, np.nan, 3.0, 4.0])
    assert differ(left, right).tolist() == [False, False, False, True, True]


def test_some_of_the_items():
    user = ["u", "u", None, "v", "v", "v"]
    part = flat(query_id=QUERIES, user=user, score=[1.0, 2, 3, 4, 5, 6]).having(
        np.array([False, True, False, True, False, True])
    )
    assert len(part) == 3
    assert part.offsets.tolist() == [0, 1, 1, 3]
    assert part.column("score").to_pylist() == [2.0, 4.0, 6.0]
    assert part.per_session("query_id").to_pylist() == ["q1", "q2", "q3"]
    assert part.column("query_id").to_pylist() == ["q1", "q3", "q3"]
    assert "score" in part
    assert part.place(1) == "FILE, row 4, column_query_id 'q3'"
    assert str(part.error("score", 2, 6.0, "less")) == (
        "FILE, row 6, column_query_id 'q3': column 'column_score' is 6.0, wanted less"
    )


def test_some_of_the_items_of_lists():
    part = in_lists({"query_id": ["q1", "q2", "q3"]}, score=[1.0, 2.0, 3.0]).having(
        np.array([False, True, True])
    )
    assert part.offsets.tolist() == [0, 1, 1, 2]
    assert part.column("query_id").to_pylist() == ["q1", "q3"]
    assert part.place(1) == "FILE, row 3, query_id 'q3'"
    assert part.place(0) == "FILE, row 1, query_id 'q1'"


def test_half_floats_differ_as_numbers():
    left, right = pa.array(np.array([1, 2, 0], np.float16)), pa.array(np.array([1, 3, 0], np.float16))
    assert differ(left, right).tolist() == [False, True, False]
