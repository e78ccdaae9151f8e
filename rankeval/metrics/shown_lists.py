"""The input of metrics beyond accuracy: the top of each list, with what is known of its items."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, slots=True)
class ShownLists:
    """The ``m`` top items of ``n`` queries, best first.

    Where ties are not resolved, a list goes on to the end of the tied group that crosses the depth.

    Attributes:
        offsets: (n + 1,) int64, where the items of each query start and end.
        above: (m,) int64, number of items that are certainly ranked above the item.
        tied: (m,) int64, size of the item's tied group; 1 where ties are resolved.
        category: (m,) int64, the category of each item; None where it is not known.
        vector: (m,) int64, the row in ``vectors`` of each item; None without embeddings.
        vectors: (items, d) float64, embeddings of length 1, or of length 0 where all their numbers are 0.
        popularity: (m,) float64 in (0, 1], the share of users who know the item; None where it is not known.
    """

    offsets: Ints
    above: Ints
    tied: Ints
    category: Ints | None = None
    vector: Ints | None = None
    vectors: Floats | None = None
    popularity: Floats | None = None
