from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval.errors import DataError
from rankeval.simulators.worlds.world_file import parse_world
from tests.simulators.small_world import small_world, with_query


def test_queries_are_flat():
    queries = parse_world(small_world()).queries
    assert queries.offsets.tolist() == [0, 3, 5]
    assert queries.item_ids == ["a", "b", "c", "b", "d"]
    assert queries.attractiveness.tolist() == [0.9, 0.6, 0.2, 0.5, 0.4]
    assert queries.satisfaction is not None
    assert queries.satisfaction.tolist() == [0.8, 0.5, 0.1, 0.7, 0.9]
    assert queries.relevance is not None
    assert queries.relevance.tolist() == [2, 0, 1, 1, 0]


def test_ids_may_be_integers():
    described = small_world(
        queries=[{"query_id": 7, "items": [3, 1], "attractiveness": [0.1, 1]}],
        click_model={"name": "cascade"},
        logging={"policy": "fixed", "scores": {"7": [1, 2]}},
        candidates=None,
    )
    queries = parse_world(described).queries
    assert (queries.ids, queries.item_ids) == ([7], [3, 1])
    assert queries.satisfaction is None
    assert queries.relevance is None
    np.testing.assert_array_equal(queries.weights, [1.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attractiveness": None}, "attractiveness: found nothing, wanted a number in [0, 1] for each of 3"),
        ({"attractiveness": [0.1, 0.2]}, "attractiveness: found 2 values, wanted a number in [0, 1] for"),
        ({"attractiveness": [0.1, 1.2, 0]}, "attractiveness[1]: found 1.2, wanted a number in [0, 1]"),
        ({"attractiveness": [0.1, -0.2, 0]}, "attractiveness[1]: found -0.2, wanted a number in [0, 1]"),
        ({"attractiveness": [0.1, "x", 0]}, "attractiveness[1]: found 'x', wanted a number in [0, 1]"),
        ({"attractiveness": [0.1, True, 0]}, "attractiveness[1]: found True, wanted a number in [0, 1]"),
        ({"attractiveness": [0.1, None, 0]}, "attractiveness[1]: found null, wanted a number in [0, 1]"),
        ({"attractiveness": [0.1, float("nan"), 0]}, "attractiveness[1]: found nan"),
        ({"attractiveness": "0.1"}, "attractiveness: found '0.1', wanted a number in [0, 1] for each"),
        ({"satisfaction": None}, "satisfaction: found nothing, wanted a number in [0, 1] for each of 3 "
                                 "items, which dbn needs"),
        ({"relevance": [1, 1e308, 0]}, "relevance[1]: found 1e+308, wanted a number in [0, 100]"),
        ({"relevance": [1, 10**400, 0]}, "relevance[1]: found 1000"),
        ({"relevance": None}, "relevance: found nothing, wanted values for each item, as other queries have"),
        ({"weight": -1}, "weight: found -1, wanted a number of at least 0"),
        ({"wieght": 1}, "wieght: found 1, wanted no such key; known are attractiveness"),
        ({"items": []}, "items: found an empty list, wanted at least one item"),
        ({"items": ["a", "b", "a"]}, "items[2]: found 'a' again, wanted each id once"),
        ({"items": ["a", 1, "c"]}, "items[1]: found 1, wanted ids of one kind, as 'a' is"),
        ({"items": ["a", 1.5, "c"]}, "items[1]: found 1.5, wanted an integer or a string"),
        ({"items": [1, 2**63, 3]}, "items[1]: found 9223372036854775808, wanted an integer or a string"),
        ({"query_id": None}, "query_id: found nothing, wanted an integer or a string"),
        ({"query_id": "\ud800"}, "query_id: found '\\ud800', wanted an integer or a string"),
        ({"query_id": True}, "query_id: found True, wanted an integer or a string"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query(changes: dict[str, Any], message: str):
    with pytest.raises(DataError) as raised:
        parse_world(with_query(**changes))
    place = str(raised.value).removeprefix("world: ")
    assert place.startswith((f"queries[0].{message}", f"queries[1].{message}"))


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "queries: found an empty list, wanted queries such as"),
        ({}, "queries: found {}, wanted a list of queries such as"),
        ([3], "queries[0]: found 3, wanted an object such as"),
    ],
)
def test_queries_that_are_none(queries: Any, message: str):
    with pytest.raises(DataError) as raised:
        parse_world(small_world(queries=queries))
    assert str(raised.value).startswith(f"world: {message}")


def test_a_query_stands_once():
    described = small_world()
    described["queries"][1]["query_id"] = "q1"
    with pytest.raises(DataError, match=r"queries\[1\].query_id: found 'q1' again, wanted each id once"):
        parse_world(described)


def test_items_of_all_queries_have_ids_of_one_kind():
    described = small_world()
    described["queries"][1]["items"] = [1, 2]
    with pytest.raises(
        DataError, match=r"queries\[1\].items\[0\]: found 1, wanted ids of one kind, as 'a' is"
    ):
        parse_world(described)


def test_some_query_is_asked():
    described = small_world()
    for query in described["queries"]:
        query["weight"] = 0
    with pytest.raises(DataError, match="queries: found weights that sum to 0, wanted a finite sum above 0"):
        parse_world(described)


def test_a_mixture_needs_the_satisfaction_that_one_of_its_models_needs():
    models = [{"name": "pbm", "eta": 1.0, "share": 0.5}, {"name": "dbn", "gamma": 0.8, "share": 0.5}]
    world = with_query(satisfaction=None) | {"click_model": {"name": "mixture", "models": models}}
    with pytest.raises(DataError, match=r"satisfaction: found nothing, .* which mixture needs"):
        parse_world(world)
