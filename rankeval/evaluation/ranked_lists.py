"""The top of each list of a run, as hashes of its items, for the agreement of two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import Keys, decoded, hashes_of, is_integer_id, kernel, offsets_of, places_of
from rankeval.evaluation.placement import rank_items

#: Agreement is of the items down to this rank, so that memory does not grow with the length of lists.
MOST_COMPARED = 1000


@dataclass(frozen=True, eq=False)
class RankedLists:
    """The top items of ``n`` queries.

    Attributes:
        offsets: (n + 1,) int64, where the items of each query start and end.
        hashes: flat uint64, the hash of each item as text, best first; or its row in the catalogue.
    """

    offsets: Ints
    hashes: Hashes

    @classmethod
    def none(cls) -> RankedLists:
        """No query."""
        return cls(np.zeros(1, np.int64), np.zeros(0, np.uint64))

    @classmethod
    def ranked(
        cls, offsets: Ints, scores: Floats, ids: pa.Array, items: Keys, falling: bool, lengths: Ints
    ) -> RankedLists:
        """The first ``lengths`` items by descending score; equal scores by id, descending if ``falling``.

        ``items`` are the keys of ``ids``. Integers have the hashes of their texts, so that they meet these.
        """
        texts = decoded(ids).cast(pa.string()) if is_integer_id(ids.type) else ids
        kept = offsets_of(np.minimum(lengths, MOST_COMPARED))
        return cls(kept, top_hashes(offsets, scores, items, falling, hashes_of(texts), kept))

    def of(self, queries: Ints) -> RankedLists:
        """The lists of some queries, in the order of ``queries``."""
        lengths = np.diff(self.offsets)[queries]
        return RankedLists(offsets_of(lengths), self.hashes[places_of(self.offsets, queries)])

    @classmethod
    def joined(cls, parts: Sequence[RankedLists]) -> RankedLists:
        """The queries of all parts, one part after the other."""
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        return cls(offsets_of(lengths), np.concatenate([part.hashes for part in parts]))


@kernel
def top_hashes(
    offsets: Ints, scores: Floats, items: Keys, falling: bool, hashes: Hashes, kept: Ints
) -> Hashes:
    """The hashes of the first ``kept[i + 1] - kept[i]`` items of each query, best first."""
    top = np.empty(kept[-1], np.uint64)
    position = np.empty(scores.size, np.int64)
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        rank_items(begin, end, scores, items, falling, position)
        for row in range(begin, end):
            if position[row] < kept[query + 1] - kept[query]:
                top[kept[query] + position[row]] = hashes[row]
    return top
