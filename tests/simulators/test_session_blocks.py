from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from rankeval.simulators.session_blocks import DAY, Block, SessionMaker
from rankeval.simulators.world_file import parse_world
from tests.simulators.small_world import small_world

ALL: dict[str, Any] = {
    "users": {"count": 5, "spread": 0.05},
    "contexts": [
        {"name": "a", "weight": 1, "click_model": {"name": "pbm", "examination": [1, 0]}},
        {"name": "b", "weight": 3, "click_model": {"name": "pbm", "examination": [0, 1]}},
    ],
    "days": {"start": "2024-02-28", "count": 3},
    "drift": {"attractiveness": 0.05},
    "arms": {"logging": 0.25, "new": 0.75},
    "shuffle": {"design": "swap", "share": 0.4},
}
N = 20_000


def made(seed: int = 3, **changes: Any) -> Block:
    return SessionMaker(parse_world(small_world(**changes)), N, seed).block(0, 0, N)


def close(share: float, wanted: float, n: int = N) -> bool:
    """Whether a relative frequency is within 4 standard errors."""
    return abs(share - wanted) <= 4.0 * (wanted * (1.0 - wanted) / n) ** 0.5


def test_a_plain_world_has_queries_lists_and_clicks_alone():
    block = made()
    assert (block.users, block.contexts, block.times, block.rankers, block.shuffled, block.swap) == (
        None,
    ) * 6
    assert close((block.queries == 0).mean(), 0.75)
    np.testing.assert_array_equal(
        block.lists, np.where(block.queries[:, np.newaxis] == 0, [[0, 2]], [[1, 0]])
    )
    assert set(np.unique(block.clicks)) == {0, 1}
    np.testing.assert_array_equal(block.sessions, np.arange(N))


def test_parts_of_traffic_have_their_shares():
    block = made(**ALL)
    assert block.users is not None
    assert block.contexts is not None
    assert block.shuffled is not None
    assert np.bincount(block.users).size == 5
    assert all(close(share, 0.2) for share in np.bincount(block.users) / N)
    assert close((block.contexts == 1).mean(), 0.75)
    assert close(block.shuffled.mean(), 0.4)


def test_users_click_by_the_model_of_their_context():
    block = made(**ALL)
    assert block.contexts is not None
    assert not block.clicks[block.contexts == 0, 1].any()
    assert not block.clicks[block.contexts == 1, 0].any()
    assert block.clicks[block.contexts == 0, 0].any()


def test_a_user_stays_in_an_arm_whatever_the_block():
    world = parse_world(small_world(**{**ALL, "users": {"count": 300, "spread": 0.05}}))
    maker = SessionMaker(world, N, 7)
    blocks = [maker.block(index, index * 5000, index * 5000 + 5000) for index in range(4)]
    arm_of: dict[int, int] = {}
    for block in blocks:
        assert block.users is not None
        for user, arm in zip(block.users.tolist(), block.arms.tolist(), strict=True):
            assert arm_of.setdefault(user, arm) == arm
    assert close(np.mean(list(arm_of.values())), 0.75, len(arm_of))


def test_arms_show_their_own_policy():
    block = made(arms={"logging": 0.5, "new": 0.5})
    first = {0: {0: 0, 1: 1}, 1: {0: 1, 1: 0}}
    for arm, of_query in first.items():
        for query, item in of_query.items():
            assert set(block.lists[(block.arms == arm) & (block.queries == query), 0]) == {item}
    assert close(block.arms.mean(), 0.5)


def test_times_ascend_and_lie_in_their_days():
    block = made(**ALL)
    assert block.times is not None
    assert (np.diff(block.times) >= 0).all()
    first = (date(2024, 2, 28) - date(1970, 1, 1)).days
    days = block.times // DAY - first
    np.testing.assert_array_equal(days, np.repeat([0, 1, 2], np.diff(np.arange(4) * N // 3)))


def test_keen_users_click_more():
    block = made(users={"count": 2, "spread": 0.1}, click_model={"name": "pbm", "eta": 0})
    assert block.users is not None
    ones = block.queries == 0
    for user, factor in ((0, 0.9), (1, 1.1)):
        rows = ones & (block.users == user)
        assert close(block.clicks[rows, 0].mean(), 0.9 * factor, int(rows.sum()))


def test_attractiveness_drifts_over_the_days():
    block = made(
        days={"start": "2024-01-01", "count": 2}, drift={"attractiveness": 0.2},
        click_model={"name": "pbm", "eta": 0},
    )  # fmt: skip
    for half, factor in ((block.sessions < N // 2, 0.9), (block.sessions >= N // 2, 1.1)):
        rows = half & (block.queries == 0)
        assert close(block.clicks[rows, 0].mean(), 0.9 * factor, int(rows.sum()))


def test_swaps_name_the_positions_of_their_arm():
    block = made(shuffle={"design": "swap", "share": 0.4})
    assert block.swap is not None
    assert block.shuffled is not None
    low, high = block.swap
    np.testing.assert_array_equal(low, block.shuffled)
    np.testing.assert_array_equal(high, 2 * block.shuffled)
    base = np.where(block.queries == 0, 0, 1)
    turned = block.lists[:, 0] != base
    assert not turned[~block.shuffled].any()
    assert close(turned[block.shuffled].mean(), 0.5, int(block.shuffled.sum()))


def test_rankers_of_a_mixture_are_numbered():
    fixed = small_world()["logging"]
    other = small_world()["candidates"]["new"]
    mixture = {"policy": "mixture", "policies": [{**fixed, "share": 0.3}, {**other, "share": 0.7}]}
    block = made(logging=mixture)
    assert block.rankers is not None
    assert close(block.rankers.mean(), 0.7)
    first = np.where(
        block.rankers == 0, np.where(block.queries == 0, 0, 1), np.where(block.queries == 0, 1, 0)
    )
    np.testing.assert_array_equal(block.lists[:, 0], first)
    of_arms = made(logging=mixture, arms={"logging": 0.5, "new": 0.5})
    assert of_arms.rankers is not None
    np.testing.assert_array_equal(of_arms.rankers < 0, of_arms.arms == 1)


def test_a_part_of_a_block_is_those_sessions():
    block = SessionMaker(parse_world(small_world(**ALL)), N, 1).block(1, 100, 200)
    part = block.part(120, 150)
    np.testing.assert_array_equal(part.sessions, np.arange(120, 150))
    np.testing.assert_array_equal(part.clicks, block.clicks[20:50])
    assert part.swap is not None
    assert block.swap is not None
    np.testing.assert_array_equal(part.swap[1], block.swap[1][20:50])
    assert part.rankers is None
    assert len(part) == 30


@pytest.mark.parametrize("other", [{"seed": 4}, {"seed": 3}])
def test_the_seed_decides(other: dict[str, int]):
    same = np.array_equal(made(3).clicks, made(**other).clicks)
    assert same == (other["seed"] == 3)
