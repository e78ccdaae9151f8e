"""Bandit worlds and slate worlds: contexts, actions and rewards held as matrices, and the logs of
policies in them.

May import: ``off_policy.user_behaviour``, ``arrays``, the top modules of ``simulators`` and of
``rankeval``.
To add a world: a module with its class, the log in memory and the log in a file.
"""

from __future__ import annotations

from rankeval.simulators.bandits.bandit_world import (
    BanditWorld,
    RewardKind,
    bandit_log,
    random_policy,
    random_world,
    write_bandit_log,
)
from rankeval.simulators.bandits.slate_world import (
    SlateWorld,
    random_slate_policy,
    random_slate_world,
    slate_log,
    write_slate_log,
)
from rankeval.simulators.bandits.softmax_policy import SoftmaxPolicy, importance_weights

__all__ = [
    "BanditWorld",
    "RewardKind",
    "SlateWorld",
    "SoftmaxPolicy",
    "bandit_log",
    "importance_weights",
    "random_policy",
    "random_slate_policy",
    "random_slate_world",
    "random_world",
    "slate_log",
    "write_bandit_log",
    "write_slate_log",
]
