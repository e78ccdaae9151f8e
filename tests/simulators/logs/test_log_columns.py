from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from rankeval.simulators.exact.world_truth import WorldTruth, as_shown
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.logs.log_columns import LogColumns, Propensities, Shown, minus_ranks
from rankeval.simulators.logs.session_blocks import SessionMaker
from rankeval.simulators.worlds.world import World
from rankeval.simulators.worlds.world_file import parse_world
from tests.simulators.small_world import small_world

SOFT = {"policy": "plackett_luce", "temperature": 1, "scores": {"q1": [1.0, 0.6, 0.8], "q2": [0.1, 0.2]}}
PBM = {"name": "pbm", "examination": [1.0, 0.4]}
N = 300


def columns(world: World, propensities: Propensities = "all") -> LogColumns:
    truth = WorldTruth(world, N)
    names = list(world.arms) or ["logging"]
    arms = {name: Shown(as_shown(world, name), truth.exposures(as_shown(world, name))) for name in names}
    candidates = {name: Shown(policy, truth.exposures(policy)) for name, policy in world.candidates.items()}
    return LogColumns(world, arms, candidates, propensities)


def table(world: World, propensities: Propensities = "all") -> dict[str, np.ndarray]:
    """Columns of a log whose lists have 2 positions, one row a session."""
    log = columns(world, propensities).table(SessionMaker(world, N, 1).block(0, 0, N))
    return {name: np.array(log[name].to_pylist()).reshape(N, 2) for name in log.column_names}


def naive(policy: ListPolicy, query: int, size: int, shown: list[int], theta: list[float]) -> dict[str, Any]:
    """What a log says of one list of 2 positions, summed over all lists that the policy may show."""
    lists = list(permutations(range(size), 2))
    chances = policy.list_probabilities(np.full(len(lists), query), np.array(lists, np.int32))
    assert chances is not None
    pairs = list(zip(lists, chances.tolist(), strict=True))
    return {
        "propensity": [sum(p for one, p in pairs if one[k] == shown[k]) for k in range(2)],
        "propensity_prefix": [
            sum(p for one, p in pairs if list(one[: k + 1]) == shown[: k + 1]) for k in (0, 1)
        ],
        "propensity_list": [sum(p for one, p in pairs if list(one) == shown)] * 2,
        "exposure": [sum(p * theta[one.index(item)] for one, p in pairs if item in one) for item in shown],
    }


@pytest.mark.parametrize(
    "changes",
    [{}, {"shuffle": {"design": "full", "share": 0.3}}, {"arms": {"logging": 0.5, "new": 0.5}}],
)
def test_probabilities_are_sums_over_all_lists(changes: dict[str, Any]):
    policies = {"candidates": {"new": {**SOFT, "temperature": 0.5}}, "logging": SOFT}
    if "shuffle" in changes:
        policies["logging"] = small_world()["logging"]
    world = parse_world(small_world(click_model=PBM, **policies, **changes))
    log = table(world)
    items, theta = {"q1": ["a", "b", "c"], "q2": ["b", "d"]}, [1.0, 0.4]
    for i in range(0, N, 7):
        query = log["query_id"][i, 0]
        shown = [items[query].index(item) for item in log["item_id"][i]]
        arm = log["arm"][i, 0] if "arm" in log else "logging"
        which = (0 if query == "q1" else 1), len(items[query]), shown, theta
        for name, values in naive(as_shown(world, arm), *which).items():
            np.testing.assert_allclose(log[name][i], values, rtol=1e-12)
        for name, values in naive(world.candidates["new"], *which).items():
            np.testing.assert_allclose(log[f"target_{name}"][i], values, rtol=1e-12)


def test_exposure_is_that_in_the_context():
    contexts = [
        {"name": "top", "weight": 1, "click_model": {"examination": [1, 0]}},
        {"name": "low", "weight": 1, "click_model": {"examination": [0, 1]}},
    ]
    world = parse_world(small_world(click_model=PBM, contexts=contexts))
    log = table(world)
    np.testing.assert_array_equal(log["exposure"], np.where(log["context"] == "top", [[1, 0]], [[0, 1]]))


def test_what_cannot_be_computed_is_null_and_named():
    noisy = {"policy": "noisy", "noise": 1, "scores": SOFT["scores"]}
    world = parse_world(small_world(click_model=PBM, logging=noisy))
    log = table(world)
    assert columns(world).unknown == ["propensity_prefix", "propensity_list"]
    assert set(log["propensity_prefix"].ravel()) == {None}
    assert set(log["propensity_list"].ravel()) == {None}
    assert (log["propensity"].astype(float) > 0).all()
    swapped = parse_world(small_world(click_model=PBM, candidates={"x": noisy, "y": SOFT}))
    assert columns(swapped).unknown == ["target_propensity_prefix_x", "target_propensity_list_x"]


def test_a_column_is_null_where_one_arm_has_no_values():
    noisy = {"policy": "noisy", "noise": 1, "scores": SOFT["scores"]}
    world = parse_world(
        small_world(click_model=PBM, candidates={"new": noisy}, arms={"logging": 0.5, "new": 0.5})
    )
    assert set(table(world)["propensity_prefix"].ravel()) == {None}


@pytest.mark.parametrize(
    ("propensities", "wanted"),
    [
        ("none", []),
        ("item", ["propensity", "target_propensity"]),
        (
            "all",
            [f"{of}{name}" for of in ("", "target_")
             for name in ("propensity", "propensity_prefix", "propensity_list", "exposure")],
        ),
    ],
)  # fmt: skip
def test_as_much_is_written_as_asked_for(propensities: Propensities, wanted: list[str]):
    log = table(parse_world(small_world()), propensities)
    assert list(log) == ["session_id", "query_id", "position", "item_id", "click", "score", *wanted]


def test_several_candidates_have_columns_by_name():
    world = parse_world(small_world(candidates={"x": SOFT, "y": small_world()["logging"]}))
    names = list(table(world, "item"))
    assert names[5:] == ["score_y", "propensity", "target_propensity_x", "target_propensity_y"]


def test_scores_are_minus_ranks_among_all_items():
    policy = FixedOrder(np.array([0, 3, 5]), 2, np.array([0.2, 0.9, 0.2, 1.0, 2.0]))
    assert minus_ranks(policy).tolist() == [-2, -1, -3, -2, -1]
