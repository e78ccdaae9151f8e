"""Slate worlds: ranking worlds in which the type of a user decides on which items a reward depends.

A session draws a user type ``t``. A product policy draws the item at every position independently. The reward
at position ``k`` is normal with mean ``base[t, a_k] + sum over l of pairs[a_k, a_l]``, where ``l`` runs over
the other positions that the reward at ``k`` depends on under the user behaviour of the type (as simulated by
Kiyohara et al. 2023). Expectations are sums over items and pairs of positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.errors import UsageError
from rankeval.off_policy.user_behaviour import BEHAVIOURS
from rankeval.simulators import block_bounds, distribution, matrix, random_stream, real, whole, write_blocks
from rankeval.simulators.bandits.softmax_policy import Matrix, SoftmaxPolicy

BLOCK_SESSIONS = 1 << 14
#: Values of the feature column ``device``, one for each user type.
DEVICES = ("phone", "tablet", "desktop", "tv", "watch")


@dataclass(frozen=True, eq=False)
class SlateWorld:
    """User types, items and rewards.

    Attributes:
        base: (types, items) float64 expected reward of an item without interactions.
        pairs: (items, items) float64 interaction: the expected reward that the row's item gains from the
            column's item.
        behaviours: the user behaviour of each type, a name in
            :data:`rankeval.off_policy.user_behaviour.BEHAVIOURS`.
        shares: (types,) float64 share of the sessions of each type; sums to 1.
        positions: K, the length of the lists.
        noise: standard deviation of a reward.
        blur: standard deviation of the feature ``activity`` around the number of the type. The feature
            ``device`` identifies the type.

    Raises:
        UsageError: a parameter has a wrong shape or is out of range; a behaviour is unknown; there are more
            than 5 types.
    """

    base: Matrix
    pairs: Matrix
    behaviours: Sequence[str]
    shares: Floats
    positions: int
    noise: float = 0.5
    blur: float = 0.5

    def __post_init__(self) -> None:
        base = matrix("base", self.base, (-1, -1))
        types, items = base.shape
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "pairs", matrix("pairs", self.pairs, (items, items)))
        object.__setattr__(self, "shares", distribution("shares", self.shares, types))
        whole("positions", self.positions, 1)
        real("noise", self.noise, 0.0)
        real("blur", self.blur, 0.0)
        unknown = [name for name in self.behaviours if name not in BEHAVIOURS]
        if unknown or len(self.behaviours) != types or types > len(DEVICES):
            raise UsageError(
                f"behaviours: found {', '.join(self.behaviours)}, wanted one of {', '.join(BEHAVIOURS)} "
                f"for each of {types} types, at most {len(DEVICES)}"
            )

    @cached_property
    def looks(self) -> Bools:
        """(types, K, K) bool, whether the reward at the position of the row depends on that of the column."""
        places = range(self.positions)
        return np.array(
            [
                [[BEHAVIOURS[name].depends(k, other) for other in places] for k in places]
                for name in self.behaviours
            ]
        )

    @cached_property
    def _others(self) -> Matrix:
        return (self.looks & ~np.eye(self.positions, dtype=bool)).astype(np.float64)

    def probabilities(self, policy: SoftmaxPolicy) -> Matrix:
        """(types, K, items) float64 probability of each item at each position for each type.

        The scores of ``policy`` have K rows for the first type, one for each position, then K rows for the
        second type, and so on.

        Raises:
            UsageError: the policy has scores of another shape.
        """
        types, items = self.base.shape
        wanted = (types * self.positions, items)
        if policy.scores.shape != wanted:
            raise UsageError(f"policy: found scores of shape {policy.scores.shape}, wanted {wanted}")
        return policy.probabilities.reshape(types, self.positions, items)

    def expected_rewards(self, types: Ints, lists: Ints) -> Matrix:
        """(n, K) float64 expected rewards of ``lists``, (n, K), for users of ``types``, (n,)."""
        met = self.pairs[lists[:, :, None], lists[:, None, :]]
        return np.asarray(self.base[types[:, None], lists] + (met * self._others[types]).sum(axis=2))

    def value(self, policy: SoftmaxPolicy) -> float:
        """The exact expected reward of a session under ``policy``, summed over positions.

        Raises:
            UsageError: the policy has scores of another shape.
        """
        p = self.probabilities(policy)
        alone = np.einsum("tka,ta->t", p, self.base)
        together = np.einsum("tka,ab,tlb,tkl->t", p, self.pairs, p, self._others, optimize=True)
        return float(self.shares @ (alone + together))


def random_slate_world(
    positions: int,
    items: int,
    seed: int,
    *,
    behaviours: Sequence[str] = ("independent", "cascade", "standard"),
    shares: Sequence[float] | None = None,
    interaction: float = 1.0,
    noise: float = 0.5,
) -> SlateWorld:
    """A slate world with random rewards.

    Base rewards are uniform in [0, 1]. Interactions are uniform in [-1, 1], times
    ``interaction / max(K - 1, 1)``.

    Args:
        positions: K, the length of the lists, at least 1.
        items: number of items, at least 1.
        seed: of the random numbers.
        behaviours: the user behaviour of each type, at most 5.
        shares: (types,) share of the sessions of each type; None means equal shares.
        interaction: scale of the interactions, at least 0.
        noise: standard deviation of a reward, at least 0.

    Raises:
        UsageError: a parameter is out of range, or a behaviour is unknown.
    """
    rng = random_stream(seed)
    types, size = len(behaviours), whole("items", items, 1)
    scale = real("interaction", interaction, 0.0) / max(whole("positions", positions, 1) - 1, 1)
    return SlateWorld(
        base=rng.random((types, size)),
        pairs=scale * rng.uniform(-1.0, 1.0, (size, size)),
        behaviours=tuple(behaviours),
        shares=np.full(types, 1.0 / types) if shares is None else np.asarray(shares, np.float64),
        positions=positions,
        noise=noise,
    )


def random_slate_policy(
    world: SlateWorld, seed: int, skill: float = 0.0, temperature: float = 1.0
) -> SoftmaxPolicy:
    """A random policy with scores ``skill * base + sqrt(1 - skill^2) * z``, ``z`` uniform in [0, 1].

    ``z`` is drawn for every type, position and item.

    Args:
        world: the world with the base rewards.
        seed: of the random numbers.
        skill: in [-1, 1].
        temperature: of the softmax, at least 1e-9.

    Raises:
        UsageError: ``skill`` or ``temperature`` is out of range.
    """
    luck = random_stream(seed).random((len(world.base), world.positions, world.base.shape[1]))
    scores = real("skill", skill, -1.0, 1.0) * world.base[:, None, :] + np.sqrt(1.0 - skill**2) * luck
    return SoftmaxPolicy(scores.reshape(-1, world.base.shape[1]), temperature)


class _Logger:
    """Makes the blocks of a slate log; tables that all blocks need are computed once."""

    def __init__(self, world: SlateWorld, logging: SoftmaxPolicy, target: SoftmaxPolicy) -> None:
        self.world = world
        self.logged, self.target = world.probabilities(logging), world.probabilities(target)
        # The last bound is 1 only up to rounding. Without it no draw can give an item beyond the last.
        self.bounds = np.cumsum(self.logged, axis=2)[:, :, :-1]

    def block(self, rng: np.random.Generator, start: int, stop: int) -> pa.Table:
        """The log of sessions ``start..stop``, ``stop`` excluded."""
        world, n, size = self.world, stop - start, self.world.positions
        types = rng.choice(len(world.shares), n, p=world.shares)
        lists = (rng.random((n, size, 1)) >= self.bounds[types]).sum(axis=2)
        rewards = world.expected_rewards(types, lists) + world.noise * rng.standard_normal((n, size))
        activity = types + world.blur * rng.standard_normal(n)
        columns: dict[str, Any] = {
            "session_id": np.repeat(np.arange(start, stop), size),
            "position": np.tile(np.arange(1, size + 1), n),
            "item_id": lists.ravel(),
            "reward": rewards.ravel(),
            **_propensities("", self.logged, types, lists),
            **_propensities("target_", self.target, types, lists),
            "device": pa.array(DEVICES).take(pa.array(np.repeat(types, size))),
            "activity": np.repeat(activity, size),
            "behaviour": pa.array(world.behaviours).take(pa.array(np.repeat(types, size))),
        }
        return pa.table(columns)


def _propensities(prefix: str, policy: Matrix, types: Ints, lists: Ints) -> dict[str, Matrix]:
    """The propensity columns: of each item, of the items from position 1 to it, and of its whole list."""
    each = policy[types[:, None], np.arange(lists.shape[1]), lists]
    products = np.cumprod(each, axis=1)
    whole_list = np.repeat(products[:, -1], lists.shape[1])
    names = ("propensity", "propensity_prefix", "propensity_list")
    columns = zip(names, (each.ravel(), products.ravel(), whole_list), strict=True)
    return {prefix + name: column for name, column in columns}


def slate_log_blocks(
    world: SlateWorld, logging: SoftmaxPolicy, target: SoftmaxPolicy, sessions: int, seed: int
) -> Iterator[pa.Table]:
    """The log of :func:`slate_log` in tables of 16,384 sessions, each made on demand.

    Args and errors are those of :func:`slate_log`; errors are raised when the first table is requested.
    """
    logger = _Logger(world, logging, target)
    for index, (start, stop) in enumerate(block_bounds(whole("sessions", sessions, 1), BLOCK_SESSIONS)):
        yield logger.block(random_stream(seed, index), start, stop)


def slate_log(
    world: SlateWorld, logging: SoftmaxPolicy, target: SoftmaxPolicy, sessions: int, seed: int
) -> pa.Table:
    """A simulated ranking log in long layout. The same arguments give the same log.

    Columns: ``session_id, position, item_id, reward``; ``propensity, propensity_prefix, propensity_list`` of
    the logging policy, and the same columns of the target policy with the prefix ``target_``; the features
    ``device`` and ``activity``; and the true ``behaviour``.

    Args:
        world: the world.
        logging: the logging policy, which draws the items.
        target: the target policy.
        sessions: number of sessions, at least 1.
        seed: of the random numbers.

    Raises:
        UsageError: a policy does not fit the world, or another parameter is out of range.
    """
    return pa.concat_tables(slate_log_blocks(world, logging, target, sessions, seed))


def write_slate_log(
    path: str | Path,
    world: SlateWorld,
    logging: SoftmaxPolicy,
    target: SoftmaxPolicy,
    sessions: int,
    seed: int,
    *,
    rows_per_group: int = 1 << 20,
) -> None:
    """Write the log of :func:`slate_log` to a file, with about one row group in memory at a time.

    Args:
        path: the file, ``.parquet, .csv, .json, .jsonl`` or ``.arrow``.
        world, logging, target, sessions, seed: as for :func:`slate_log`.
        rows_per_group: number of rows of a row group, at least 1.

    Raises:
        UsageError: a policy does not fit the world, or another parameter is out of range.
    """
    write_blocks(Path(path), slate_log_blocks(world, logging, target, sessions, seed), rows_per_group)
