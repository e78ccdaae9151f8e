"""The queries of a world: how often each is asked, its items, and what users think of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Queries:
    """``Q`` queries and their items; what items have is flat, those of query ``q`` at ``offsets[q]`` on.

    Attributes:
        ids: (Q,) integers or strings.
        weights: (Q,) how often each is asked; sums to 1.
        offsets: (Q + 1,) int64.
        item_ids: (items,) integers or strings.
        attractiveness: (items,) in [0, 1].
        satisfaction: (items,) in [0, 1]; None where the click model needs none.
        relevance: (items,) grades; None where nobody judged them.
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
        """(items,) the order in which items of equal score go: by descending id, strings by bytes."""
        ids = [item.encode() if isinstance(item, str) else item for item in self.item_ids]
        ranks = np.empty(len(ids), np.int64)
        ranks[sorted(range(len(ids)), key=ids.__getitem__, reverse=True)] = np.arange(len(ids))
        return ranks

    def flat(self, queries: Ints, lists: NDArray[np.int32]) -> Ints:
        """(n, K) places of listed items in flat arrays; what is beyond the end of a list is item 0.

        ``queries``: (n,); ``lists``: (n, K) numbers of items within their query, -1 beyond the end.
        """
        return np.asarray(self.offsets[queries][:, np.newaxis] + np.maximum(lists, 0))

    def of_lists(self, values: Floats, queries: Ints, lists: NDArray[np.int32]) -> Floats:
        """(n, K) what listed items have, from one flat value an item; NaN beyond the end of a list."""
        return np.where(lists >= 0, values[self.flat(queries, lists)], np.nan)
