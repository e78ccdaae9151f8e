from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rankeval
from rankeval.readers.open_sources import open_sources
from rankeval.readers.records import are_records, columns_of, is_by_query
from tests.readers.helpers import drain, error_of, read


def test_columns_of_records() -> None:
    records = [{"a": 1, "user": {"age": 3, "home": {"city": "x"}}}, {"b": [1], "user": {"age": None}}, {}]
    assert columns_of(records) == {
        "a": [1, None, None],
        "user.age": [3, None, None],
        "user.home.city": ["x", None, None],
        "b": [None, [1], None],
    }
    assert columns_of([{"a": {"b": 1}}, {"a": 2}]) == {"a": [None, 2], "a.b": [1, None]}
    error_of(lambda: columns_of([{"a": {"b": 1}, "a.b": 2}]), "two columns named 'a.b'")


def test_a_list_of_records_is_one_table() -> None:
    records = [{"query_id": 7, "item_id": "a", "score": 1}, {"query_id": "07", "item_id": "b", "score": 0.5}]
    (source,) = open_sources(records, role="run")
    assert source.name == "<records>"
    assert drain([source]).to_pydict() == {
        "query_id": ["7", "07"],
        "item_id": ["a", "b"],
        "score": [1.0, 0.5],
    }


def test_records_with_lists_are_a_nested_log() -> None:
    found = read([{"session_id": 1, "item_id": ["a", "b"], "click": [0, 1]}])
    assert found.to_pydict() == {"session_id": [1], "item_id": [["a", "b"]], "click": [[0, 1]]}


def test_a_list_of_dicts_of_arrays_is_many_tables() -> None:
    assert not are_records([{"a": [1, 2]}, {"a": [3]}])
    assert read([{"a": [1, 2]}, {"a": np.array([3])}])["a"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("role", "number", "wanted"), [("run", "score", [1.0, 2.0, 3.0]), ("judgements", "relevance", [1, 2, 3])]
)
def test_numbers_by_query_and_item(role: Any, number: str, wanted: list[Any]) -> None:
    data = {"q1": {"a": 1, "b": np.int64(2)}, "q2": {}, "q3": {"a": 3}}
    found = read(data, role=role)
    assert found.to_pydict() == {"query_id": ["q1", "q1", "q3"], "item_id": ["a", "b", "a"], number: wanted}
    assert list(map(type, found[number].to_pylist())) == list(map(type, wanted))


def test_what_is_no_number_by_query_and_item() -> None:
    error_of(
        lambda: read({"q": {"a": "x"}}, role="run"), "<dict>: query 'q', item 'a': found 'x', wanted a number"
    )
    error_of(lambda: read({"q": {"a": True}}, role="run"), "found True, wanted a number")
    error_of(lambda: read({"q": {"a": 1}}), "<dict>", "wanted a log as a dict of arrays")
    error_of(lambda: read({"q": {}}, role="run"), "no rows")
    assert not is_by_query({"run": {"query_id": ["q"], "item_id": ["a"]}})
    assert not is_by_query({"query_id": ["q"]})
    assert not is_by_query({})


RUN = {"q1": {"a": 2.0, "b": 1.0}}
JUDGEMENTS = {"q1": {"b": 1, "c": 0}}
RECORDS = [
    {"query_id": "q1", "item_id": "a", "score": 2.0},
    {"query_id": "q1", "item_id": "b", "score": 1.0},
]


@pytest.mark.parametrize("run", [RUN, {"run": RUN}, RECORDS, {"run": RECORDS}, [RECORDS]])
def test_an_evaluation_of_dicts(run: Any) -> None:
    found = rankeval.evaluate(run, judgements=JUDGEMENTS, metrics=["mrr"]).to_dict()
    assert [result["value"] for result in found["results"]] == [0.5]
