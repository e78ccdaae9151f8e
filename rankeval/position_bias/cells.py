"""Impressions and clicks of each pair of query and item at each position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, offsets_of


@dataclass(frozen=True)
class Cells:
    """Impressions and clicks of ``P`` pairs; a cell is one pair at one position.

    Impressions and clicks may be weighted sums.

    Attributes:
        offsets: (P + 1,) int64, the cells of pair ``p`` are ``offsets[p]:offsets[p + 1]``.
        places: (cells,) int64, position minus 1.
        impressions, clicks: (cells,) float64, ``0 <= clicks <= impressions``.
        length: number of positions, ``K``.
    """

    offsets: Ints
    places: Ints
    impressions: Floats
    clicks: Floats
    length: int

    @cached_property
    def pair(self) -> Ints:
        """(cells,) index of the pair of each cell."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def of_pair(self) -> Floats:
        """(P,) clicks of each pair, summed over its cells."""
        return np.asarray(np.bincount(self.pair, self.clicks, len(self.offsets) - 1), np.float64)

    def by_place(self, values: Floats) -> Floats:
        """(K,) sum of ``values`` (cells,) at each position."""
        return np.asarray(np.bincount(self.places, values, self.length), np.float64)

    def informative(self) -> Cells:
        """The cells whose pair has clicks and whose position has clicks.

        At the maximum of the likelihood, the click probability of all other cells is 0.
        """
        kept = (self.of_pair[self.pair] > 0.0) & (self.by_place(self.clicks)[self.places] > 0.0)
        lengths = np.bincount(self.pair[kept], minlength=len(self.offsets) - 1)
        return Cells(
            offsets_of(lengths), self.places[kept], self.impressions[kept], self.clicks[kept], self.length
        )

    def unconnected(self) -> list[int]:
        """Positions that have impressions but are not connected to position 1.

        Two positions are connected if a pair with clicks was shown at both, or by a chain of such pairs.
        """
        group = np.arange(self.length)
        _join(self.offsets, self.places, self.of_pair, group)
        shown = self.by_place(self.impressions) > 0.0
        return (np.flatnonzero(shown & (group != group[0])) + 1).tolist()


@kernel
def _join(offsets: Ints, places: Ints, of_pair: Floats, group: Ints) -> None:
    """Update ``group`` (K,): each place gets the lowest place that is connected to it.

    A pair with clicks connects all places at which it was shown.
    """
    changed = True
    while changed:
        changed = False
        for pair in range(offsets.size - 1):
            if of_pair[pair] <= 0.0:
                continue
            least = group[places[offsets[pair]]]
            for i in range(offsets[pair], offsets[pair + 1]):
                least = min(least, group[places[i]])
            for i in range(offsets[pair], offsets[pair + 1]):
                if group[places[i]] != least:
                    group[places[i]] = least
                    changed = True
