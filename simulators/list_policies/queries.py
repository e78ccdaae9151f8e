"""The queries of a world: their frequencies, their items, and the attractiveness of these items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Queries:
    """``Q`` queries and their items. Arrays of items are flat, query by query.

    Attributes:
        ids: (Q,) integers or strings.
        weights: (Q,) probability that a session is about each query; sums to 1.
        offsets: (Q + 1,) int64, the items of query ``q`` are ``offsets[q]:offsets[q + 1]`` of flat arrays.
        item_ids: (items,) integers or strings.
        attractiveness: (items,) in [0, 1].
        satisfaction: (items,) in [0, 1]; None if the click model needs none.
        relevance: (items,) relevance grades; None if there are no judgements.
    """

    ids: Sequence[int] | Sequence[str]
    weights: Floats
    offsets: Ints
    item_ids: Sequence[int] | Sequence[str]
    attractiveness: Floats
    satisfaction: Floats | None = None
    relevance: Floats | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sizes(self) -> Ints:
        """(Q,) number of items of each query."""
        return np.diff(self.offsets)

    @cached_property
    def tie_ranks(self) -> Ints:
        """(items,) int64 the rank of each item by descending id, from 0; strings compare by their bytes.

        The ranks order items of equal score.
        """
        ids = [item.encode() if isinstance(item, str) else item for item in self.item_ids]
        ranks = np.empty(len(ids), np.int64)
        ranks[sorted(range(len(ids)), key=ids.__getitem__, reverse=True)] = np.arange(len(ids))
        return ranks

    def flat(self, queries: Ints, lists: NDArray[np.int32]) -> Ints:
        """(n, K) int64 indices of listed items in flat arrays.

        Beyond the end of a list the index is that of the query's first item.

        Args:
            queries: (n,) the query of each list.
            lists: (n, K) numbers of items within their query, -1 beyond the end.
        """
        return np.asarray(self.offsets[queries][:, np.newaxis] + np.maximum(lists, 0))

    def of_lists(self, values: Floats, queries: Ints, lists: NDArray[np.int32]) -> Floats:
        """(n, K) the values of listed items, from flat (items,) ``values``; NaN beyond the end of a list."""
        return np.where(lists >= 0, values[self.flat(queries, lists)], np.nan)
