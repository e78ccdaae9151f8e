"""Plans of shuffle experiments."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest

import rankeval
from rankeval.errors import DataError, UsageError
from rankeval.simulators.shuffle_plans.plan import plan_shuffle
from rankeval.simulators.worlds.world import DESIGNS
from rankeval.simulators.worlds.world_file import read_world
from tests.readers.helpers import SHARED, error_of, needs_shared

A = [0.9, 0.6, 0.1, 0.3]
WORLD = {
    "click_model": {"name": "pbm", "eta": 1},
    "positions": 4,
    "queries": [
        {"query_id": "q1", "weight": 3, "items": ["a", "b", "c", "d"], "attractiveness": A},
        {"query_id": "q2", "weight": 1, "items": ["a", "b", "c", "d"], "attractiveness": A[::-1]},
    ],
    "logging": {"policy": "fixed", "scores": {"q1": [4, 3, 2, 1], "q2": [4, 3, 2, 1]}},
}


def design(plan, name):
    return next(one for one in plan.to_dict()["designs"] if one["design"] == name)


@needs_shared
def test_reference():
    exact = json.loads((SHARED / "reference/click/exact.json").read_text())
    a = exact["click_models"]["attractiveness"]
    world = {
        "click_model": {"name": "pbm", "eta": 1},
        "positions": len(a),
        "queries": [{"query_id": "q", "items": list(range(len(a))), "attractiveness": a}],
        "logging": {"policy": "fixed", "scores": {"q": [-k for k in range(len(a))]}},
    }
    plan = plan_shuffle(world, sessions=1)
    wanted = exact["shuffle"]["designs"]["eta1"]
    names = {
        "full": ("full_shuffle", "se_sqrt_n"),
        "swap": ("swap_1k", "se_sqrt_n_arm"),
        "adjacent": ("adjacent_chain", "se_sqrt_n_arm"),
        "pair": ("random_pair_swap_ipw", "se_sqrt_n"),
    }
    for name, (key, figure) in names.items():
        for row, found in zip(wanted["rows"], design(plan, name)["positions"], strict=True):
            if key in row:
                assert found["propensity"] == pytest.approx(row[key]["ratio"], abs=1e-12)
                assert found[figure] == pytest.approx(row[key]["se_sqrt_n"], abs=1e-9)
    assert plan.clicks_logged == pytest.approx(wanted["clicks_logged_order"], abs=1e-12)
    for name, key in {"full": "full", "pair": "random_pair"}.items():
        found = design(plan, name)
        clicks = wanted[f"clicks_{'full_shuffle' if name == 'full' else 'random_pair_swap'}"]
        assert found["clicks"] == pytest.approx(clicks, abs=1e-12)
        assert found["relative_loss"] == pytest.approx(wanted[f"relative_loss_{key}"], abs=1e-12)


def test_what_follows_from_the_error():
    plan = plan_shuffle(
        WORLD, sessions=40_000, relative_error=0.05, share=0.02, sessions_per_day=50_000, top=3
    )
    for found in plan.to_dict()["designs"]:
        assert [row["position"] for row in found["positions"]] == [1, 2, 3]
        assert found["positions"][0] == {
            "position": 1,
            "propensity": 1.0,
            "se_sqrt_n": 0.0,
            "se_sqrt_n_arm": 0.0,
            "std_error": 0.0,
            "relative_error": 0.0,
            "sessions": 0,
            "days": 0.0,
        }
        for row in found["positions"][1:]:
            assert row["propensity"] == pytest.approx(1.0 / row["position"])
            assert row["std_error"] == pytest.approx(row["se_sqrt_n"] / 200.0)
            assert row["relative_error"] == pytest.approx(row["std_error"] * row["position"])
            needed = (row["se_sqrt_n"] / row["propensity"] / 0.05) ** 2
            assert needed <= row["sessions"] < needed + 1.0
            assert row["days"] == row["sessions"] / (0.02 * 50_000)
        assert found["sessions"] == max(row["sessions"] for row in found["positions"])
        assert found["traffic"] == math.ceil(found["sessions"] / 0.02)
        assert found["loss"] == plan.clicks_logged - found["clicks"]
        assert found["clicks_lost"] == found["loss"] * found["sessions"]
    assert plan.examination == pytest.approx((1.0, 1 / 2, 1 / 3))
    assert [one["design"] for one in plan.to_dict()["designs"]] == list(DESIGNS)


def test_arms_share_the_sessions():
    plan = plan_shuffle(WORLD)
    for name in ("swap", "adjacent"):
        for row in design(plan, name)["positions"]:
            assert row["se_sqrt_n"] == pytest.approx(row["se_sqrt_n_arm"] * math.sqrt(3))
    for row in design(plan, "full")["positions"]:
        assert row["se_sqrt_n"] == row["se_sqrt_n_arm"]


def test_the_worlds_shuffle_says_what_is_not_asked_for():
    plan = plan_shuffle({**WORLD, "shuffle": {"design": "swap", "share": 0.25, "top": 3}})
    assert (plan.request.share, plan.request.top) == (0.25, 3)
    plain = plan_shuffle(read_world(WORLD))
    assert (plain.request.share, plain.request.top) == (1.0, 4)


def test_contexts_are_mixed():
    contexts = [
        {"name": "desk", "weight": 1, "click_model": {"eta": 0.5}},
        {"name": "phone", "weight": 3, "click_model": {"eta": 2}},
    ]
    found = design(plan_shuffle({**WORLD, "contexts": contexts}), "full")["positions"]
    wanted = [0.25 * k**-0.5 + 0.75 * k**-2.0 for k in range(1, 5)]
    assert [row["propensity"] for row in found] == pytest.approx(wanted)


def test_what_cannot_be_computed_is_null_with_the_reason():
    n = 17
    world = {
        "click_model": {"name": "cascade"},
        "positions": n,
        "queries": [{"query_id": 1, "items": list(range(n)), "attractiveness": [0.2] * n}],
        "logging": {"policy": "fixed", "scores": {"1": list(range(n))}},
    }
    plan = plan_shuffle(world)
    assert design(plan, "full")["clicks"] is None
    assert design(plan, "full")["positions"][1]["propensity"] is None
    assert design(plan, "swap")["positions"][1]["propensity"] == pytest.approx(0.8)
    assert plan.warnings[0] == (
        "full: no figures, which this click model has for up to 15 shuffled positions"
    )
    assert plan.examination is None


def test_positions_that_are_never_clicked():
    world = {**WORLD, "click_model": {"name": "pbm", "examination": [1.0, 0.5, 0.0, 0.2]}}
    plan = plan_shuffle(world)
    rows = design(plan, "full")["positions"]
    assert [row["propensity"] is None for row in rows] == [False, False, True, False]
    assert [row["propensity"] is None for row in design(plan, "adjacent")["positions"]] == [0, 0, 1, 1]
    assert design(plan, "full")["sessions"] is None
    assert "full: no clicks to compare position 3 with those above by" in plan.warnings
    json.dumps(plan.to_dict(), allow_nan=False)


def test_few_sessions_are_told():
    assert not plan_shuffle(WORLD, sessions=10**6).warnings
    assert any("100 sessions are few" in warning for warning in plan_shuffle(WORLD, sessions=100).warnings)


def test_sampled_base_orders_are_told():
    noisy = {**WORLD["logging"], "policy": "noisy", "noise": 1.0}
    plan = plan_shuffle({**WORLD, "logging": noisy}, sessions=10**6)
    assert plan.drawn
    assert [warning.partition(":")[0] for warning in plan.warnings] == [
        "the logging policy shows too many lists to sum over"
    ]
    exact, wanted = plan_shuffle({**WORLD, "logging": {**noisy, "noise": 1e-3}}), plan_shuffle(WORLD)
    for name in DESIGNS:
        found, other = design(exact, name), design(wanted, name)
        assert found["clicks"] == pytest.approx(other["clicks"])
        for mine, row in zip(found["positions"], other["positions"], strict=True):
            assert mine["se_sqrt_n"] == pytest.approx(row["se_sqrt_n"], rel=1e-9)


def logged(sessions=30_000, seed=1):
    """A log of the world with a tenth of the sessions in random order."""
    world = read_world(WORLD)
    rng = np.random.default_rng(seed)
    queries = rng.choice(2, sessions, p=world.queries.weights)
    shuffled = rng.random(sessions) < 0.1
    lists = np.where(
        shuffled[:, np.newaxis], rng.permuted(np.tile(np.arange(4), (sessions, 1)), axis=1), np.arange(4)
    )
    clicks = world.click_model.sample(
        rng, world.queries.of_lists(world.queries.attractiveness, queries, lists)
    )
    return pa.table(
        {
            "session_id": np.repeat(np.arange(sessions), 4),
            "query_id": np.repeat(queries, 4),
            "item_id": lists.ravel(),
            "position": np.tile(np.arange(1, 5), sessions),
            "click": clicks.ravel(),
            "shuffled": np.repeat(shuffled, 4),
        }
    )


@pytest.mark.parametrize("bias", [None, [1.0, 1 / 2, 1 / 3, 1 / 4]])
def test_a_log_gives_nearly_what_its_world_gives(bias):
    exact, found = plan_shuffle(WORLD), plan_shuffle(logged(), position_bias=bias)
    assert found.clicks_logged == pytest.approx(exact.clicks_logged, rel=0.03)
    for name in DESIGNS:
        assert design(found, name)["clicks"] == pytest.approx(design(exact, name)["clicks"], rel=0.05)
        for mine, wanted in zip(
            design(found, name)["positions"], design(exact, name)["positions"], strict=True
        ):
            assert mine["propensity"] == pytest.approx(wanted["propensity"], rel=0.1)
            assert mine["se_sqrt_n"] == pytest.approx(wanted["se_sqrt_n"], rel=0.1)
    assert "estimated from 30,000 sessions by a position-based model" in found.warnings[0]


def test_a_log_gives_the_same_for_any_number_of_threads(tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(logged(4000), tmp_path / "log.parquet", row_group_size=3000)
    plans = [plan_shuffle(str(tmp_path / "log.parquet"), threads=threads) for threads in (1, 2)]
    assert plans[0].to_dict() == plans[1].to_dict()
    inputs = plans[0].to_dict()["inputs"]
    origin = {"source": str(tmp_path / "log.parquet"), "position_bias": None, "where": None}
    assert origin.items() <= inputs.items()


def test_the_public_name():
    assert rankeval.plan_shuffle is plan_shuffle
    rows = rankeval.plan_shuffle(WORLD).rows()
    assert len(rows) == 4 * 4
    assert list(rows[0])[:3] == ["design", "position", "propensity"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sessions": 0}, "sessions: found 0, wanted a number of at least 1"),
        ({"sessions": float("nan")}, "sessions: found nan, wanted a number of at least 1"),
        ({"where": True}, "where: found True, wanted a text"),
        ({"threads": "2"}, "threads: found '2', wanted a whole number"),
        ({"columns": True}, "columns: found True, wanted a dict of role to column name"),
        ({"sessions": 10**400}, "sessions: found 1000"),
        ({"sessions_per_day": 1e-320}, "sessions_per_day: found 1e-320, wanted a number of at least 1"),
        ({"share": 1e-320}, "share: found 1e-320, wanted a number of at least 1e-06"),
        ({"relative_error": 0}, "relative_error: found 0, wanted a number of at least 1e-06"),
        ({"relative_error": "x"}, "relative_error: found 'x', wanted a number of at least"),
        ({"top": 5}, "top: found 5, wanted 2 to 4, the positions of lists"),
        ({"top": 1}, "top: found 1, wanted 2 to 4, the positions of lists"),
        ({"share": 0.0}, "share: found 0.0, wanted a number of at least 1e-06, 1 at most"),
        ({"share": 1.5}, "share: found 1.5, wanted a number of at least 1e-06, 1 at most"),
        ({"sessions_per_day": -1}, "sessions_per_day: found -1, wanted a number of at least 1"),
        ({"where": "a > 1"}, "where: found 'a > 1' with a world, wanted it with a log alone"),
        ({"position_bias": [1]}, "position_bias: found [1] with a world, wanted it with a log alone"),
    ],
)
def test_wrong_options_are_named(options, message):
    error_of(lambda: plan_shuffle(WORLD, **options), message, kind=UsageError)


def test_wrong_data_is_named():
    error_of(lambda: plan_shuffle({**WORLD, "positions": 1}), "wanted at least 2 positions", kind=UsageError)
    error_of(lambda: plan_shuffle({"reward": [1.0], "propensity": [0.5]}), "no column 'session_id'")
    silent = logged(200).set_column(4, "click", pa.array(np.zeros(800)))
    error_of(lambda: plan_shuffle(silent, position_bias=[1, 1, 1, 1]), "no clicks, wanted some to plan by")
    error_of(
        lambda: plan_shuffle(logged(200), position_bias=[1, 0.5]),
        "<position bias>: 2 positions, wanted examination at positions 1 to 4",
    )
    every = logged(200).set_column(5, "shuffled", pa.array(np.ones(800, bool)))
    error_of(
        lambda: plan_shuffle(every, position_bias=[1] * 4), "no session that is not shuffled", kind=DataError
    )


def test_pairs_that_always_move_say_nothing_of_two_positions():
    plan = plan_shuffle(WORLD, top=2, share=1.0)
    assert design(plan, "pair")["positions"][1]["propensity"] is None


def test_sessions_that_hang_together_are_told():
    told = "sessions are taken to be independent: those of a user are not, errors between users are larger"
    assert told in plan_shuffle({**WORLD, "users": {"count": 10, "spread": 0.1}}).warnings
    assert told not in plan_shuffle({**WORLD, "users": {"count": 10}}).warnings
