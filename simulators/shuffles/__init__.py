"""Shuffle designs: which orders of a list are shown, and with which probabilities.

May import: ``simulators.worlds``, ``simulators.list_policies``, ``arrays`` and the top modules of
``rankeval``.
To add a design: a line in ``designs.py``, and how it is drawn in ``shuffled.py``.
"""

from __future__ import annotations

from rankeval.simulators.shuffles.designs import Displayed, arms, display, number_of_arms
from rankeval.simulators.shuffles.shuffled import Shuffled, TopShuffled

__all__ = [
    "Displayed",
    "Shuffled",
    "TopShuffled",
    "arms",
    "display",
    "number_of_arms",
]
