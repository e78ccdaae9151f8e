"""Experiments that randomise the order of lists: what they show, and how many sessions they need."""

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
