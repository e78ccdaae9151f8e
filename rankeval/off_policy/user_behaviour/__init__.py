"""User behaviours: which positions the reward at a position depends on, and the tree that says who has
which.

May import: ``logs``, ``arrays`` and the top modules of ``rankeval``.
To add a behaviour: a line in ``BEHAVIOURS`` (``windows.py``).
"""

from __future__ import annotations

from rankeval.off_policy.user_behaviour.tree import (
    AtMost,
    BehaviourTree,
    Equals,
    Leaf,
    Split,
    Test,
    feature_of,
)
from rankeval.off_policy.user_behaviour.windows import BEHAVIOURS, NAMES, behaviour_codes, subset_weights

__all__ = [
    "BEHAVIOURS",
    "NAMES",
    "AtMost",
    "BehaviourTree",
    "Equals",
    "Leaf",
    "Split",
    "Test",
    "behaviour_codes",
    "feature_of",
    "subset_weights",
]
