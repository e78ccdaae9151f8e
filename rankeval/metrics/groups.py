"""Kernel helpers for tied groups: a group is a run of entries that share ``above``."""

from __future__ import annotations

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel


@kernel
def group_stop(above: Ints, entry: int, stop: int) -> int:
    """End of the tied group that begins at ``entry``, within entries that end at ``stop``."""
    end = entry + 1
    while end < stop and above[end] == above[entry]:
        end += 1
    return end


@kernel
def count_relevant(grade: Floats, start: int, stop: int, threshold: float) -> int:
    """Entries of a group with ``grade >= threshold``; they come first in it."""
    entry = start
    while entry < stop and grade[entry] >= threshold:
        entry += 1
    return entry - start
