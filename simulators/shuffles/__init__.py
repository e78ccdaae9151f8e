"""Shuffle designs: the orders of a list that users see, and their probabilities.

May import: ``simulators.worlds``, ``simulators.list_policies``, ``arrays`` and the top modules of
``rankeval``.
To add a design: add its arms and how they are drawn to ``designs.py``, and the probabilities of lists to
``shuffled_policy.py``.
"""

from __future__ import annotations

from rankeval.simulators.shuffles.designs import Displayed, arms, display, number_of_arms
from rankeval.simulators.shuffles.shuffled_policy import Shuffled, TopShuffled

__all__ = [
    "Displayed",
    "Shuffled",
    "TopShuffled",
    "arms",
    "display",
    "number_of_arms",
]
