"""Two rankings of the queries of a world: exact outcomes, and what is wrong with descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rankeval.errors import DataError, RankevalError, UsageError
from rankeval.interleaving.methods import Method
from rankeval.simulators.interleaving.contests import Contest
from rankeval.simulators.worlds.world_file import parse_world
from tests import naive_interleaving as naive

ITEMS = [list("abcd"), list("wxyz")]
LIKED = {"a": 0.9, "b": 0.5, "c": 0.2, "d": 0.1, "w": 0.3, "x": 0.6, "y": 0.05, "z": 0.8}
SATISFIED = {"a": 0.4, "b": 0.9, "c": 0.5, "d": 0.3, "w": 0.2, "x": 0.7, "y": 0.6, "z": 0.5}
RANKINGS = {"a": [list("abcd"), list("wy")], "b": [list("bdca"), list("zyx")]}


def description(**changes: Any) -> dict[str, Any]:
    queries = [
        {
            "query_id": f"q{number}",
            "weight": [3.0, 1.0][number],
            "items": items,
            "attractiveness": [LIKED[item] for item in items],
            "satisfaction": [SATISFIED[item] for item in items],
            "a": RANKINGS["a"][number],
            "b": RANKINGS["b"][number],
        }
        for number, items in enumerate(ITEMS)
    ]
    plain = {"click_model": {"name": "dbn", "gamma": 0.9}, "positions": 4, "queries": queries}
    return {**plain, **changes}


def dbn(items: naive.Items, clicks: tuple[int, ...], gamma: float = 0.9) -> float:
    """Probability of clicks by going through who still looks, and who does not."""
    looks, gone = 1.0, 0.0
    for item, clicked in zip(items, clicks, strict=True):
        if clicked:
            gone, looks = 0.0, looks * LIKED[item]
            on = gamma * (1.0 - SATISFIED[item])
        else:
            looks *= 1.0 - LIKED[item]
            on = gamma
        gone, looks = gone + looks * (1.0 - on), looks * on
    return looks + gone


def expected(method: str) -> dict[str, float]:
    """The outcome over both queries, all lists, teams and clicks."""
    sessions = []
    for number, share in enumerate((0.75, 0.25)):
        a, b = RANKINGS["a"][number], RANKINGS["b"][number]
        for (items, teams), p in getattr(naive, method)(a, b, 4).items():
            for clicks, _ in naive.patterns(items, lambda *_: 0.5):
                if method == "balanced":
                    credit = naive.balanced_credit(a, b, items, clicks)
                else:
                    credit = sum(1 if team == "A" else -1 for team, c in zip(teams, clicks, strict=True) if c)
                sessions.append((share * p * dbn(items, clicks), credit))
    return naive.outcome(iter(sessions))


@pytest.mark.parametrize("method", ["team_draft", "balanced", "probabilistic"])
def test_outcomes_are_sums_over_everything(method: str) -> None:
    found = Contest.of(description()).outcome(Method.parse(method)).to_dict()
    found.pop("z_per_sqrt_n")
    assert found == pytest.approx(expected(method), abs=1e-9)


def test_a_mixture_of_models_is_a_mixture_of_outcomes() -> None:
    models = [
        {"name": "cascade", "share": 0.3},
        {"name": "pbm", "eta": 1.0, "share": 0.7},
    ]
    method = Method.parse("team_draft")
    mixed = Contest.of(description(click_model={"name": "mixture", "models": models})).outcome(method)
    parts = [
        Contest.of(description(click_model=model)).outcome(method)
        for model in ({"name": "cascade"}, {"name": "pbm", "eta": 1.0})
    ]
    assert mixed.p_a_wins == pytest.approx(0.3 * parts[0].p_a_wins + 0.7 * parts[1].p_a_wins, abs=1e-12)
    assert mixed.square_credit == pytest.approx(
        0.3 * parts[0].square_credit + 0.7 * parts[1].square_credit, abs=1e-12
    )


def test_users_and_contexts_are_shares_of_the_sessions() -> None:
    half = {"count": 2, "spread": 0.1}
    method = Method.parse("balanced")
    found = Contest.of(description(users=half)).outcome(method)
    parts = []
    for factor in (0.9, 1.1):
        scaled = description()
        for query in scaled["queries"]:
            query["attractiveness"] = [factor * value for value in query["attractiveness"]]
        parts.append(Contest.of(scaled).outcome(method))
    assert found.p_a_wins == pytest.approx(np.mean([part.p_a_wins for part in parts]), abs=1e-12)


def test_clicks_on_either_alone() -> None:
    """Cascade: one click at most, with ``1 - prod (1 - a)``; A of query 1 shows two items."""
    a, b = Contest.of(description(click_model={"name": "cascade"})).click_counts()
    clicked = [
        1.0 - np.prod([1.0 - LIKED[item] for item in RANKINGS[name][number]])
        for name in "ab"
        for number in (0, 1)
    ]
    assert a.mean == pytest.approx(0.75 * clicked[0] + 0.25 * clicked[1], abs=1e-12)
    assert b.mean == pytest.approx(0.75 * clicked[2] + 0.25 * clicked[3], abs=1e-12)
    assert b.variance == pytest.approx(b.mean * (1.0 - b.mean), abs=1e-12)


def of_policies(**changes: Any) -> dict[str, Any]:
    """The first query's rankings as scores, on lists of two."""
    world = description()
    query = {name: value for name, value in world["queries"][0].items() if name not in ("a", "b")}
    scores = {
        name: {"q0": [-float(ranking.index(item)) for item in "abcd"]}
        for name, ranking in (("a", list("abcd")), ("b", list("bdca")))
    }
    plain = {
        **world,
        "positions": 2,
        "queries": [query],
        "logging": {"policy": "fixed", "scores": scores["a"]},
        "candidates": {"new": {"policy": "fixed", "scores": scores["b"]}},
    }
    return {**plain, **changes}


def test_policies_of_a_world_rank_all_items(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(of_policies()))
    contest = Contest.of(path)
    assert (contest.a, contest.b) == ("logging", "new")
    assert contest.pairs.order_b.tolist() == [[1, 3, 2, 0]]
    assert contest.world.positions == 2
    swapped = Contest.of(parse_world(of_policies()), "new", "logging")
    method = Method.parse("team_draft")
    assert swapped.outcome(method).mean_credit == pytest.approx(-contest.outcome(method).mean_credit)


def without(name: str) -> dict[str, Any]:
    world = description()
    world["queries"][1].pop(name)
    return world


def with_ranking(name: str, ranking: Any) -> dict[str, Any]:
    world = description()
    world["queries"][1][name] = ranking
    return world


uniform = {"uniform": {"policy": "uniform"}}
BAD: dict[str, tuple[dict[str, Any], dict[str, Any], type[RankevalError]]] = {
    "world: queries[1].b: found None, wanted a list of the query's items": (without("b"), {}, DataError),
    "world: queries[1].a: found 'wx', wanted a list of the query's items": (
        with_ranking("a", "wx"),
        {},
        DataError,
    ),
    "world: queries[1].a: found 'k', wanted items that the query has": (
        with_ranking("a", ["w", "k"]),
        {},
        DataError,
    ),
    "world: queries[1].a: found ['w'], wanted items that the query has": (
        with_ranking("a", [["w"]]),
        {},
        DataError,
    ),
    "world: queries[1]: ranking b: found 'w' twice, wanted every item once": (
        with_ranking("b", ["w", "w"]),
        {},
        DataError,
    ),
    "a, b: found names of policies, but the queries of world list their rankings": (
        description(),
        {"a": "logging"},
        UsageError,
    ),
    "b: found nothing and the candidates none, wanted the name of one of them": (
        of_policies(candidates={}),
        {},
        UsageError,
    ),
    "a, b: found 'new' for both, wanted two policies": (of_policies(), {"a": "new"}, UsageError),
    "policy: found 'old', wanted one of logging, new": (of_policies(), {"b": "old"}, UsageError),
    "policy: 'uniform' ranks by chance, wanted policy fixed (simulate --logging fixed)": (
        of_policies(candidates=uniform),
        {},
        UsageError,
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_worlds_get_one_line(message: str) -> None:
    world, names, kind = BAD[message]
    with pytest.raises(kind) as caught:
        Contest.of(world, **names)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "world", [[], {"queries": 3}, {"queries": [{"a": ["x"]}]}, {"queries": [3, {"a": []}]}]
)
def test_what_is_no_world_is_an_error_of_the_data(world: Any) -> None:
    with pytest.raises(DataError):
        Contest.of(world)
