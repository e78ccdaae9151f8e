"""Estimates the value of a target policy from the log of another policy, and compares it with the truth."""

from __future__ import annotations

import rankeval
from rankeval.simulators.bandits import bandit_log, random_policy, random_world


def main() -> None:
    world = random_world(contexts=20, actions=10, seed=1)
    logging = random_policy(world, seed=1, skill=0.1)
    target = random_policy(world, seed=2, skill=0.6)
    log = bandit_log(world, logging, target, rounds=100_000, seed=1)
    result = rankeval.ope(log, ["ips", "snips", "dr"], ci=["normal", "bootstrap_t"])
    print(result)
    print(f"exact value of the target policy: {world.value(target):.4f}")


if __name__ == "__main__":
    main()
