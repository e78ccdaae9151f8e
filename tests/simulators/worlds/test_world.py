from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import parse_click_model
from rankeval.simulators.worlds.world import Days, Users, World, degree
from rankeval.simulators.worlds.world_file import parse_world
from tests.simulators.small_world import small_world

CONTEXTS = [
    {"name": "a", "weight": 1, "click_model": {"gamma": 0.2}},
    {"name": "b", "weight": 3, "click_model": {"name": "ccm", "tau1": 0.9, "tau2": 0.5, "tau3": 0.3}},
    {"name": "never", "weight": 0, "click_model": {"gamma": 0.3}},
]


def busy(days: int = 30) -> World:
    described = small_world(
        users={"count": 5, "spread": 0.05},
        days={"start": "2024-01-01", "count": days},
        drift={"attractiveness": 0.1},
        contexts=CONTEXTS,
    )
    return parse_world(described)


def test_every_second_user_likes_more():
    users = Users(5, 0.25)
    assert users.levels == [(0.6, 0.75), (0.4, 1.25)]
    np.testing.assert_array_equal(users.factors(np.arange(5)), [0.75, 1.25, 0.75, 1.25, 0.75])


def test_days_part_the_sessions_and_drift_in_equal_steps():
    days = Days(date(2024, 1, 1), 3, 0.5)
    assert days.bounds(10).tolist() == [0, 3, 6, 10]
    assert days.factors.tolist() == [0.75, 1.0, 1.25]
    assert Days(date(2024, 1, 1), 1, 0.5).factors.tolist() == [1.0]


def test_factors_of_users_and_days_are_weighted_by_the_sessions_they_have():
    described = small_world(
        users={"count": 2, "spread": 0.05},
        days={"start": "2024-01-01", "count": 2},
        drift={"attractiveness": 0.1},
    )
    factors = parse_world(described).attractiveness_factors(3)
    # The first of 3 sessions is on day 1.
    wanted = {0.95 * 0.95: 1 / 6, 0.95 * 1.05: 1 / 3 + 1 / 6, 1.05 * 1.05: 1 / 3}
    assert sorted(factors) == pytest.approx(sorted(wanted))
    assert [factors[f] for f in sorted(factors)] == pytest.approx([wanted[f] for f in sorted(wanted)])


def test_a_day_without_sessions_counts_nothing():
    world = parse_world(small_world(days={"start": "2024-01-01", "count": 4}, drift={"attractiveness": 0.1}))
    assert sum(world.attractiveness_factors(2).values()) == pytest.approx(1.0)
    assert len(world.attractiveness_factors(2)) == 2


@pytest.mark.parametrize("context", [None, "a", "b"])
def test_few_plain_worlds_have_the_means_of_all(context: str | None):
    world, sessions = busy(), 1000
    plain = list(world.plain_worlds(sessions, context))
    lists = np.array([[0.9, 0.6], [0.5, 0.4]]), np.array([[0.8, 0.5], [0.7, 0.9]])
    every = np.zeros((2, 3))
    for weight, model in world.models(context):
        for factor, share in world.attractiveness_factors(sessions).items():
            every += weight * share * model.count_probabilities(lists[0] * factor, lists[1])
    few = sum(
        share
        * one.click_model.count_probabilities(
            lists[0] * one.queries.attractiveness[0] / world.queries.attractiveness[0], lists[1]
        )
        for share, one in plain
    )
    np.testing.assert_allclose(few, every, rtol=1e-12)
    assert sum(share for share, _ in plain) == pytest.approx(1.0, abs=1e-12)
    assert len(plain) <= 3 + 2
    assert all((one.users, one.contexts, one.days, one.arms) == (None, (), None, {}) for _, one in plain)


def test_a_context_that_no_session_is_in_counts_nothing():
    assert [weight for weight, _ in busy().models()] == [0.25, 0.75]


def test_the_degree_is_that_of_the_model_whose_users_go_on_by_attractiveness():
    ccm = {"name": "ccm", "tau1": 0.9, "tau2": 0.5, "tau3": 0.3}
    mixture = {"name": "mixture", "models": [{**ccm, "share": 0.5}, {"name": "cascade", "share": 0.5}]}
    assert degree(parse_click_model({"name": "cascade"}, 4), 4) == 4
    assert degree(parse_click_model(ccm, 4), 4) == 8
    assert degree(parse_click_model(mixture, 4), 4) == 8
