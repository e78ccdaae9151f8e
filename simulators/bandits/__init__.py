"""Bandit worlds and slate worlds: contexts, actions and rewards as matrices, and simulated logs of policies.

May import: ``off_policy.user_behaviour``, ``arrays``, the top modules of ``simulators`` and of
``rankeval``.
To add a world: a module with its class, a function that makes its log in memory and one that writes it.
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
from rankeval.simulators.bandits.continuous_world import ContinuousWorld
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
    "ContinuousWorld",
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
