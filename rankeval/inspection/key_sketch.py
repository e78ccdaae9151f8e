"""How often ids occur, in bounded memory: exact up to a number of ids, and beyond it for a sample of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.inspection.problems import FIRST_ROWS, FoundRows

#: Ids that are kept. Of more, those with the smallest hashes stand for all.
MOST_KEYS = 1 << 20
_ALL = 2**64


@dataclass(frozen=True, eq=False)
class KeySketch:
    """Sums by hashed id.

    Attributes:
        keys: (g,) uint64, ascending hashes of ids.
        sums: (g, q) float64.
        first: (g, 2) int64, file and row of the first occurrence.
        repeats: the rows with an id that an earlier row has, among the ids that are kept.
        limit: ids whose hash is not smaller are not kept.
    """

    keys: Hashes
    sums: Floats
    first: Ints
    repeats: FoundRows
    limit: int = _ALL

    @classmethod
    def of(cls, keys: Hashes, values: Floats, file: int, rows: Ints) -> KeySketch:
        """The sums of ``n`` rows.

        Args:
            keys: (n,) uint64, hashes that are uniform.
            values: (n, q) float64.
            file: index of the file.
            rows: (n,) int64, the number of each row.
        """
        places = np.stack([np.full(len(rows), file, np.int64), rows], axis=1)
        return _summed(keys, values, places, FoundRows(), _ALL)

    def merge(self, other: KeySketch) -> KeySketch:
        """The sums of both parts, of which ``self`` is the earlier."""
        return _summed(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.sums, other.sums]),
            np.concatenate([self.first, other.first]),
            self.repeats.merge(other.repeats),
            min(self.limit, other.limit),
        )

    @property
    def share(self) -> float:
        """The share of all ids that is kept."""
        return self.limit / _ALL

    @property
    def distinct(self) -> int:
        """The number of ids: exact while all are kept, else estimated from the sample."""
        return round(len(self.keys) / self.share)


def _summed(keys: Hashes, values: Floats, places: Ints, repeats: FoundRows, limit: int) -> KeySketch:
    if limit < _ALL:
        kept = keys < np.uint64(limit)
        keys, values, places = keys[kept], values[kept], places[kept]
    found, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    sums = np.zeros((len(found), values.shape[1]))
    np.add.at(sums, codes, values)
    again = np.ones(len(keys), np.bool_)
    again[first] = False
    rows = places[again]
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    more = FoundRows(len(rows), tuple((int(f), int(r)) for f, r in rows[:FIRST_ROWS]))
    sketch = KeySketch(found, sums, places[first], repeats.merge(more), limit)
    if len(found) <= MOST_KEYS:
        return sketch
    limit = int(found[MOST_KEYS])
    kept = found < np.uint64(limit)
    return KeySketch(found[kept], sums[kept], places[first][kept], sketch.repeats, limit)
