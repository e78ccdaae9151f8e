"""Fast draws from one fixed discrete distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats


class Categorical:
    """Draws indices with given probabilities by inversion with a guide table (Chen & Asau 1974).

    The guide table gives a first guess of the cell of a uniform number in the cumulative distribution. A
    binary search corrects the few draws for which the guess is too low. Indices of probability 0 are never
    drawn.
    """

    def __init__(self, probabilities: Floats) -> None:
        """``probabilities``: (cells,) non-negative, not all 0. They are divided by their sum."""
        self._cells = np.flatnonzero(probabilities).astype(np.int32)
        self._cumulative = np.cumsum(probabilities[self._cells], dtype=np.float64)
        self._cumulative /= self._cumulative[-1]
        self._slots = 4 * len(self._cells)
        starts = np.arange(self._slots) / self._slots
        self._guide = np.searchsorted(self._cumulative, starts, side="right").astype(np.int32)

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.int32]:
        """(size,) int32 independent draws of an index into ``probabilities``."""
        uniform = rng.random(size)
        found = self._guide[(uniform * self._slots).astype(np.int64)]
        missed = np.flatnonzero(uniform >= self._cumulative[found])
        found[missed] = np.searchsorted(self._cumulative, uniform[missed], side="right")
        return np.asarray(self._cells[found])
