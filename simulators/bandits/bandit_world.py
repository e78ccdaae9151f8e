"""Bandit worlds whose every expectation is known exactly, and the logs that a policy leaves in them.

A round draws a context ``x``, an action ``a`` from the logging policy, and a reward around ``E[r|x,a]``.
Contexts and actions are few enough to be held as matrices, so that the value of a policy, the expectation
of an estimator and the spread of its weights are finite sums, not simulations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.simulators import (
    Categorical,
    block_bounds,
    distribution,
    matrix,
    random_stream,
    real,
    whole,
    write_parquet,
)
from rankeval.simulators.bandits.softmax_policy import Matrix, SoftmaxPolicy

RewardKind = Literal["bernoulli", "gaussian"]
Layout = Literal["rows", "candidates"]

BLOCK_ROUNDS = 1 << 16


@dataclass(frozen=True, eq=False)
class BanditWorld:
    """Contexts, actions and rewards.

    ``expected_reward``: ``E[r|x,a]``, shape ``(contexts, actions)``; ``context_probabilities``: shape
    ``(contexts,)``; rewards are 0 or 1 (``bernoulli``) or normal with standard deviation ``noise``
    (``gaussian``). ``model_error`` is what the ``q(x,a)`` written into logs is off the truth by, one number
    or one for each cell.
    """

    expected_reward: Matrix
    context_probabilities: Floats
    reward: RewardKind = "bernoulli"
    noise: float = 1.0
    model_error: Matrix | float = 0.0

    def __post_init__(self) -> None:
        expected = matrix("expected_reward", self.expected_reward, (-1, -1))
        error = (
            np.full(expected.shape, self.model_error) if np.ndim(self.model_error) == 0 else self.model_error
        )
        object.__setattr__(self, "expected_reward", expected)
        object.__setattr__(self, "model_error", matrix("model_error", error, expected.shape))
        weights = distribution("context_probabilities", self.context_probabilities, len(expected))
        object.__setattr__(self, "context_probabilities", weights)
        real("noise", self.noise, 0.0)
        if self.reward not in get_args(RewardKind):
            raise UsageError(f"reward: found {self.reward!r}, wanted bernoulli or gaussian")
        self._require_range()

    def _require_range(self) -> None:
        low, high = (0.0, 1.0) if self.reward == "bernoulli" else (-np.inf, np.inf)
        expected = self.expected_reward
        bad = ~(np.isfinite(expected) & (low <= expected) & (expected <= high))
        if bad.any():
            x, a = np.argwhere(bad)[0]
            wanted = "a probability" if self.reward == "bernoulli" else "a finite number"
            where = f"for context {x}, action {a}"
            raise UsageError(f"expected_reward: found {expected[x, a]} {where}, wanted {wanted}")

    @property
    def shape(self) -> tuple[int, int]:
        """``(contexts, actions)``."""
        contexts, actions = self.expected_reward.shape
        return contexts, actions

    @cached_property
    def reward_model(self) -> Matrix:
        """``q(x,a)``, shaped as ``expected_reward``."""
        return np.asarray(self.expected_reward + self.model_error)

    def with_model_error(self, bias: float, noise: float, seed: int) -> BanditWorld:
        """The same world with ``q(x,a) = E[r|x,a] + bias + noise * z(x,a)``, ``z`` standard normal."""
        return replace(self, model_error=bias + noise * random_stream(seed).standard_normal(self.shape))

    def expectation(self, policy: SoftmaxPolicy, values: Matrix) -> float:
        """``E[values[x,a]]`` over contexts and the actions of ``policy``, exact.

        With the logging policy and ``np.minimum(w, M) * expected_reward`` this is what a clipped estimator
        converges to; with ``w ** 2``, one over the share of rounds that count as effective.
        """
        return float(self.context_probabilities @ (self.probabilities(policy) * values).sum(axis=1))

    def value(self, policy: SoftmaxPolicy) -> float:
        """Expected reward of a round under ``policy``, exact."""
        return self.expectation(policy, self.expected_reward)

    def probabilities(self, policy: SoftmaxPolicy) -> Matrix:
        """The policy's probabilities, once it is known to fit this world."""
        if policy.scores.shape != self.shape:
            raise UsageError(f"policy: found scores of shape {policy.scores.shape}, wanted {self.shape}")
        return policy.probabilities


def random_world(
    contexts: int,
    actions: int,
    seed: int,
    *,
    reward: RewardKind = "bernoulli",
    mean: float = 0.2,
    spread: float = 1.0,
    noise: float = 1.0,
) -> BanditWorld:
    """A world of random tastes.

    Utilities are normal with standard deviation ``spread``, half of their variance from the action alone.
    Gaussian worlds expect ``mean + utility``; Bernoulli worlds the logistic function of ``logit(mean) +
    utility``. Contexts follow a Dirichlet distribution with parameter 5.
    """
    rng = random_stream(seed)
    size = whole("contexts", contexts, 1), whole("actions", actions, 1)
    parts = rng.standard_normal(actions), rng.standard_normal(size)
    utility = real("spread", spread, 0.0) * np.sqrt(0.5) * (parts[0] + parts[1])
    if reward == "bernoulli":
        odds = np.log(real("mean", mean, 1e-12, 1.0 - 1e-12)) - np.log1p(-mean)
        expected = 1.0 / (1.0 + np.exp(-(odds + utility)))
    else:
        expected = real("mean", mean, -np.inf) + utility
    return BanditWorld(expected, rng.dirichlet(np.full(contexts, 5.0)), reward, noise)


def random_policy(
    world: BanditWorld, seed: int, skill: float = 0.0, temperature: float = 1.0
) -> SoftmaxPolicy:
    """Scores ``skill * u + sqrt(1 - skill^2) * z``, ``u`` the standardised truth and ``z`` standard normal.

    ``skill`` in [-1, 1] is thus the correlation of the scores with the expected rewards.
    """
    truth = world.expected_reward - world.expected_reward.mean()
    truth = truth / max(float(truth.std()), np.finfo(np.float64).tiny)
    luck = random_stream(seed).standard_normal(world.shape)
    return SoftmaxPolicy(
        real("skill", skill, -1.0, 1.0) * truth + np.sqrt(1.0 - skill**2) * luck, temperature
    )


class _Logger:
    """What every block of a log needs, worked out once."""

    def __init__(
        self, world: BanditWorld, logging: SoftmaxPolicy, target: SoftmaxPolicy, layout: Layout
    ) -> None:
        if layout not in get_args(Layout):
            raise UsageError(f"layout: found {layout!r}, wanted rows or candidates")
        self.world = world
        self.logged = world.probabilities(logging)
        self.target = world.probabilities(target)
        self.cells = Categorical((world.context_probabilities[:, None] * self.logged).ravel())
        self.q_target = (self.target * world.reward_model).sum(axis=1)
        self.columns = self._rows if layout == "rows" else self._candidates

    def block(self, rng: np.random.Generator, start: int, stop: int) -> pa.Table:
        """Rounds ``start..stop``."""
        cells = self.cells.draw(rng, stop - start)
        contexts, actions = np.divmod(cells, np.int32(self.world.shape[1]))
        expected = self.world.expected_reward.ravel()[cells]
        if self.world.reward == "bernoulli":
            rewards = (rng.random(len(cells)) < expected).astype(np.float64)
        else:
            rewards = expected + self.world.noise * rng.standard_normal(len(cells))
        rounds = np.arange(start, stop, dtype=np.int64)
        columns = {"round_id": rounds, "context": contexts, "action": actions, "reward": rewards}
        return pa.table({**columns, **self.columns(cells, contexts)})

    def _rows(self, cells: NDArray[np.int32], contexts: NDArray[np.int32]) -> dict[str, Matrix]:
        return {
            "propensity": self.logged.ravel()[cells],
            "target_propensity": self.target.ravel()[cells],
            "q_logged": self.world.reward_model.ravel()[cells],
            "q_target": self.q_target[contexts],
        }

    def _candidates(self, cells: NDArray[np.int32], contexts: NDArray[np.int32]) -> dict[str, pa.ListArray]:
        offsets = np.arange(len(cells) + 1, dtype=np.int32) * np.int32(self.world.shape[1])
        matrices = {
            "candidate_propensities": self.logged,
            "candidate_target_propensities": self.target,
            "candidate_q": self.world.reward_model,
        }
        return {
            name: pa.ListArray.from_arrays(offsets, full[contexts].ravel()) for name, full in matrices.items()
        }


def bandit_log_blocks(
    world: BanditWorld,
    logging: SoftmaxPolicy,
    target: SoftmaxPolicy,
    rounds: int,
    seed: int,
    *,
    layout: Layout = "rows",
) -> Iterator[pa.Table]:
    """The log of :func:`simulate` in tables of 65,536 rounds, each made when it is asked for."""
    logger = _Logger(world, logging, target, layout)
    for index, (start, stop) in enumerate(block_bounds(whole("rounds", rounds, 1), BLOCK_ROUNDS)):
        yield logger.block(random_stream(seed, index), start, stop)


def bandit_log(
    world: BanditWorld,
    logging: SoftmaxPolicy,
    target: SoftmaxPolicy,
    rounds: int,
    seed: int,
    *,
    layout: Layout = "rows",
) -> pa.Table:
    """A bandit log of ``rounds`` rounds, the same for the same arguments.

    Columns: ``round_id, context, action, reward``, then in layout ``rows`` ``propensity, target_propensity,
    q_logged, q_target`` (``q_target = sum over a of pi(a|x) q(x,a)``), and in layout ``candidates`` the lists
    ``candidate_propensities, candidate_target_propensities, candidate_q`` that ``action`` is an index into.
    """
    return pa.concat_tables(bandit_log_blocks(world, logging, target, rounds, seed, layout=layout))


def write_bandit_log(
    path: str | Path,
    world: BanditWorld,
    logging: SoftmaxPolicy,
    target: SoftmaxPolicy,
    rounds: int,
    seed: int,
    *,
    layout: Layout = "rows",
    rows_per_group: int = 1 << 20,
) -> None:
    """Write the log of :func:`simulate` as Parquet, holding no more than a row group of it in memory."""
    blocks = bandit_log_blocks(world, logging, target, rounds, seed, layout=layout)
    write_parquet(Path(path), blocks, rows_per_group)
