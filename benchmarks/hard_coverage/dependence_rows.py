"""Rows whose units depend on one another, or are not what they seem: users, thinned logs, joins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.hard_coverage.outcomes import Outcome
from benchmarks.hard_coverage.reward_rows import of_bandits

Ints = NDArray[np.int64]


def even(users: int, sessions: int) -> Ints:
    """Sizes of users with the same number of sessions each."""
    return np.full(users, sessions)


def one_large(users: int, share: float, sessions: int) -> Ints:
    """Sizes where one user has this share of all sessions."""
    small = max(round(sessions * (1.0 - share) / (users - 1)), 1)
    return np.array([round(small * (users - 1) * share / (1.0 - share)), *[small] * (users - 1)])


def zipf(users: int, sessions: int) -> Ints:
    """Sizes by Zipf's law."""
    sizes = 1.0 / np.arange(1, users + 1)
    return np.maximum(np.round(sessions * sizes / sizes.sum()), 1).astype(np.int64)


@dataclass(frozen=True)
class Users:
    """Rounds of users with tastes of their own: each has a click rate for each of two actions.

    Attributes:
        sizes: number of rounds of each user.
        options: options of ``ope``, such as ``cluster``.
        spread: the larger, the more alike are the rounds of a user; correlation ``1 / (1 + concentration)``.
    """

    sizes: Ints
    options: tuple[tuple[str, Any], ...] = ()
    concentration: float = 2.0
    means: tuple[float, float] = (0.3, 0.2)

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        means = np.array(self.means)
        shape = (len(self.sizes), 2)
        tastes = rng.beta(self.concentration * means, self.concentration * (1.0 - means), shape)
        user = np.repeat(np.arange(len(self.sizes)), self.sizes)
        action = rng.integers(0, 2, len(user))
        log = {
            "user_id": user,
            "propensity": np.full(len(user), 0.5),
            "target_propensity": np.array([0.8, 0.2])[action],
            "reward": (rng.random(len(user)) < tastes[user, action]).astype(float),
        }
        truth = {"value": float(means @ (0.8, 0.2)), "logged": float(means.mean())}
        return of_bandits(log, truth, methods, **dict(self.options))


@dataclass(frozen=True)
class Thinned:
    """A log that keeps all clicks and a share of the rest, with 1 / the share in a column of counts.

    Attributes:
        column: the column that holds 1 / the probability that the row was kept.
    """

    n: int
    kept: float
    column: str
    rate: float = 0.05

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        w = rng.choice([0.2, 1.8], self.n)
        chance = np.where(w > 1.0, 1.2, 0.8) * self.rate
        reward = (rng.random(self.n) < chance).astype(float)
        there = (reward > 0.0) | (rng.random(self.n) < self.kept)
        log = {
            "propensity": np.full(self.n, 0.25)[there],
            "target_propensity": 0.25 * w[there],
            "reward": reward[there],
            self.column: np.where(reward > 0.0, 1.0, 1.0 / self.kept)[there],
        }
        truth = {"value": self.rate * (0.1 * 0.8 + 0.9 * 1.2), "logged": self.rate}
        return of_bandits(log, truth, methods)


def fan_out(rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
    """A join wrote every round four times, with its ``round_id``."""
    n, rate = 2000, 0.1
    w = rng.choice([0.2, 1.8], n)
    reward = (rng.random(n) < np.where(w > 1.0, 1.2, 0.8) * rate).astype(float)
    log = {
        "round_id": np.arange(n),
        "propensity": np.full(n, 0.25),
        "target_propensity": 0.25 * w,
        "reward": reward,
    }
    truth = {"value": rate * (0.1 * 0.8 + 0.9 * 1.2), "logged": rate}
    return of_bandits({name: np.repeat(values, 4) for name, values in log.items()}, truth, methods)
