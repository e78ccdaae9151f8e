"""Bins of probabilities, for the calibration error and the reliability curve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rankeval.array_types import Floats, Ints


def equal_width(scores: Floats, bins: int) -> Ints:
    """(m,) int64: bin b, from 0, holds the scores of at least ``b / bins`` and below ``(b + 1) / bins``.

    The last bin also holds 1. Scores are in [0, 1].
    """
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, scores, side="right").astype(np.int64)


def equal_mass(scores: Floats, bins: int) -> Ints:
    """(m,) int64: bins of about ``m / bins`` scores each, in ascending order; equal scores share a bin.

    All scores of one value go to the bin of their middle: with ``c`` equal scores above ``before`` lower
    ones, that is ``floor(bins (before + c / 2) / m)``. Without ties the sizes differ by at most 1. With many
    ties some bins are empty.
    """
    _, block, count = np.unique(scores, return_inverse=True, return_counts=True)
    doubled = 2 * np.cumsum(count) - count  # twice the number of scores before the middle, a whole number
    return np.asarray((bins * doubled // (2 * max(len(scores), 1)))[block], np.int64)


#: Name of the metric that uses them -> the function that gives the bin of each score.
BINS: dict[str, Callable[[Floats, int], Ints]] = {"ece": equal_width, "ece_mass": equal_mass}
