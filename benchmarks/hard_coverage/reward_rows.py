"""Rows of bandit logs with rare rewards, heavy weights and small samples, whose truth is exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.hard_coverage.outcomes import Outcome, doubted, outcomes
from rankeval import ope

Floats = NDArray[np.float64]
NODES = 200  # of the quadrature over lognormal weights
NAMES = ("ips", "snips", "dr", "sndr")


def of_bandits(
    log: Mapping[str, Any],
    truth: Mapping[str, float],
    methods: Sequence[str],
    names: Sequence[str] = NAMES,
    **options: Any,
) -> Iterator[Outcome]:
    """The outcomes of value and gain of all estimators, whose truth is that of the policies."""
    result = ope(log, names, ci=methods, threads=1, **options)
    doubt = doubted(result.notes)
    for row in result.estimates:
        yield from outcomes(f"{row.asked.label} value", row.value, truth["value"], doubt)
        yield from outcomes(f"{row.asked.label} gain", row.gain, truth["value"] - truth["logged"], doubt)


@dataclass(frozen=True)
class Weights:
    """A distribution of importance weights with mean 1: atoms with their shares, or a lognormal.

    Attributes:
        atoms, shares: values and their probabilities; for a lognormal those of its quadrature.
        sigma: the standard deviation of the logarithm of a lognormal; 0 for atoms.
    """

    atoms: Floats
    shares: Floats
    sigma: float = 0.0

    @classmethod
    def lognormal(cls, sigma: float) -> Weights:
        """``exp(sigma z - sigma^2 / 2)`` of a standard normal z."""
        nodes, shares = np.polynomial.hermite_e.hermegauss(NODES)
        return cls(np.exp(sigma * nodes - sigma**2 / 2), shares / shares.sum(), sigma)

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """(n,) weights."""
        if self.sigma:
            return np.exp(self.sigma * rng.standard_normal(n) - self.sigma**2 / 2)
        return rng.choice(self.atoms, n, p=self.shares)

    def mean(self, values: Floats) -> float:
        """The expectation of values at the atoms."""
        return float(self.shares @ values)


LIGHT = Weights(np.array([0.2, 1.8]), np.array([0.5, 0.5]))


@dataclass(frozen=True)
class RareRewards:
    """Rounds with a reward of 1 at a rate that rises with the weight, so that the target is better."""

    n: int
    rate: float
    weights: Weights

    def chance(self, weights: Floats) -> Floats:
        """The probability of a reward."""
        return np.asarray(self.rate * (1.0 + 0.5 * np.tanh(np.log(weights))))

    def predicted(self, weights: Floats) -> Floats:
        """The predictions of a reward model that errs."""
        return np.asarray(self.rate * (0.9 + 0.2 * np.tanh(np.log(weights))))

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        w, atoms = self.weights.draw(rng, self.n), self.weights.atoms
        propensity = 0.5 / np.maximum(w, 1.0)
        log = {
            "propensity": propensity,
            "target_propensity": propensity * w,
            "reward": (rng.random(self.n) < self.chance(w)).astype(float),
            "q_logged": self.predicted(w),
            "q_target": np.full(self.n, self.weights.mean(atoms * self.predicted(atoms))),
        }
        truth = {
            "value": self.weights.mean(atoms * self.chance(atoms)),
            "logged": self.weights.mean(self.chance(atoms)),
        }
        return of_bandits(log, truth, methods, reward_range=(0.0, 1.0))


@dataclass(frozen=True)
class SoftmaxLogger:
    """A soft-max logger over many actions, and an unrelated soft-max target: one fixed world, many logs."""

    n: int
    actions: int = 100
    contexts: int = 20
    spread: float = 1.06  # of the scores; the effective sample size is about a tenth of the rounds
    mean: float = 0.1

    @lru_cache  # noqa: B019  (rows live as long as the process)
    def world(self) -> tuple[Floats, Floats, Floats]:
        """(contexts, actions) propensities of the logger and the target, and expected rewards."""
        rng = np.random.default_rng(self.actions)
        shape = (self.contexts, self.actions)
        policies = np.exp(self.spread * rng.standard_normal((2, *shape)))
        policies /= policies.sum(axis=2, keepdims=True)
        return policies[0], policies[1], np.minimum(rng.gamma(2.0, self.mean / 2.0, shape), 1.0)

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        logger, target, expected = self.world()
        context = rng.integers(0, self.contexts, self.n)
        reached = np.cumsum(logger, axis=1)[context, :-1]
        action = (rng.random((self.n, 1)) >= reached).sum(axis=1)
        log = {
            "propensity": logger[context, action],
            "target_propensity": target[context, action],
            "reward": (rng.random(self.n) < expected[context, action]).astype(float),
        }
        means = ((policy * expected).sum(axis=1).mean() for policy in (target, logger))
        truth = dict(zip(("value", "logged"), map(float, means), strict=True))
        return of_bandits(log, truth, methods, ("ips", "snips"), reward_range=(0.0, 1.0))


@dataclass(frozen=True)
class RareHarm:
    """The target often takes an action that the logger rarely takes, and that brings complaints (costs)."""

    n: int = 2000
    logged_share: float = 0.005
    target_share: float = 0.24
    harmful: float = 0.2
    usual: float = 0.01

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        bad = rng.random(self.n) < self.logged_share
        log = {
            "propensity": np.where(bad, self.logged_share, 1.0 - self.logged_share),
            "target_propensity": np.where(bad, self.target_share, 1.0 - self.target_share),
            "complaint": (rng.random(self.n) < np.where(bad, self.harmful, self.usual)).astype(float),
        }
        value, logged = (
            -(share * self.harmful + (1.0 - share) * self.usual)
            for share in (self.target_share, self.logged_share)
        )
        truth = {"value": value, "logged": logged}
        return of_bandits(
            log, truth, methods, ("ips", "snips"), reward="-complaint", reward_range=(-1.0, 0.0)
        )
