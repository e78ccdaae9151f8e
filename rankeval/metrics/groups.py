"""Kernel helpers for tied groups. A group is a run of entries with the same ``above``."""

from __future__ import annotations

import numpy as np

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


@kernel
def place_chances(i: int, marked: int, tied: int) -> Floats:
    """Probability, at index s, that the i-th of the ``marked`` items of a tied group has the place ``i + s``.

    Both count from 0; the order of the ``tied`` items is uniformly random. The probability is that of the
    negative hypergeometric distribution, ``C(i + s, i) C(tied - 1 - i - s, marked - 1 - i) / C(tied,
    marked)``. It is built from the ratio of neighbours, outwards from its peak, so that nothing overflows.
    """
    last = tied - marked
    chances = np.zeros(last + 1)
    peak = 0 if marked == 1 else min(max((i * (tied - 1)) // (marked - 1) - i, 0), last)
    chances[peak] = 1.0
    for s in range(peak, last):
        chances[s + 1] = chances[s] * (i + s + 1) * (last - s) / ((s + 1) * (tied - 1 - i - s))
    for s in range(peak, 0, -1):
        chances[s - 1] = chances[s] * s * (tied - i - s) / ((i + s) * (last - s + 1))
    total = 0.0
    for s in range(last + 1):
        total += chances[s]
    return chances / total
