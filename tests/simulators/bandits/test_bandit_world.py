from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.bandits.bandit_world import (
    BLOCK_ROUNDS,
    BanditWorld,
    Layout,
    RewardKind,
    bandit_log,
    random_policy,
    random_world,
    write_bandit_log,
)
from rankeval.simulators.bandits.softmax_policy import SoftmaxPolicy, importance_weights

WORLD = random_world(6, 4, 1).with_model_error(bias=0.05, noise=0.1, seed=2)
LOGGING = random_policy(WORLD, 3, skill=0.3)
TARGET = random_policy(WORLD, 4, skill=0.8, temperature=0.7)
N = 100_000


def column(table: pa.Table, name: str) -> np.ndarray[Any, Any]:
    return np.asarray(table[name].to_numpy())


def within(sample: np.ndarray[Any, Any], truth: float) -> bool:
    """Whether the mean of a sample is within 4 standard errors of the truth."""
    return bool(abs(sample.mean() - truth) <= 4 * sample.std(ddof=1) / math.sqrt(len(sample)))


def test_softmax_by_hand() -> None:
    policy = SoftmaxPolicy(np.array([[0.0, math.log(3.0)], [2.0, 2.0], [1.0, -math.inf]]))
    np.testing.assert_allclose(policy.probabilities, [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]], rtol=1e-15)
    cooler = SoftmaxPolicy(np.array([[0.0, math.log(3.0)]]), temperature=0.5)
    np.testing.assert_allclose(cooler.probabilities, [[0.1, 0.9]], rtol=1e-15)


def test_value_by_hand() -> None:
    world = BanditWorld(np.array([[0.1, 0.5], [0.9, 0.3]]), np.array([0.25, 0.75]))
    policy = SoftmaxPolicy(np.array([[0.0, math.log(3.0)], [0.0, 0.0]]))
    assert world.value(policy) == pytest.approx(
        0.25 * (0.25 * 0.1 + 0.75 * 0.5) + 0.75 * (0.5 * 0.9 + 0.5 * 0.3)
    )


@pytest.mark.parametrize("reward", ["bernoulli", "gaussian"])
def test_truth_against_simulation(reward: RewardKind) -> None:
    world = random_world(6, 4, 1, reward=reward, noise=0.5).with_model_error(0.05, 0.1, 2)
    log = bandit_log(world, LOGGING, TARGET, N, 5)
    w = column(log, "target_propensity") / column(log, "propensity")
    r, q, q_target = (column(log, name) for name in ("reward", "q_logged", "q_target"))
    weights = importance_weights(LOGGING, TARGET)
    assert within(r, world.value(LOGGING))
    assert within(w, 1.0)
    assert within(w**2, world.expectation(LOGGING, weights**2))
    assert within(w * r, world.value(TARGET))
    assert within(q_target + w * (r - q), world.value(TARGET))
    assert within(q_target, world.expectation(TARGET, world.reward_model))
    clipped = np.minimum(weights, 1.5) * world.expected_reward
    assert within(np.minimum(w, 1.5) * r, world.expectation(LOGGING, clipped))


def test_noise_of_gaussian_rewards() -> None:
    world = BanditWorld(np.array([[2.0]]), np.array([1.0]), reward="gaussian", noise=0.5)
    only = SoftmaxPolicy(np.zeros((1, 1)))
    rewards = column(bandit_log(world, only, only, N, 1), "reward")
    assert rewards.std() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(2 * N))
    assert world.value(only) == 2.0


def test_columns_hold_what_the_world_says() -> None:
    log = bandit_log(WORLD, LOGGING, TARGET, 1_000, 5)
    x, a = column(log, "context"), column(log, "action")
    assert log.schema.field("round_id").type == pa.int64()
    assert column(log, "round_id").tolist() == list(range(1_000))
    np.testing.assert_array_equal(column(log, "propensity"), LOGGING.probabilities[x, a])
    np.testing.assert_array_equal(column(log, "target_propensity"), TARGET.probabilities[x, a])
    np.testing.assert_array_equal(column(log, "q_logged"), WORLD.reward_model[x, a])
    expected = [
        sum(p * q for p, q in zip(TARGET.probabilities[i], WORLD.reward_model[i], strict=True)) for i in x
    ]
    np.testing.assert_allclose(column(log, "q_target"), expected, rtol=1e-12)
    assert set(column(log, "reward")) == {0.0, 1.0}


def test_contexts_and_actions_follow_their_distribution() -> None:
    log = bandit_log(WORLD, LOGGING, TARGET, N, 5)
    counts = np.zeros(WORLD.shape)
    np.add.at(counts, (column(log, "context"), column(log, "action")), 1)
    p = WORLD.context_probabilities[:, None] * LOGGING.probabilities
    assert (np.abs(counts - N * p) <= 4.5 * np.sqrt(N * p * (1 - p))).all()


def test_candidate_lists_hold_the_same_rounds() -> None:
    rows = bandit_log(WORLD, LOGGING, TARGET, 500, 5)
    lists = bandit_log(WORLD, LOGGING, TARGET, 500, 5, layout="candidates")
    shared = ["round_id", "context", "action", "reward"]
    assert lists.select(shared).equals(rows.select(shared))
    a = column(rows, "action")
    full = {name: np.array(lists[f"candidate_{name}"].to_pylist()) for name in ("propensities", "q")}
    target = np.array(lists["candidate_target_propensities"].to_pylist())
    taken = np.arange(500), a
    np.testing.assert_allclose(full["propensities"].sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(target.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(full["propensities"][taken], column(rows, "propensity"))
    np.testing.assert_array_equal(target[taken], column(rows, "target_propensity"))
    np.testing.assert_array_equal(full["q"][taken], column(rows, "q_logged"))
    np.testing.assert_allclose((target * full["q"]).sum(axis=1), column(rows, "q_target"), rtol=1e-12)


def test_an_action_never_taken_is_never_logged() -> None:
    scores = np.zeros(WORLD.shape)
    scores[:, 2] = -np.inf
    logging = SoftmaxPolicy(scores)
    log = bandit_log(WORLD, logging, TARGET, 10_000, 5)
    assert set(column(log, "action")) == {0, 1, 3}
    assert importance_weights(logging, TARGET)[:, 2].tolist() == [0.0] * 6


def test_same_seed_same_log_other_seed_another() -> None:
    again = bandit_log(WORLD, LOGGING, TARGET, 1_000, 5)
    assert bandit_log(WORLD, LOGGING, TARGET, 1_000, 5).equals(again)
    assert not bandit_log(WORLD, LOGGING, TARGET, 1_000, 6).equals(again)


def test_reward_model_states_its_error() -> None:
    world = random_world(300, 20, 1)
    errors = world.with_model_error(0.2, 0.3, 9).reward_model - world.expected_reward
    assert within(errors.ravel(), 0.2)
    assert errors.std() == pytest.approx(0.3, abs=4 * 0.3 / math.sqrt(2 * errors.size))
    np.testing.assert_array_equal(world.reward_model, world.expected_reward)


def test_skill_is_the_correlation_with_the_truth() -> None:
    world = random_world(300, 20, 1)
    scores = random_policy(world, 2, skill=0.6).scores
    assert np.corrcoef(scores.ravel(), world.expected_reward.ravel())[0, 1] == pytest.approx(0.6, abs=0.04)
    assert world.value(random_policy(world, 2, skill=1.0, temperature=1e-6)) == pytest.approx(
        world.context_probabilities @ world.expected_reward.max(axis=1)
    )


@pytest.mark.parametrize("layout", ["rows", "candidates"])
def test_row_groups_do_not_change_the_file(tmp_path: Path, layout: Layout) -> None:
    rounds = 2 * BLOCK_ROUNDS + 17 if layout == "rows" else 1_000
    for name, rows in (("small", 999), ("large", 1 << 20), ("again", 999)):
        path = tmp_path / f"{name}.parquet"
        write_bandit_log(path, WORLD, LOGGING, TARGET, rounds, 5, layout=layout, rows_per_group=rows)
    small, large = pq.read_table(tmp_path / "small.parquet"), pq.read_table(tmp_path / "large.parquet")
    assert small.num_rows == rounds
    assert small.equals(large)
    assert small.equals(bandit_log(WORLD, LOGGING, TARGET, rounds, 5, layout=layout))
    assert (tmp_path / "small.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()


def test_blocks_are_drawn_apart() -> None:
    log = bandit_log(WORLD, LOGGING, TARGET, 2 * BLOCK_ROUNDS, 5)
    first, second = log.slice(0, BLOCK_ROUNDS), log.slice(BLOCK_ROUNDS)
    assert not first["action"].combine_chunks().equals(second["action"].combine_chunks())


ONES = np.full((2, 3), 0.5)
HALVES = np.array([0.5, 0.5])
BAD = {
    "expected_reward: found 1.5 for context 0, action 0, wanted a probability": lambda: BanditWorld(
        ONES + 1, HALVES
    ),
    "expected_reward: found nan for context 0, action 0, wanted a finite number": lambda: BanditWorld(
        ONES * np.nan, HALVES, "gaussian"
    ),
    "expected_reward: found an array of shape (2,), wanted any x any": lambda: BanditWorld(HALVES, HALVES),
    "context_probabilities: found a sum of 1.1, wanted probabilities that sum to 1": lambda: BanditWorld(
        ONES, np.array([0.5, 0.6])
    ),
    "context_probabilities: found an array of shape (1,), wanted 2": lambda: BanditWorld(ONES, np.ones(1)),
    "model_error: found an array of shape (1, 3), wanted 2 x 3": lambda: BanditWorld(
        ONES, HALVES, model_error=ONES[:1]
    ),
    "reward: found 'poisson', wanted bernoulli or gaussian": lambda: BanditWorld(ONES, HALVES, "poisson"),
    "noise: found -1.0, wanted a number of at least 0.0": lambda: BanditWorld(ONES, HALVES, noise=-1.0),
    "temperature: found 0.0, wanted a number of at least 1e-09": lambda: SoftmaxPolicy(ONES, 0.0),
    "scores: found -inf as the largest of context 0, wanted a finite number": lambda: SoftmaxPolicy(
        np.full((1, 2), -np.inf)
    ),
    "scores: found nan as the largest of context 1, wanted a finite number": lambda: SoftmaxPolicy(
        np.array([[0.0, 1.0], [0.0, np.nan]])
    ),
    "policy: found scores of shape (2, 3), wanted (6, 4)": lambda: WORLD.value(SoftmaxPolicy(ONES)),
    "contexts: found 0, wanted a whole number of at least 1": lambda: random_world(0, 3, 1),
    "mean: found 1.0, wanted a number in [1e-12, 0.999999999999]": lambda: random_world(3, 3, 1, mean=1.0),
    "skill: found 1.5, wanted a number in [-1.0, 1.0]": lambda: random_policy(WORLD, 1, skill=1.5),
    "rounds: found 0, wanted a whole number of at least 1": lambda: bandit_log(WORLD, LOGGING, TARGET, 0, 1),
    "seed: found -1, wanted a whole number of at least 0": lambda: bandit_log(WORLD, LOGGING, TARGET, 1, -1),
    "layout: found 'wide', wanted rows or candidates": lambda: bandit_log(
        WORLD, LOGGING, TARGET, 1, 1, layout="wide"
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_parameters_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        BAD[message]()
    assert str(caught.value) == message
