"""TODO"""

from __future__ import annotations

from rankeval.simulators.bandits.bandit_world import (
    BanditWorld,
    RewardKind,
    random_policy,
    random_world,
    write_bandit_log,
)
from rankeval.simulators.bandits.slate_world import (
    SlateWorld,
    random_slate_policy,
    random_slate_world,
    write_slate_log,
)
from rankeval.simulators.bandits.softmax_policy import SoftmaxPolicy, importance_weights

__all__ = [
    "BanditWorld",
    "RewardKind",
    "SlateWorld",
    "SoftmaxPolicy",
    "importance_weights",
    "random_policy",
    "random_slate_policy",
    "random_slate_world",
    "random_world",
    "write_bandit_log",
    "write_slate_log",
]
