from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.bandits.slate_world import (
    DEVICES,
    SlateWorld,
    random_slate_policy,
    random_slate_world,
    slate_log,
    slate_log_blocks,
    write_slate_log,
)
from rankeval.simulators.bandits.softmax_policy import SoftmaxPolicy

WORLD = random_slate_world(3, 4, 1, shares=[0.5, 0.3, 0.2], interaction=2.0)
LOGGING = random_slate_policy(WORLD, 2)
TARGET = random_slate_policy(WORLD, 3, skill=0.9, temperature=0.5)
N = 40_000
LOG = slate_log(WORLD, LOGGING, TARGET, N, 4)


def column(name: str) -> np.ndarray:
    """(N, K)."""
    return LOG[name].to_numpy().reshape(N, 3)


def types() -> np.ndarray:
    """(N,) number of the type of each session's user."""
    return np.array([DEVICES.index(name) for name in column("device")[:, 0]])


def test_rewards_depend_on_what_the_behaviour_says() -> None:
    """The expected reward at each position, as arithmetic."""
    base, pairs = WORLD.base, WORLD.pairs
    lists = np.array([[0, 2, 3]] * 3)
    wanted = [
        [base[0, 0], base[0, 2], base[0, 3]],
        [base[1, 0], base[1, 2] + pairs[2, 0], base[1, 3] + pairs[3, 0] + pairs[3, 2]],
        [
            base[2, 0] + pairs[0, 2] + pairs[0, 3],
            base[2, 2] + pairs[2, 0] + pairs[2, 3],
            base[2, 3] + pairs[3, 0] + pairs[3, 2],
        ],
    ]
    assert WORLD.behaviours == ("independent", "cascade", "standard")
    assert WORLD.expected_rewards(np.arange(3), lists) == pytest.approx(np.array(wanted), rel=1e-14)


@pytest.mark.parametrize("policy", [LOGGING, TARGET], ids=["logging", "target"])
def test_the_value_is_the_sum_over_all_lists(policy: SoftmaxPolicy) -> None:
    p = WORLD.probabilities(policy)
    lists = np.array(list(product(range(4), repeat=3)))
    value = 0.0
    for t, share in enumerate(WORLD.shares):
        chance = p[t][np.arange(3), lists].prod(axis=1)
        rewards = WORLD.expected_rewards(np.full(len(lists), t), lists).sum(axis=1)
        value += share * math.fsum(chance * rewards)
    assert WORLD.value(policy) == pytest.approx(value, rel=1e-13)


def test_the_logged_reward_is_about_its_expectation() -> None:
    totals = column("reward").sum(axis=1)
    assert abs(totals.mean() - WORLD.value(LOGGING)) <= 4 * totals.std() / math.sqrt(N)
    t = types()
    noise = column("reward") - WORLD.expected_rewards(t, column("item_id"))
    assert abs(noise.mean()) <= 4 * WORLD.noise / math.sqrt(3 * N)
    assert noise.std() == pytest.approx(WORLD.noise, abs=4 * WORLD.noise / math.sqrt(6 * N))


def test_items_and_types_follow_their_probabilities() -> None:
    p = WORLD.probabilities(LOGGING)
    for t, (device, share) in enumerate(zip(("phone", "tablet", "desktop"), WORLD.shares, strict=True)):
        there = column("device")[:, 0] == device
        assert abs(there.mean() - share) <= 4 * math.sqrt(share * (1 - share) / N)
        assert set(column("behaviour")[there].ravel()) == {WORLD.behaviours[t]}
        for k, a in product(range(3), range(4)):
            shown = column("item_id")[there, k] == a
            assert abs(shown.mean() - p[t, k, a]) <= 4 * math.sqrt(
                p[t, k, a] * (1 - p[t, k, a]) / there.sum()
            )


@pytest.mark.parametrize(("prefix", "policy"), [("", LOGGING), ("target_", TARGET)])
def test_propensities_are_those_of_the_policies(prefix: str, policy: SoftmaxPolicy) -> None:
    t = types()
    each = WORLD.probabilities(policy)[t[:, None], np.arange(3), column("item_id")]
    assert np.array_equal(column(prefix + "propensity"), each)
    assert np.array_equal(column(prefix + "propensity_prefix"), np.cumprod(each, axis=1))
    assert np.array_equal(column(prefix + "propensity_list")[:, 0], np.cumprod(each, axis=1)[:, 2])
    assert np.ptp(column(prefix + "propensity_list"), axis=1).max() == 0.0


def test_activity_is_the_type_blurred() -> None:
    t = types()
    off = column("activity")[:, 0] - t
    assert abs(off.mean()) <= 4 * WORLD.blur / math.sqrt(N)
    assert off.std() == pytest.approx(WORLD.blur, abs=4 * WORLD.blur / math.sqrt(2 * N))
    assert np.ptp(column("activity"), axis=1).max() == 0.0


def test_logs_come_in_blocks_and_files_hold_the_same(tmp_path: Path) -> None:
    blocks = slate_log_blocks(WORLD, LOGGING, TARGET, N, 4)
    assert next(blocks).num_rows == 3 * 16_384
    write_slate_log(tmp_path / "log.parquet", WORLD, LOGGING, TARGET, N, 4, rows_per_group=50_001)
    assert pq.read_table(tmp_path / "log.parquet").equals(LOG)
    assert not slate_log(WORLD, LOGGING, TARGET, 10, 5).equals(slate_log(WORLD, LOGGING, TARGET, 10, 6))
    assert isinstance(LOG, pa.Table)


BASE, PAIRS = np.zeros((2, 3)), np.zeros((3, 3))
BAD = {
    "pairs: found an array of shape (2, 2), wanted 3 x 3": lambda: SlateWorld(
        BASE, np.zeros((2, 2)), ("cascade",) * 2, np.full(2, 0.5), 3
    ),
    "shares: found a sum of 2, wanted probabilities that sum to 1": lambda: SlateWorld(
        BASE, PAIRS, ("cascade",) * 2, np.ones(2), 3
    ),
    "behaviours: found cascade, odd, wanted one of independent, neighbours, cascade, cascade_neighbours, "
    "standard for each of 2 types, at most 5": lambda: SlateWorld(
        BASE, PAIRS, ("cascade", "odd"), np.full(2, 0.5), 3
    ),
    "positions: found 0, wanted a whole number of at least 1": lambda: random_slate_world(0, 3, 1),
    "noise: found -1.0, wanted a number of at least 0.0": lambda: random_slate_world(3, 3, 1, noise=-1.0),
    "interaction: found -1.0, wanted a number of at least 0.0": lambda: random_slate_world(
        3, 3, 1, interaction=-1.0
    ),
    "skill: found 2.0, wanted a number in [-1.0, 1.0]": lambda: random_slate_policy(WORLD, 1, skill=2.0),
    "policy: found scores of shape (3, 4), wanted (9, 4)": lambda: WORLD.value(
        SoftmaxPolicy(np.zeros((3, 4)))
    ),
    "sessions: found 0, wanted a whole number of at least 1": lambda: slate_log(WORLD, LOGGING, TARGET, 0, 1),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_parameters_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        BAD[message]()
    assert str(caught.value) == message
