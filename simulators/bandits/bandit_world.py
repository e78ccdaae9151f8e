"""Bandit worlds with exactly known expectations, and simulated bandit logs.

A round draws a context ``x``, an action ``a`` from the logging policy, and a reward with mean ``E[r|x,a]``.
Contexts and actions are few enough for matrices. The value of a policy, the expectation of an estimator and
the variance of importance weights are therefore finite sums and need no simulation.
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
    write_blocks,
)
from rankeval.simulators.bandits.softmax_policy import Matrix, SoftmaxPolicy

RewardKind = Literal["bernoulli", "gaussian"]
Layout = Literal["rows", "candidates"]

BLOCK_ROUNDS = 1 << 16


@dataclass(frozen=True, eq=False)
class BanditWorld:
    """The distributions of contexts and rewards, and the reward model that logs contain.

    Attributes:
        expected_reward: (contexts, actions) float64 ``E[r|x,a]``.
        context_probabilities: (contexts,) float64, sums to 1.
        reward: ``bernoulli``: rewards are 0 or 1, and ``expected_reward`` is in [0, 1]. ``gaussian``: rewards
            are normal with standard deviation ``noise``.
        noise: standard deviation of Gaussian rewards, at least 0.
        model_error: error of the reward model in logs, ``q(x,a) - E[r|x,a]``: one number for all cells or a
            (contexts, actions) matrix.

    Raises:
        UsageError: a parameter has a wrong shape or is out of range.
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
        """(contexts, actions) float64 the reward model ``q(x,a)`` that logs contain."""
        return np.asarray(self.expected_reward + self.model_error)

    def with_model_error(self, bias: float, noise: float, seed: int) -> BanditWorld:
        """A copy of the world with ``q(x,a) = E[r|x,a] + bias + noise * z(x,a)``, ``z`` standard normal."""
        return replace(self, model_error=bias + noise * random_stream(seed).standard_normal(self.shape))

    def expectation(self, policy: SoftmaxPolicy, values: Matrix) -> float:
        """The exact ``E[values[x,a]]`` over contexts and the actions of ``policy``.

        Let ``policy`` be the logging policy and ``w`` the importance weights of a target policy. With the
        ``values`` ``np.minimum(w, M) * expected_reward`` the result is the limit of the estimator that clips
        weights at ``M``. With ``w ** 2`` it is the limit of the number of rounds divided by the effective
        sample size, if the logging policy has support for the target policy.

        Args:
            policy: a policy for the contexts and actions of this world.
            values: (contexts, actions).

        Raises:
            UsageError: the policy has scores of another shape.
        """
        return float(self.context_probabilities @ (self.probabilities(policy) * values).sum(axis=1))

    def value(self, policy: SoftmaxPolicy) -> float:
        """The exact expected reward of a round under ``policy``; errors as in :meth:`expectation`."""
        return self.expectation(policy, self.expected_reward)

    def probabilities(self, policy: SoftmaxPolicy) -> Matrix:
        """(contexts, actions) float64 probabilities of ``policy``; errors as in :meth:`expectation`."""
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
    """A bandit world with random expected rewards.

    The utility of an action in a context is normal with standard deviation ``spread``. Half of its variance
    comes from the action alone. The expected reward is ``mean + utility`` in a Gaussian world, and the
    logistic function of ``logit(mean) + utility`` in a Bernoulli world (``0 < mean < 1``). The context
    probabilities are drawn from a Dirichlet distribution with all parameters 5. Rewards are as in
    :class:`BanditWorld`.

    Raises:
        UsageError: a parameter is out of range.
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
    """A random policy with scores ``skill * u + sqrt(1 - skill^2) * z``.

    ``u`` is the expected reward, standardised over all contexts and actions, and ``z`` is standard normal.
    ``skill`` in [-1, 1] is therefore the correlation of the scores with the expected rewards.

    Raises:
        UsageError: ``skill`` or ``temperature`` is out of range.
    """
    truth = world.expected_reward - world.expected_reward.mean()
    truth = truth / max(float(truth.std()), np.finfo(np.float64).tiny)
    luck = random_stream(seed).standard_normal(world.shape)
    return SoftmaxPolicy(
        real("skill", skill, -1.0, 1.0) * truth + np.sqrt(1.0 - skill**2) * luck, temperature
    )


class _Logger:
    """Makes the blocks of a bandit log; tables that all blocks need are computed once."""

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
        """The log of rounds ``start..stop``, ``stop`` excluded."""
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
    """The log of :func:`bandit_log` in tables of 65,536 rounds, each made on demand.

    Args and errors are those of :func:`bandit_log`; errors are raised when the first table is requested.
    """
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
    """A simulated bandit log. The same arguments give the same log.

    Columns of both layouts: ``round_id, context, action, reward``. Layout ``rows`` adds ``propensity,
    target_propensity, q_logged, q_target``, where ``q_target = sum over a of pi(a|x) q(x,a)``. Layout
    ``candidates`` adds lists with a value for each action: ``candidate_propensities,
    candidate_target_propensities, candidate_q``; ``action`` is an index into them.

    Args:
        world: the world.
        logging: the logging policy, which draws the actions.
        target: the target policy ``pi``.
        rounds: number of rounds, at least 1.
        seed: of the random numbers.
        layout: ``rows`` or ``candidates``.

    Raises:
        UsageError: a policy does not fit the world, or another parameter is out of range.
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
    """Write the log of :func:`bandit_log` to a file, with about one row group in memory at a time.

    Args:
        path: the file, ``.parquet, .csv, .json, .jsonl`` or ``.arrow``.
        world, logging, target, rounds, seed, layout: as for :func:`bandit_log`.
        rows_per_group: number of rows of a row group, at least 1.

    Raises:
        UsageError: a policy does not fit the world, or another parameter is out of range.
    """
    blocks = bandit_log_blocks(world, logging, target, rounds, seed, layout=layout)
    write_blocks(Path(path), blocks, rows_per_group)
