"""Random worlds of contexts and actions, and logs of a soft-max logger in them, right or faulty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.verdict_study.case import Case

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAMES = ("ips", "snips", "dr", "cips:max_weight=10")
SIZES, RATES = (300, 50_000), (0.001, 0.5)
#: The share of logs that hold lists of candidates, and not the propensity of the logged action alone.
LISTED = 0.5


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A draw whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_rate(rng: np.random.Generator, n: int) -> float:
    """A rate of rewards by which ``n`` rounds have at least ten."""
    low, high = RATES
    return log_uniform(rng, max(low, 10.0 / n), high)


def softmax(scores: Floats) -> Floats:
    """Probabilities by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Rewards:
    """Rewards of one sign: of size 1, or of lognormal size, which are there with some probability.

    Attributes:
        chance: (contexts, actions) probability of a reward.
        sigma: of the logarithm of its size; 0: the size is 1.
        sign: 1, or -1 for costs.
        noise: standard deviation of normal noise that each reward has beside.
    """

    chance: Floats
    sigma: float
    sign: float
    noise: float

    @classmethod
    def random(cls, rng: np.random.Generator, shape: tuple[int, int], n: int) -> Rewards:
        """Rewards at a random rate, most of which are clicks."""
        rate, spread = random_rate(rng, n), rng.uniform(0.0, 1.5)
        odds = np.log(rate / (1.0 - rate)) + spread * rng.standard_normal(shape)
        kind = rng.choice(4, p=[0.6, 0.2, 0.1, 0.1])
        sigma = rng.uniform(0.3, 1.5) if kind == 1 else 0.0
        noise = rng.uniform(0.1, 2.0) if kind == 3 else 0.0
        return cls(1.0 / (1.0 + np.exp(-odds)), sigma, -1.0 if kind == 2 else 1.0, noise)

    @property
    def expected(self) -> Floats:
        """(contexts, actions) the mean reward."""
        return self.sign * self.chance * np.exp(self.sigma**2 / 2.0)

    def draw(self, rng: np.random.Generator, context: Ints, action: Ints) -> Floats:
        """(n,) rewards."""
        there = rng.random(len(context)) < self.chance[context, action]
        size = np.exp(self.sigma * rng.standard_normal(len(context))) if self.sigma else 1.0
        noise = self.noise * rng.standard_normal(len(context)) if self.noise else 0.0
        return np.asarray(self.sign * there * size + noise)


@dataclass(frozen=True)
class World:
    """A world with both policies; ``propensities`` is what the log says of the logger.

    Attributes:
        scores: (contexts, actions) of the logger.
        logger, target: (contexts, actions) probabilities of actions.
        rewards: the rewards.
        model: (contexts, actions) predictions of a reward model that errs.
        n: number of rounds.
        listed: whether the log holds lists of candidates.
    """

    scores: Floats
    logger: Floats
    target: Floats
    rewards: Rewards
    model: Floats
    n: int
    listed: bool

    @classmethod
    def random(cls, rng: np.random.Generator, fewest: int = 2) -> World:
        """A world with an overlap between strong and weak; one target in twenty is the logger itself."""
        shape = int(rng.integers(1, 21)), int(rng.integers(fewest, 31))
        n = round(log_uniform(rng, *SIZES))
        rewards = Rewards.random(rng, shape, n)
        known = np.log(rewards.chance)
        known = (known - known.mean()) / max(float(known.std()), 1e-12)
        scores = rng.uniform(0.0, 2.0) * rng.standard_normal(shape) + rng.uniform(-0.5, 1.0) * known
        logger = softmax(scores) * (share := 1.0 - rng.choice([0.0, 0.05, 0.3])) + (1.0 - share) / shape[1]
        if rng.random() < 0.05:
            target = logger
        else:
            nearness, sharp = rng.uniform(0.0, 1.0), rng.uniform(0.0, 2.5)
            other = sharp * rng.standard_normal(shape) + rng.uniform(-1.0, 2.0) * known
            target = softmax(nearness * scores + (1.0 - nearness) * other)
        model = rewards.expected * np.exp(rng.uniform(0.0, 0.7) * rng.standard_normal(shape))
        return cls(scores, logger, target, rewards, model, n, bool(rng.random() < LISTED))

    def value(self, policy: Floats) -> float:
        """The exact value of a policy; contexts are equally frequent."""
        return float((policy * self.rewards.expected).sum(axis=1).mean())

    def rounds(self, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
        """(n,) contexts, logged actions and rewards."""
        context = rng.integers(0, len(self.logger), self.n)
        reached = np.cumsum(self.logger, axis=1)[context, :-1]
        action = (rng.random((self.n, 1)) >= reached).sum(axis=1)
        return context, action, self.rewards.draw(rng, context, action)

    def case(self, rounds: tuple[Ints, Ints, Floats], logged: Floats, kind: str = "", **changed: Any) -> Case:
        """The log of some rounds.

        Args:
            rounds: contexts, actions and rewards.
            logged: (n, actions) what the log says of the logger's propensities.
            kind: what is special.
            changed: columns that differ from what was drawn.
        """
        context, action, reward = rounds
        columns: dict[str, Any] = {"context": context, "action": action, "reward": reward}
        if self.listed:
            columns |= {
                "candidate_propensities": lists(logged),
                "candidate_target_propensities": lists(self.target[context]),
                "candidate_q": lists(self.model[context]),
            }
        else:
            columns |= {
                "propensity": logged[np.arange(len(action)), action],
                "target_propensity": self.target[context, action],
                "q_logged": self.model[context, action],
                "q_target": (self.target * self.model).sum(axis=1)[context],
            }
        log = pa.table({**columns, **changed})
        return Case(log, NAMES, self.value(self.target), self.value(self.logger), kind)


def lists(matrix: Floats) -> pa.ListArray:
    """The rows of a matrix as a column of lists."""
    rows, columns = matrix.shape
    return pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * columns, matrix.ravel())


def right(rng: np.random.Generator) -> Case:
    """A log with right propensities."""
    world = World.random(rng)
    rounds = world.rounds(rng)
    return world.case(rounds, world.logger[rounds[0]])


Fault = Callable[[np.random.Generator, World], Case]


def halved(rng: np.random.Generator, world: World) -> Case:
    """Propensities are half, or three quarters, of what they were; lists then sum to less than 1."""
    rounds = world.rounds(rng)
    return world.case(rounds, world.logger[rounds[0]] * rng.choice([0.5, 0.75]), "halved")


def lost(rng: np.random.Generator, world: World) -> Case:
    """A share of the rows of one action, which both policies take, is missing."""
    context, action, reward = world.rounds(rng)
    one = int(np.argmax(world.logger.mean(axis=0) * world.target.mean(axis=0)))
    kept = (action != one) | (rng.random(len(action)) < rng.uniform(0.1, 0.8))
    rounds = context[kept], action[kept], reward[kept]
    return world.case(rounds, world.logger[rounds[0]], "rows lost")


def argmax_as_one(rng: np.random.Generator, world: World) -> Case:
    """Where the best action was taken, it is logged as if it had been certain."""
    rounds = context, action, _ = world.rounds(rng)
    logged = world.logger[context].copy()
    best = np.flatnonzero(action == logged.argmax(axis=1))
    logged[best] = 0.0
    logged[best, action[best]] = 1.0
    return world.case(rounds, logged, "argmax as 1")


def stale(rng: np.random.Generator, world: World) -> Case:
    """Propensities are those of another version of the logger."""
    rounds = world.rounds(rng)
    before = softmax(np.log(world.logger) + rng.uniform(0.2, 1.0) * rng.standard_normal(world.logger.shape))
    return world.case(rounds, before[rounds[0]], "stale")


def temperature(rng: np.random.Generator, world: World) -> Case:
    """Propensities have another temperature than the actions that were drawn."""
    rounds = world.rounds(rng)
    power = float(rng.choice([0.5, 0.7, 1.4, 2.0]))
    return world.case(rounds, softmax(power * np.log(world.logger))[rounds[0]], "temperature")


def off_by_one(rng: np.random.Generator, world: World) -> Case:
    """The number of the action is one too high, or the propensity is that of the next action."""
    rounds = context, action, _ = world.rounds(rng)
    if world.listed:
        return world.case(
            rounds, world.logger[context], "off by one", action=(action + 1) % world.logger.shape[1]
        )
    return world.case(rounds, np.roll(world.logger, -1, axis=1)[context], "off by one")


FAULTS: Mapping[str, Fault] = {
    "halved": halved,
    "lost": lost,
    "argmax": argmax_as_one,
    "stale": stale,
    "temperature": temperature,
    "off by one": off_by_one,
}


def faulty(rng: np.random.Generator) -> Case:
    """A log with one of the faults of propensities."""
    world = World.random(rng)
    return list(FAULTS.values())[int(rng.integers(len(FAULTS)))](rng, world)


def _with_rare(rng: np.random.Generator, world: World, logged: float, target: float) -> World:
    """A world whose last action has these shares under both policies, and another mean reward."""
    shares = {"logger": logged, "target": target}
    policies = {}
    for name, share in shares.items():
        policy: Floats = getattr(world, name).copy()
        policy[:, -1] = 0.0
        policy *= (1.0 - share) / policy.sum(axis=1, keepdims=True)
        policy[:, -1] = share
        policies[name] = policy
    chance = world.rewards.chance.copy()
    chance[:, -1] = np.minimum(chance[:, :-1].mean() * log_uniform(rng, 0.1, 4.0), 1.0)
    rewards = replace(world.rewards, chance=chance)
    return replace(world, **policies, rewards=rewards, model=np.where(chance > 0.0, rewards.expected, 0.0))


def unsupported(rng: np.random.Generator) -> Case:
    """The target takes an action that the logger never takes."""
    world = _with_rare(rng, World.random(rng, fewest=3), 0.0, log_uniform(rng, 0.002, 0.4))
    world = replace(world, model=world.rewards.expected.mean() * np.ones_like(world.model))
    rounds = world.rounds(rng)
    return world.case(rounds, world.logger[rounds[0]], "gap")


def nearly_unsupported(rng: np.random.Generator) -> Case:
    """The target takes an action that the logger hardly ever takes."""
    share = log_uniform(rng, 1e-5, 1e-2)
    world = _with_rare(rng, World.random(rng, fewest=3), share, log_uniform(rng, 0.01, 0.4))
    world = replace(world, model=world.rewards.expected.mean() * np.ones_like(world.model))
    rounds = world.rounds(rng)
    return world.case(rounds, world.logger[rounds[0]], "near gap")
