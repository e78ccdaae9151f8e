"""Rows of bandit logs with rare rewards, heavy weights and small samples, whose truth is exact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.hard_coverage.outcomes import Outcome, of_rows, outcomes
from rankeval import ope
from rankeval.estimators import TRANSFORMS, parse
from rankeval.off_policy import OffPolicyEvaluation

Floats = NDArray[np.float64]
GRID = np.linspace(-9.0, 12.0, 20_001)  # of the quadrature over lognormal weights
NAMES = ("ips", "snips")
ALL = (
    "ips", "cips:max_weight=2", "snips", "csnips:max_weight=2", "dm", "dr", "cdr:max_weight=2", "sndr",
    "switch_dr:tau=2", "dros:lambda=3", "sg_ips:lambda=0.3", "sg_dr:lambda=0.3", "mips",
)  # fmt: skip
#: What is asked for once more with the true ranges stated, and of which estimators.
BY_RANGES = ("auto", "hoeffding", "bernstein", "clopper_pearson", "likelihood")
RANGED = ("ips", "dr")
Stated = Mapping[str, tuple[float, float]]


def of_bandits(
    log: Mapping[str, Any],
    truth: Mapping[str, float],
    methods: Sequence[str],
    names: Sequence[str] = NAMES,
    stated: Stated | None = None,
    **options: Any,
) -> Iterator[Outcome]:
    """The outcomes of value, gain and relative gain of all estimators, and of some with stated ranges.

    Args:
        truth: value of the target policy, or the limit of an estimator under its name, and ``logged``.
        stated: the true ranges of rewards and weights.
    """
    result = ope(log, names, ci=methods, threads=1, **options)
    yield from _outcomes(result, truth, "", methods)
    if stated is not None:
        named = [name for name in RANGED if name in names]
        result = ope(log, named, ci=BY_RANGES, threads=1, **stated, **options)
        yield from _outcomes(result, truth, ", ranges stated", BY_RANGES)


def _outcomes(
    result: OffPolicyEvaluation, truth: Mapping[str, float], how: str, methods: Sequence[str]
) -> Iterator[Outcome]:
    logged = truth["logged"]
    for row, doubt in of_rows(result):
        value = truth.get(row.asked.label, truth["value"])
        known = {"value": value, "gain": value - logged, "relative": (value - logged) / abs(logged)}
        for quantity, limit in known.items():
            name = f"{row.asked.label}{how} {quantity}"
            yield from outcomes(name, getattr(row, quantity), limit, doubt, methods)


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
        shares = np.exp(-GRID * GRID / 2.0)
        return cls(np.exp(sigma * GRID - sigma**2 / 2), shares / shares.sum(), sigma)

    @property
    def largest(self) -> float:
        """The largest possible weight."""
        return math.inf if self.sigma else float(self.atoms.max())

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
    names: tuple[str, ...] = ALL

    def chance(self, weights: Floats) -> Floats:
        """The probability of a reward."""
        return np.asarray(self.rate * (1.0 + 0.5 * np.tanh(np.log(weights))))

    def predicted(self, weights: Floats) -> Floats:
        """The predictions of a reward model that errs."""
        return np.asarray(self.rate * (0.9 + 0.2 * np.tanh(np.log(weights))))

    def log(self, rng: np.random.Generator) -> dict[str, Floats]:
        """One log."""
        w, atoms = self.weights.draw(rng, self.n), self.weights.atoms
        propensity = 0.5 / np.maximum(w, 1.0)
        return {
            "propensity": propensity,
            "target_propensity": propensity * w,
            "reward": (rng.random(self.n) < self.chance(w)).astype(float),
            "q_logged": self.predicted(w),
            "q_target": np.full(self.n, self.weights.mean(atoms * self.predicted(atoms))),
            "marginal_propensity": propensity,
            "target_marginal_propensity": propensity * w,
        }

    @property
    def stated(self) -> dict[str, tuple[float, float]]:
        """The true ranges."""
        return {"reward_range": (0.0, 1.0), "weight_range": (0.0, self.weights.largest)}

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        return of_bandits(self.log(rng), self.truth, methods, self.names, self.stated)

    @cached_property
    def truth(self) -> dict[str, float]:
        """The value of the target policy, that of the logging policy, and the limit of each estimator."""
        mean, w = self.weights.mean, self.weights.atoms
        chance, q = self.chance(w), self.predicted(w)
        found = {"value": mean(w * chance), "logged": mean(chance)}
        for name in self.names:
            estimator = parse(name)
            of, weighting = estimator.definition, estimator.weighting
            u = TRANSFORMS[weighting.transform](w, weighting.parameter)
            means = {
                None: 0.0,
                "weight": mean(u),
                "weighted_reward": mean(u * chance),
                "weighted_residual": mean(u * (chance - q)),
                "model": mean(w * q),
                "doubly_robust": mean(w * q) + mean(u * (chance - q)),
            }
            ratio = means[of.numerator] / means[of.denominator] if of.denominator else 0.0
            found[estimator.label] = means[of.mean] + ratio
        return found


@dataclass(frozen=True)
class Betting:
    """Intervals by betting, whatever methods are asked for: they take further passes."""

    world: RareRewards

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        log, truth = self.world.log(rng), self.world.truth
        return of_bandits(log, truth, ["betting"], RANGED, **self.world.stated)


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
        stated = {"reward_range": (0.0, 1.0), "weight_range": (0.0, float((target / logger).max()))}
        return of_bandits(log, truth, methods, stated=stated)


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
        stated = {
            "reward_range": (-1.0, 0.0),
            "weight_range": (0.0, self.target_share / self.logged_share),
        }
        return of_bandits(log, truth, methods, stated=stated, reward="-complaint")
