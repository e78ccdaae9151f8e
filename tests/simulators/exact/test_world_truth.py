from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rankeval.simulators.exact.world_truth import WorldTruth, as_shown, position_curves, whole_truth
from rankeval.simulators.worlds.world import LOGGING
from rankeval.simulators.worlds.world_file import parse_world
from tests import paths
from tests.simulators.small_world import small_world

PBM = {"name": "pbm", "examination": [1.0, 0.4]}
TRUST = {"name": "pbm_trust", "examination": [1, 0.4], "eps_plus": [0.9, 0.8], "eps_minus": [0.3, 0.1]}
SESSIONS = 1000


def truth_of(**changes: Any) -> tuple[dict[str, Any], list[str]]:
    return whole_truth(parse_world(small_world(**changes)), SESSIONS)


def test_clicks_of_a_fixed_order_as_arithmetic():
    truth, notes = truth_of(click_model=PBM)
    # q1 (3/4 of the sessions) shows a, c; q2 shows d, b.
    first, second = 0.75 * 0.9 + 0.25 * 0.4, 0.4 * (0.75 * 0.2 + 0.25 * 0.5)
    none = 0.75 * (1 - 0.9) * (1 - 0.4 * 0.2) + 0.25 * (1 - 0.4) * (1 - 0.4 * 0.5)
    both = 0.75 * 0.9 * 0.4 * 0.2 + 0.25 * 0.4 * 0.4 * 0.5
    mean, squares = first + second, first + second + 2 * both
    assert truth["logging"]["ctr_by_position"] == pytest.approx([first, second])
    assert truth["logging"]["expected_clicks"] == pytest.approx(mean)
    assert truth["logging"]["p_any_click"] == pytest.approx(1 - none)
    assert truth["logging"]["clicks_variance"] == pytest.approx(squares - mean**2)
    assert truth["examination"] == [1.0, 0.4]
    assert truth["click_model"] == PBM
    assert truth["logging"]["metrics"]["precision@10"] == pytest.approx(0.75 * 0.2 + 0.25 * 0.1)
    assert list(truth["candidates"]) == ["new"]
    assert notes == []


def test_users_contexts_and_days_are_averaged():
    truth, _ = truth_of(
        click_model=PBM,
        users={"count": 3, "spread": 0.06},
        contexts=[
            {"name": "a", "weight": 1, "click_model": {}},
            {"name": "b", "weight": 1, "click_model": {"examination": [0.5, 0.2]}},
        ],
        days={"start": "2024-01-01", "count": 2},
        drift={"attractiveness": 0.08},
    )
    # Two users of three have 0.94, one 1.06; the drift is 1 on average, and the first examination 0.75.
    factor = (2 * 0.94 + 1.06) / 3
    assert truth["logging"]["ctr_by_position"][0] == pytest.approx(0.75 * factor * (0.75 * 0.9 + 0.25 * 0.4))
    assert truth["examination"] == pytest.approx([0.75, 0.3])
    assert truth["contexts"]["b"]["examination"] == [0.5, 0.2]
    assert truth["contexts"]["a"]["weight"] == 0.5
    squares = np.mean([0.96**2, 1.04**2]) * (2 * 0.94**2 + 1.06**2) / 3
    both = np.mean([1.0 * 0.4, 0.5 * 0.2]) * squares * (0.75 * 0.9 * 0.2 + 0.25 * 0.4 * 0.5)
    mean = truth["logging"]["expected_clicks"]
    assert truth["logging"]["clicks_variance"] == pytest.approx(mean + 2 * both - mean**2)


def test_shuffles_are_part_of_what_users_see():
    truth, _ = truth_of(click_model=PBM, shuffle={"design": "full", "share": 0.5})
    plain, _ = truth_of(click_model=PBM)
    assert truth["unshuffled"] == plain["logging"]
    assert truth["candidates"] == plain["candidates"]
    # Half of the sessions have either item at the top with the same probability.
    kept = 0.75 * 0.9 + 0.25 * 0.4
    turned = 0.75 * 0.2 + 0.25 * 0.5
    assert truth["logging"]["ctr_by_position"][0] == pytest.approx(0.75 * kept + 0.25 * turned)


def test_arms_have_a_truth_each():
    truth, _ = truth_of(arms={"logging": 0.25, "new": 0.75})
    assert truth["arms"]["logging"] == {"share": 0.25, **truth["logging"]}
    assert truth["arms"]["new"] == {"share": 0.75, **truth["candidates"]["new"]}


def test_what_is_not_known_is_null_with_a_note():
    noisy = {"policy": "noisy", "noise": 1, "scores": {"q1": [1.0, 0.6, 0.8], "q2": [0.1, 0.2]}}
    truth, notes = truth_of(logging=noisy)
    assert truth["logging"]["expected_clicks"] is not None
    assert truth["logging"]["p_any_click"] is None
    assert truth["logging"]["clicks_variance"] is None
    assert len(notes) == 1
    wanted = (
        "truth of logging: p_any_click, clicks_variance null: the number of clicks under dbn: no exact value"
    )
    assert notes[0].text.startswith(wanted)


def test_short_lists_are_noted():
    _, notes = truth_of(positions=3, short_lists=True)
    assert [note.text for note in notes] == [
        "1 of 2 queries have fewer than 3 items: their lists are shorter"
    ]


def test_position_curves_of_trust_bias():
    world = parse_world(small_world(click_model=TRUST))
    curves = position_curves(world.models(), 2)
    assert curves == {
        "examination": [1.0, 0.4],
        "alpha": pytest.approx([0.9 - 0.3, 0.4 * (0.8 - 0.1)]),
        "beta": pytest.approx([0.3, 0.4 * 0.1]),
    }


def test_a_mixture_of_curves_is_their_mean():
    mixed = {"name": "mixture", "models": [{**PBM, "share": 0.25}, {**TRUST, "share": 0.75}]}
    curves = position_curves(parse_world(small_world(click_model=mixed)).models(), 2)
    assert curves["examination"] == pytest.approx([1.0, 0.4])
    assert curves["alpha"] == pytest.approx([0.25 + 0.75 * 0.6, 0.25 * 0.4 + 0.75 * 0.28])
    assert curves["beta"] == pytest.approx([0.75 * 0.3, 0.75 * 0.04])


def test_other_models_have_no_curve():
    assert truth_of()[0]["examination"] is None


def test_exposures_are_those_of_each_context():
    contexts = [
        {"name": "a", "weight": 1, "click_model": {"examination": [1, 0.5]}},
        {"name": "b", "weight": 1, "click_model": {"examination": [0.8, 0.1]}},
    ]
    world = parse_world(small_world(click_model=PBM, contexts=contexts))
    found = WorldTruth(world, SESSIONS).exposures(as_shown(world, LOGGING))
    np.testing.assert_allclose(found, [[1, 0, 0.5, 0.5, 1], [0.8, 0, 0.1, 0.1, 0.8]])


def test_exposures_follow_users_and_days_where_examination_does():
    """A cascade's second position is examined where the first item was not clicked."""
    world = parse_world(small_world(click_model={"name": "cascade"}, users={"count": 4, "spread": 0.1}))
    found = WorldTruth(world, SESSIONS).exposures(as_shown(world, LOGGING))
    skipped = np.mean([1 - 0.9 * 0.9, 1 - 1.1 * 0.9]), np.mean([1 - 0.9 * 0.4, 1 - 1.1 * 0.4])
    np.testing.assert_allclose(found, [[1, 0, skipped[0], skipped[1], 1]])


def test_exposures_that_nothing_gives_are_none():
    noisy = {"policy": "noisy", "noise": 1, "scores": {"q1": [1.0, 0.6, 0.8], "q2": [0.1, 0.2]}}
    dcm = {"name": "dcm", "continuation": [0.5, 0.2]}
    world = parse_world(small_world(click_model=dcm, logging=noisy, positions=3, short_lists=True))
    assert WorldTruth(world, SESSIONS).exposures(world.logging) is None


REFERENCE = paths.REFERENCE / "click" / "exact.json"
needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="needs the reference files")


@needs_reference
def test_policies_of_a_world_file_have_the_values_of_the_reference():
    given = json.loads(REFERENCE.read_text())["stochastic_ope"]
    query = {"query_id": 1, "items": [*range(given["items"])], "attractiveness": given["attractiveness"]}
    logging, target = (
        {"policy": "plackett_luce", "scores": {"1": given[f"{name}_scores"]}}
        for name in ("logging", "target")
    )
    described = {
        "click_model": {"name": "pbm", "examination": given["theta"]}, "positions": given["slate"],
        "queries": [query], "logging": logging, "candidates": {"new": target},
    }  # fmt: skip
    truth, notes = whole_truth(parse_world(described), 1000)
    found = truth["logging"]["expected_clicks"], truth["candidates"]["new"]["expected_clicks"]
    wanted = given["envs"]["pbm"]
    assert found == pytest.approx([wanted["onpolicy_logging_value"], wanted["truth_target_value"]], abs=1e-9)
    assert notes == []


@needs_reference
@pytest.mark.parametrize(("design", "wanted"), [("full", "full_shuffle"), ("pair", "random_pair_swap")])
def test_clicks_of_shuffled_traffic_are_those_of_the_reference(design: str, wanted: str):
    reference = json.loads(REFERENCE.read_text())
    attractiveness = reference["click_models"]["attractiveness"]
    described = {
        "click_model": {"name": "pbm", "eta": 1}, "positions": 10,
        "queries": [{"query_id": 1, "items": [*range(10)], "attractiveness": attractiveness}],
        "logging": {"policy": "fixed", "scores": {"1": [*range(10, 0, -1)]}},
        "shuffle": {"design": design, "share": 1},
    }  # fmt: skip
    truth, _ = whole_truth(parse_world(described), 1000)
    clicks = reference["shuffle"]["designs"]["eta1"]
    assert truth["logging"]["expected_clicks"] == pytest.approx(clicks[f"clicks_{wanted}"], abs=1e-9)
    assert truth["unshuffled"]["expected_clicks"] == pytest.approx(clicks["clicks_logged_order"], abs=1e-9)
