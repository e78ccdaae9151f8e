"""Estimates the value of a policy over slates from the log of another policy, and compares it with the truth.

There are three types of users, each with a third of the sessions. They judge an item by itself, together with
the items above it, or together with the whole list. The column ``behaviour`` has the type of each session.
``aips`` uses this column. The other estimators assume that all users behave alike.
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
