"""What adapting to users' behaviour is worth: ``python -m benchmarks.behaviours [--worlds N] [--logs N]``.

Every world has three types of users, each with a third of the sessions. They judge an item by itself,
together with the items above it, or together with the whole list. The column ``device`` identifies the type.
Each row of the table is over all worlds and logs, in % of the exact truth. Bias and standard deviation are
root mean squares over worlds. If there is no bias, the table still shows one of about sd / sqrt(logs).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval import ope
from rankeval.arrays import sums_of_products
from rankeval.logs import Log, Sessions, scan
from rankeval.off_policy.nuisances import learn_behaviour_tree
from rankeval.off_policy.samples import ColumnSources, Rankings
from rankeval.off_policy.user_behaviour import behaviour_codes, subset_weights
from rankeval.simulators.bandits import (
    SlateWorld,
    SoftmaxPolicy,
    random_slate_policy,
    random_slate_world,
    slate_log,
)

Floats = NDArray[np.float64]

COLUMNS = ("reward", "propensity", "target_propensity")
SINGLE = ("sips", "iips", "rips")
NAMES = ("aips, learned", "aips, true", *SINGLE)
#: Pairs: number of positions and number of sessions of the logs.
SETTINGS = ((4, 10_000), (6, 3_000), (6, 10_000), (6, 30_000), (8, 10_000))
ITEMS = 5


@dataclass(frozen=True)
class Simulated:
    """A world with a logging policy and a target policy."""

    world: SlateWorld
    logging: SoftmaxPolicy
    target: SoftmaxPolicy

    @classmethod
    def of(cls, positions: int, seed: int) -> Simulated:
        """The world and the policies of a seed."""
        world = random_slate_world(positions, ITEMS, seed, interaction=3.0)
        logging = random_slate_policy(world, seed + 1000, temperature=0.5)
        return cls(world, logging, random_slate_policy(world, seed + 2000, skill=0.7, temperature=0.5))

    @property
    def truth(self) -> float:
        """Exact value of the target policy."""
        return self.world.value(self.target)

    def log(self, sessions: int, seed: int) -> pa.Table:
        """A log of this world."""
        return slate_log(self.world, self.logging, self.target, sessions, seed)


def aips(log: Log, features: Sequence[str] | None, min_sessions: int = 500) -> float:
    """The AIPS estimate, with behaviours learned from ``features``; None: with the column ``behaviour``."""
    rankings = Rankings(ColumnSources.of(log), COLUMNS)
    tree = None if features is None else learn_behaviour_tree(log, features, min_sessions=min_sessions)
    roles = [*rankings.roles, *(["behaviour"] if tree is None else tree.roles)]

    def work(sessions: Sessions) -> Floats:
        block = rankings.units(sessions)
        codes = behaviour_codes(sessions, "behaviour") if tree is None else tree.codes(sessions)
        weights = block.items["target_propensity"] / block.items["propensity"]
        subset = subset_weights(block.offsets, weights, codes)
        return sums_of_products(block.offsets, subset, block.items["reward"])

    return float(np.concatenate(scan(log, roles, work, threads=1)).mean())


def estimates(table: pa.Table) -> dict[str, float]:
    """Estimator -> estimate from one log. The session ids of the log are 0, 1, ...."""
    log, sessions = Log(table), int(table["session_id"][-1].as_py()) + 1
    found = {
        "aips, learned": aips(log, ["device", "activity"], sessions // 20),
        "aips, true": aips(log, None),
    }
    rows = ope(log, list(SINGLE), threads=1).estimates
    return found | {row.estimator.name: row.value.value for row in rows}


def errors(positions: int, sessions: int, worlds: int, logs: int) -> dict[str, Floats]:
    """Estimator -> (worlds, logs) relative errors of the estimates."""
    found: dict[str, Floats] = {name: np.empty((worlds, logs)) for name in NAMES}
    for i in range(worlds):
        simulated = Simulated.of(positions, i)
        for j in range(logs):
            for name, value in estimates(simulated.log(sessions, seed=j)).items():
                found[name][i, j] = value / simulated.truth - 1.0
    return found


def summary(of_worlds: Mapping[str, Floats]) -> dict[str, tuple[float, float, float]]:
    """Estimator -> bias, standard deviation, root mean squared error."""

    def root_mean_square(values: Floats) -> float:
        return float(np.sqrt((values**2).mean()))

    return {
        name: (
            root_mean_square(found.mean(axis=1)),
            root_mean_square(found.std(axis=1)),
            root_mean_square(found),
        )
        for name, found in of_worlds.items()
    }


def main() -> None:
    """Print a row for each setting and estimator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=8)
    parser.add_argument("--logs", type=int, default=20)
    arguments = parser.parse_args()
    print("| positions | sessions | estimator | bias % | sd % | RMSE % |")
    print("|---:|---:|---|---:|---:|---:|")
    for positions, sessions in SETTINGS:
        found = summary(errors(positions, sessions, arguments.worlds, arguments.logs))
        for name, numbers in found.items():
            cells = " | ".join(f"{100.0 * number:.2f}" for number in numbers)
            print(f"| {positions} | {sessions:,} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
