from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rankeval.errors import DataError
from rankeval.simulators.click_models.models import PositionBased
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.random_utility import PlackettLuce
from rankeval.simulators.worlds.world import Context, Days, Shuffle, Users
from rankeval.simulators.worlds.world_file import parse_world, read_description, read_world
from tests.simulators.small_world import small_world

PHONE = {"name": "phone", "weight": 3, "click_model": {"gamma": 0.5}}
DESKTOP = {"name": "desktop", "weight": 1, "click_model": {"name": "pbm", "eta": 1}}
DAYS = {"start": "2024-02-28", "count": 3}


def test_a_world_is_read_from_a_file_and_from_its_content(tmp_path: Path):
    path = tmp_path / "world.json"
    path.write_text(json.dumps(small_world()))
    for world in (read_world(path), read_world(str(path)), read_world(small_world())):
        assert world.positions == 2
        assert world.click_model.to_dict() == {"name": "dbn", "gamma": 0.8}
        assert world.queries.ids == ["q1", "q2"]
        assert world.queries.weights.tolist() == [0.75, 0.25]
        assert isinstance(world.logging, FixedOrder)
        assert world.logging.scores.tolist() == [1.0, 0.6, 0.8, 0.1, 0.2]
        assert list(world.candidates) == ["new"]
        assert (world.shuffle, world.users, world.contexts, world.days, world.arms) == (
            None,
            None,
            (),
            None,
            {},
        )


def test_all_of_the_traffic_is_read():
    world = parse_world(
        small_world(
            logging={"policy": "plackett_luce", "temperature": 2, "scores": {"q1": [1, 2, 3], "q2": [0, 0]}},
            shuffle={"design": "swap", "share": 0.1},
            users={"count": 10, "spread": 0.05},
            contexts=[PHONE, DESKTOP],
            days=DAYS,
            drift={"attractiveness": -0.1},
            arms={"logging": 0.9, "new": 0.1},
        )
    )
    assert isinstance(world.logging, PlackettLuce)
    assert world.shuffle == Shuffle("swap", 0.1, 2)
    assert world.users == Users(10, 0.05)
    assert world.days == Days(date(2024, 2, 28), 3, -0.1)
    assert world.arms == {"logging": 0.9, "new": 0.1}
    phone, desktop = world.contexts
    assert (phone.name, phone.weight, phone.click_model.to_dict()) == (
        "phone", 0.75, {"name": "dbn", "gamma": 0.5},
    )  # fmt: skip
    assert desktop == Context("desktop", 0.25, PositionBased((1.0, 0.5)))


@pytest.mark.parametrize(
    ("own", "examination"), [({"eta": 2}, [1.0, 0.25]), ({"examination": [1, 0.3]}, [1.0, 0.3])]
)
@pytest.mark.parametrize("base", [{"eta": 1}, {"examination": [0.9, 0.8]}])
def test_a_context_has_its_own_examination(
    base: dict[str, Any], own: dict[str, Any], examination: list[float]
):
    described = small_world(
        click_model={"name": "pbm", **base}, contexts=[{"name": "c", "weight": 1, "click_model": own}]
    )
    (context,) = parse_world(described).contexts
    assert isinstance(context.click_model, PositionBased)
    assert list(context.click_model.examination) == examination


def test_lists_may_be_shorter_where_the_world_says_so():
    world = parse_world(small_world(positions=3, short_lists=True))
    assert isinstance(world.logging, FixedOrder)
    np.testing.assert_array_equal(world.logging.best, [[0, 2, 1], [1, 0, -1]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": 3}, "positions: found 3, more than the 2 items of queries[1], wanted at most 2"),
        ({"positions": 0}, "positions: found 0, wanted a whole number of at least 1"),
        ({"positions": True}, "positions: found True, wanted a whole number"),
        ({"positions": None}, "positions: found nothing, wanted a whole number"),
        ({"short_lists": 1}, "short_lists: found 1, wanted true or false"),
        ({"click_model": None}, "click_model: found nothing"),
        ({"click_model": {"name": "dbm"}}, "click_model.name: found 'dbm', wanted one of pbm, pbm_trust"),
        ({"click_model": {"name": "dbn"}}, "click_model.gamma: found nothing, wanted this parameter of dbn"),
        ({"click_model": {"name": "dbn", "gamma": 1.5}}, "click_model.gamma: found 1.5, wanted a prob"),
        ({"logging": None}, "logging: found nothing, wanted a policy"),
        ({"logging": {"policy": "best"}}, "logging.policy: found 'best', wanted one of fixed"),
        ({"candidates": []}, "candidates: found [], wanted an object such as"),
        ({"candidates": {"a b": {"policy": "uniform"}}}, "candidates: found the name 'a b', wanted letters"),
        ({"candidates": {"logging": {"policy": "uniform"}}}, "candidates: found the name 'logging'"),
        ({"candidates": {"x": {"policy": "fixed"}}}, "candidates.x.scores: found nothing"),
        ({"positons": 3}, "positons: found 3, wanted no such key; known are arms, candidates"),
        ({"shuffle": {"design": "all", "share": 0.1}}, "shuffle.design: found 'all', wanted one of full"),
        ({"shuffle": {"design": "full"}}, "shuffle.share: found nothing, wanted a number in [0, 1]"),
        ({"shuffle": {"design": "full", "share": 2}}, "shuffle.share: found 2, wanted a number in [0, 1]"),
        ({"shuffle": {"design": "full", "share": 0.1, "top": 3}}, "shuffle.top: found 3"),
        ({"shuffle": {"design": "full", "share": 0.1, "pot": 3}}, "shuffle.pot: found 3, wanted no such key"),
        ({"users": {"count": 0}}, "users.count: found 0"),
        ({"users": {"count": 5, "spread": 0.2}}, "users.spread: found 0.2, which makes queries[0].attract"),
        ({"days": {"start": "soon", "count": 3}}, "days.start: found 'soon', wanted a day such as 2024"),
        ({"drift": {"attractiveness": 0.1}}, "drift: found 0.1, wanted days to drift over"),
        ({"drift": {"attractiveness": 0.5}, "days": DAYS}, "drift.attractiveness: found 0.5, which makes"),
        ({"drift": {"clicks": 0.5}, "days": DAYS}, "drift.attractiveness: found nothing"),
        ({"contexts": [{"name": "a", "weight": 1, "click_model": 2}]}, "contexts[0].click_model: found 2"),
        ({"contexts": [PHONE, PHONE]}, "contexts[0].name: found 'phone' again"),
        ({"contexts": [{**PHONE, "weight": -1}]}, "contexts[0].weight: found -1"),
        ({"contexts": [{**PHONE, "weight": 0}]}, "contexts: found weights that sum to 0"),
        ({"contexts": [{**PHONE, "share": 1}]}, "contexts[0].share: found 1, wanted no such key"),
        ({"contexts": [{**PHONE, "click_model": {"eta": 1}}]}, "contexts[0].click_model.eta: found 1"),
        ({"arms": {"old": 1}}, "arms: found 'old', wanted one of logging, new"),
        ({"arms": {"logging": 0.5, "new": 0.4}}, "arms: found shares that sum to 0.9"),
        ({"arms": {"logging": 1, "new": 0}}, "arms.new: found 0, wanted a number in (0, 1]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_key(changes: dict[str, Any], message: str):
    with pytest.raises(DataError) as raised:
        parse_world(small_world(**changes), "w.json")
    assert str(raised.value).startswith(f"w.json: {message}")


def test_a_list_of_one_position_has_nothing_to_shuffle():
    described = small_world(positions=1, shuffle={"design": "full", "share": 0.1})
    with pytest.raises(DataError, match="world: shuffle: found a world of 1 position, wanted at least 2"):
        parse_world(described)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"positions": 1', "found no JSON (Expecting"),
        ('{"positions": 1, "positions": 2}', "found no JSON (the key 'positions' twice in one object)"),
        ("[1, 2]", "found [1, 2], wanted an object such as"),
        ("[" * 100_000, "found no JSON"),
        ("\xff", "found no JSON"),
    ],
)
def test_files_that_are_no_world(tmp_path: Path, text: str, message: str):
    path = tmp_path / "world.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError) as raised:
        read_world(path)
    assert str(raised.value).startswith(f"{path}: {message}")


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        read_description(tmp_path / "none.json")
