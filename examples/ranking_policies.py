"""The value of a policy that fills slates, from the log of another one, held against the exact truth.

A third of the users look at each item by itself, a third at those above it too, and a third compare all: the
column ``behaviour`` says who does what, which ``aips`` uses; the other estimators take all users to be alike.
"""

from __future__ import annotations

import rankeval
from rankeval.simulators.bandits import random_slate_policy, random_slate_world, slate_log


def main() -> None:
    world = random_slate_world(positions=6, items=4, seed=1)
    logging = random_slate_policy(world, seed=2, temperature=0.7)
    target = random_slate_policy(world, seed=3, skill=0.5, temperature=0.7)
    log = slate_log(world, logging, target, sessions=50_000, seed=4)
    print(rankeval.ope(log, ["sips", "iips", "rips", "aips"]))
    print(f"exact value of the target policy: {world.value(target):.4f}")


if __name__ == "__main__":
    main()
