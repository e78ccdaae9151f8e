"""User behaviours: the positions on which the reward at a position depends, and trees that assign behaviours.

May import: ``logs``, ``arrays`` and the top modules of ``rankeval``.
To add a behaviour: add a line to ``BEHAVIOURS`` (``windows.py``).
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
