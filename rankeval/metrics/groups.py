"""Kernel helpers for tied groups. A group is a run of entries with the same ``above``."""

from __future__ import annotations

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel


@kernel
def group_stop(above: Ints, entry: int, stop: int) -> int:
    """Index after the last entry of the tied group that begins at ``entry``; at most ``stop``."""
    end = entry + 1
    while end < stop and above[end] == above[entry]:
        end += 1
    return end


@kernel
def count_relevant(grade: Floats, start: int, stop: int, threshold: float) -> int:
    """Number of entries ``start:stop`` of a group with ``grade >= threshold``.

    Grades descend within a group, so the relevant entries come first.
    """
    entry = start
    while entry < stop and grade[entry] >= threshold:
        entry += 1
    return entry - start
