from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.worlds.world_file import parse_world
from rankeval.simulators.worlds.world_options import WorldOptions

JUDGED = {"query_id": [1, 1, 2], "item_id": [1, 2, 1], "relevance": [0, 1, 2]}


def described(**options: Any) -> dict[str, Any]:
    return WorldOptions(**{"queries": 5, "items": 4, "positions": 3, **options}).describe(1)[0]


def test_everything_is_written_out():
    world = described(users=10, days=3, drift=0.2, context=["a"], shuffle="swap", arms="logging,new")
    assert json.loads(json.dumps(world)) == world
    assert list(world) == [
        "click_model", "positions", "shuffle", "users", "contexts", "days", "drift", "arms",
        "logging", "candidates", "queries",
    ]  # fmt: skip
    assert parse_world(world).positions == 3


def test_without_options_there_are_a_thousand_queries_of_ten_items():
    world = parse_world(WorldOptions().describe(1)[0])
    assert (len(world.queries), world.positions) == (1000, 10)
    assert set(world.queries.sizes) == {10}
    assert set(world.queries.relevance) == {0, 1, 2, 3, 4}
    assert world.queries.weights[0] / world.queries.weights[9] == pytest.approx(10)


@pytest.mark.parametrize(
    ("options", "items", "positions"), [({}, 10, 10), ({"items": 4}, 4, 4), ({"positions": 12}, 12, 12)]
)
def test_lists_show_what_there_is(options: dict[str, int], items: int, positions: int):
    world = parse_world(WorldOptions(queries=2, **options).describe(1)[0])
    assert (set(world.queries.sizes), world.positions) == ({items}, positions)


def test_attractive_items_satisfy_more_often():
    (query,) = described(queries=1, epsilon=0.5, max_grade=3, grades=[0.25] * 4)["queries"]
    grades = np.array(query["relevance"])
    wanted = 0.5 + 0.5 * (2.0**grades - 1) / 7
    np.testing.assert_allclose(query["attractiveness"], wanted)
    np.testing.assert_allclose(query["satisfaction"], 0.2 + 0.6 * wanted)


def test_the_last_grade_is_the_best_unless_told():
    queries = described(grades="0.5,0.5", queries=50)["queries"]
    assert {a for query in queries for a in query["attractiveness"]} == {0.1, 1.0}
    queries = described(grades="0.5,0.5", queries=50, max_grade=2)["queries"]
    assert {round(a, 12) for query in queries for a in query["attractiveness"]} == {0.1, 0.4}
    (query,) = described(grades=[1.0], queries=1)["queries"]
    assert set(query["attractiveness"]) == {0.1}


def test_attractiveness_stays_a_probability_for_all_users_and_days():
    options = {"users": 4, "user_spread": 0.5, "days": 3, "drift": -0.4, "queries": 50}
    world, notes = WorldOptions(**options).describe(1)
    plain, _ = WorldOptions(queries=50).describe(1)
    # The keenest users have 1.5 times as much, on the best day 1.2.
    np.testing.assert_allclose(
        np.array(plain["queries"][0]["attractiveness"]) / 1.8, world["queries"][0]["attractiveness"]
    )
    text = "attractiveness is divided by 1.8, to stay in [0, 1] for all users and days"
    assert [note.text for note in notes] == [text]
    assert parse_world(world).users is not None


def test_candidates_by_name_or_as_texts():
    named = described(candidate={"a": "fixed", "b": "uniform"})
    assert named == described(candidate=["a=fixed", "b=uniform"])
    assert list(named["candidates"]) == ["a", "b"]
    assert list(described(candidate="a=fixed:skill=0.1")["candidates"]) == ["a"]


def test_parameters_by_name_or_as_texts():
    model = {"click_model": "ccm", "param": {"tau1": 0.5, "tau2": 0.25}}
    assert described(**model) == described(click_model="ccm", param=["tau1=0.5", "tau2=0.25"])
    assert described(**model)["click_model"] == {"name": "ccm", "tau1": 0.5, "tau2": 0.25, "tau3": 0.3}
    assert described(param="examination=[1, 0.5, 0.2]")["click_model"]["examination"] == [1, 0.5, 0.2]


def test_judged_queries_may_have_few_items():
    world, _ = WorldOptions(judgements=JUDGED, positions=2).describe(1)
    assert world["short_lists"] is True
    assert parse_world(world).queries.sizes.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": 2}, "positions: found 3, wanted at most the 2 items"),
        ({"positions": 0}, "positions: found 0, wanted a whole number of at least 1"),
        ({"positions": 1001}, "positions: found 1001, wanted a whole number of at least 1 and at most 1000"),
        ({"queries": 10**30}, "queries: found 1000000000000000000000000000000, wanted a whole number"),
        (
            {"queries": 10**4, "items": 10**5},
            "items: found 100000, wanted a whole number",
        ),
        ({"logging": "mixture:rankers=101"}, "logging: rankers: found 101, wanted a whole number"),
        ({"grades": "{},1"}, "grades: found {}, wanted a number in [0.0, 1.0]"),
        ({"grades": "1e308,1e308"}, "grades: found 1e+308, wanted a number in [0.0, 1.0]"),
        ({"param": ["gamma=" + 100_000 * "["]}, "param gamma: found '[[["),
        ({"positions": 2.5}, "positions: found 2.5, wanted a whole number"),
        ({"queries": "5"}, "queries: found '5', wanted a whole number"),
        ({"judgements": JUDGED}, "queries: found 5, wanted none: judgements have them"),
        ({"where": "x == 1"}, "found columns or where without judgements"),
        ({"epsilon": 2.0}, "epsilon: found 2.0, wanted a number in [0.0, 1.0]"),
        ({"epsilon": "x"}, "epsilon: found 'x', wanted a number"),
        ({"max_grade": 1.0}, "max_grade: found 1, wanted at least 4, a grade"),
        ({"max_grade": float("nan")}, "max_grade: found nan, wanted a number in"),
        ({"grades": 0.5}, "grades: found 0.5, wanted numbers, or a text of them"),
        ({"grades": "a,b"}, "grades: found 'a', wanted a number or a list"),
        ({"grades": []}, "grades: found"),
        ({"logging": 3}, "logging: found 3, wanted a text"),
        ({"candidate": 3}, "candidate: found 3, wanted a dict, or texts NAME=VALUE"),
        ({"candidate": ["a=fixed", "a=uniform"]}, "candidate: found 'a=uniform', wanted NAME=VALUE"),
        ({"candidate": {"a": 3}}, "candidate a: found 3, wanted one of fixed, noisy"),
        ({"candidate": ["a"]}, "candidate: found 'a', wanted NAME=VALUE"),
        ({"param": ["gamma"]}, "param: found 'gamma', wanted NAME=VALUE"),
        ({"context": 3}, "context: found 3, wanted a text or a list of texts"),
        ({"users": True}, "users: found True, wanted a whole number"),
    ],
)
def test_what_is_wrong_is_named_by_its_option(options: dict[str, Any], message: str):
    with pytest.raises(UsageError) as raised:
        described(**options)
    assert str(raised.value).startswith(message)
