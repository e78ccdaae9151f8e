"""Whether intervals hold what they should: ``python -m benchmarks.coverage [--worlds N] [--replicates R]``.

With ``--more`` the intervals are for rankings, clicks, several loggers, several targets and fitted models
(``more_coverage.py``).

Every world draws its own rewards, policies and reward model, so its truth is known exactly. It gives a log of
20,000 rounds. The intervals of biased estimators (with reduced weights, or without weights) must cover the
estimator's own expectation. A 95 % interval passes unless an exact binomial test rejects the hypothesis that
its coverage is within 93 to 97 %. The tests of all cells are adjusted by Holm.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Literal

import numpy as np
import pyarrow as pa

from rankeval import ope
from rankeval.estimators import ACTION_ESTIMATORS, TRANSFORMS, Estimator, parse
from rankeval.estimators import ESTIMATORS as ESTIMATORS_BY_NAME
from rankeval.inference import BY_SPREAD, INTERVALS, holm
from rankeval.simulators.bandits import (
    BanditWorld,
    RewardKind,
    SoftmaxPolicy,
    bandit_log,
    importance_weights,
    random_policy,
    random_world,
)

ROUNDS = 20_000
MAX_WEIGHT = 2.0
LEAST_EFFECTIVE = 0.3  # share of the rounds
LEAST_POSITIVE = 100
HELD_TO = (0.93, 0.97)
ESTIMATORS = tuple(definition.name for definition in ACTION_ESTIMATORS if definition.ratio == "action")
#: Parameters with which estimators change many weights in these worlds.
PARAMETERS = {"max_weight": MAX_WEIGHT, "tau": 2.0, "lambda": 0.3}
#: Those that need no stated range.
METHODS = tuple(method for method in INTERVALS if method in BY_SPREAD)

Quantity = Literal["value", "gain", "relative"]
QUANTITIES: tuple[Quantity, ...] = ("value", "gain", "relative")


@dataclass(frozen=True)
class Cell:
    """A cell of the table: the intervals of one method for one quantity of one estimator."""

    estimator: str
    quantity: Quantity
    method: str


@dataclass(frozen=True)
class Scenario:
    """A family of worlds. For every context and action the reward model errs by ``bias`` plus noise."""

    name: str
    reward: RewardKind
    mean: float
    bias: float

    def world(self, seed: int) -> Simulated:
        """The world of a seed, with a logging and a target policy."""
        world = random_world(20, 10, seed, reward=self.reward, mean=self.mean)
        world = world.with_model_error(self.bias, abs(self.bias), seed)
        logging = random_policy(world, seed + 1, skill=0.2)
        return Simulated(world, logging, random_policy(world, seed + 2, skill=0.5, temperature=2.0))

    def worlds(self) -> Iterator[tuple[int, Simulated]]:
        """Seeds and worlds whose effective sample size is large enough."""
        for seed in count(0, 10):
            world = self.world(seed)
            if world.effective_share >= LEAST_EFFECTIVE:
                yield seed, world


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("clicks", "bernoulli", mean=0.2, bias=0.02),
        Scenario("rare clicks", "bernoulli", mean=0.01, bias=0.002),
        Scenario("revenue", "gaussian", mean=10.0, bias=0.2),
    )
}


@dataclass(frozen=True)
class Simulated:
    """A world with a logging policy and a target policy."""

    world: BanditWorld
    logging: SoftmaxPolicy
    target: SoftmaxPolicy

    @property
    def effective_share(self) -> float:
        """Expected effective sample size per round."""
        return 1.0 / self.world.expectation(self.logging, importance_weights(self.logging, self.target) ** 2)

    def log(self, seed: int) -> pa.Table:
        """A log of this world."""
        return bandit_log(self.world, self.logging, self.target, ROUNDS, seed)

    def truths(self) -> dict[str, float]:
        """Estimator -> the exact limit of its estimates."""
        return {name: self._truth(parse(setting(name))) for name in ESTIMATORS}

    def _truth(self, estimator: Estimator) -> float:
        world, reward, q = self.world, self.world.expected_reward, self.world.reward_model
        weighting = estimator.weighting
        plain = importance_weights(self.logging, self.target)
        u = TRANSFORMS[weighting.transform](plain, weighting.parameter)
        expected = {
            None: 0.0,
            "weight": world.expectation(self.logging, u),
            "weighted_reward": world.expectation(self.logging, u * reward),
            "weighted_residual": world.expectation(self.logging, u * (reward - q)),
            "model": world.expectation(self.target, q),
        }
        expected["doubly_robust"] = expected["model"] + expected["weighted_residual"]
        of = estimator.definition
        ratio = expected[of.numerator] / expected[of.denominator] if of.denominator else 0.0
        return expected[of.mean] + ratio


def setting(name: str) -> str:
    """The estimator with its parameter, if it has one."""
    parameter = ESTIMATORS_BY_NAME[name].parameter
    return name if parameter is None else f"{name}:{parameter.name}={PARAMETERS[parameter.name]:g}"


def hits(
    scenario: Scenario,
    worlds: int,
    methods: Sequence[str] = METHODS,
    replicates: int = 1000,
    level: float = 0.95,
) -> Counter[Cell]:
    """For each cell the number of worlds, out of ``worlds``, whose interval covers the truth."""
    found: Counter[Cell] = Counter()
    names = [setting(name) for name in ESTIMATORS]
    for seed, world in islice(scenario.worlds(), worlds):
        truths, logged = world.truths(), world.world.value(world.logging)
        log = world.log(seed)
        if np.count_nonzero(log["reward"]) < LEAST_POSITIVE:
            raise ValueError(f"{scenario.name}: under {LEAST_POSITIVE} rewards, wanted a larger mean")
        result = ope(log, names, ci=methods, replicates=replicates, level=level, seed=seed, threads=1)
        for name, row in zip(ESTIMATORS, result.estimates, strict=True):
            truth = truths[name]
            known = {"value": truth, "gain": truth - logged, "relative": (truth - logged) / abs(logged)}
            for quantity in QUANTITIES:
                for interval in getattr(row, quantity).intervals:
                    found[Cell(name, quantity, interval.method)] += interval.holds(known[quantity])
    return found


def cells(methods: Sequence[str] = METHODS) -> list[Cell]:
    """All cells of the table."""
    return [
        Cell(name, quantity, method) for name in ESTIMATORS for quantity in QUANTITIES for method in methods
    ]


def p_value(held: int, worlds: int) -> float:
    """Exact p-value of the hypothesis that the coverage is within ``HELD_TO``."""
    from scipy.stats import binom

    low, high = HELD_TO
    return float(min(binom.cdf(held, worlds, low), binom.sf(held - 1, worlds, high)))


def rejected(counts: Sequence[int], worlds: int, error: float = 0.05) -> list[bool]:
    """For each count whether a test, adjusted by Holm, rejects a coverage within ``HELD_TO``."""
    adjusted = holm([p_value(held, worlds) for held in counts])
    return [p is not None and p < error for p in adjusted]


def main() -> None:
    """Print the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument(
        "--more", action="store_true", help="rankings, clicks, loggers, targets, fitted models"
    )
    arguments = parser.parse_args()
    if arguments.more:
        print_more(arguments.worlds, arguments.replicates)
    else:
        print_bandits(arguments.worlds, arguments.replicates)


def print_bandits(worlds: int, replicates: int) -> None:
    """Print a table for each scenario."""
    found = {name: hits(s, worlds, METHODS, replicates) for name, s in SCENARIOS.items()}
    counts = [found[name][cell] for name in found for cell in cells()]
    flags = iter(rejected(counts, worlds))
    columns = [(quantity, method) for quantity in QUANTITIES for method in METHODS]
    for name in found:
        print(f"\n{name}, {worlds} worlds of {ROUNDS:,} rounds, coverage in % of 95 % intervals\n")
        print("| | " + " | ".join(f"{quantity} {method}" for quantity, method in columns) + " |")
        print("|---" + "|---:" * len(columns) + "|")
        for estimator in ESTIMATORS:
            shares = [found[name][Cell(estimator, *column)] / worlds for column in columns]
            print(f"| {estimator} | " + " | ".join(_cell(share, next(flags)) for share in shares) + " |")


def print_more(worlds: int, replicates: int) -> None:
    """Print a table for each family."""
    from benchmarks.more_coverage import FAMILIES, UNITS

    found = {name: of().hits(worlds, ci=METHODS, replicates=replicates) for name, of in FAMILIES.items()}
    flags = iter(rejected([held for counts in found.values() for held in counts.values()], worlds))
    for name, counts in found.items():
        print(f"\n{name}, {worlds} logs of {UNITS:,}, coverage in % of 95 % intervals\n")
        print("| | | " + " | ".join(METHODS) + " |")
        print("|---|---" + "|---:" * len(METHODS) + "|")
        for estimator, quantity in dict.fromkeys(cell[:2] for cell in counts):
            shares = [counts[estimator, quantity, method] / worlds for method in METHODS]
            texts = " | ".join(_cell(share, next(flags)) for share in shares)
            print(f"| {estimator} | {quantity} | {texts} |")


def _cell(share: float, out: bool) -> str:
    return f"{100 * share:.1f}{' (out)' * out}"


if __name__ == "__main__":
    main()
