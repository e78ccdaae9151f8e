"""The two rankings that interleaving combines, of one query or of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Ints
from rankeval.errors import UsageError
from rankeval.options import shown

Ids = Sequence[int] | Sequence[str]


class PairArrays(NamedTuple):
    """Rankings A and B of ``Q`` queries as arrays for kernels; each query numbers its items from 0.

    Attributes:
        order_a, order_b: (Q, N) int64, item numbers from the top; any value beyond the end.
        length_a, length_b: (Q,) int64, number of items of each ranking.
        items: an integer larger than every item number.
    """

    order_a: Ints
    length_a: Ints
    order_b: Ints
    length_b: Ints
    items: int

    @classmethod
    def of(cls, order_a: NDArray[np.integer], order_b: NDArray[np.integer]) -> PairArrays:
        """The arrays of rankings (Q, N) that hold -1 beyond their ends."""
        a, b = (np.ascontiguousarray(order, np.int64) for order in (order_a, order_b))
        items = 1 + max(int(a.max(initial=-1)), int(b.max(initial=-1)))
        return cls(a, (a >= 0).sum(axis=1), b, (b >= 0).sum(axis=1), items)

    def query(self, q: int) -> PairArrays:
        """The rankings of one query."""
        parts = (values[q : q + 1] for values in (self.order_a, self.length_a, self.order_b, self.length_b))
        order_a, length_a, order_b, length_b = parts
        return PairArrays(order_a, length_a, order_b, length_b, self.items)

    def ranks(self) -> tuple[Ints, Ints]:
        """(Q, items) rank of each item in A and in B, from 1; 0 if the ranking lacks the item."""
        return _ranks(self.order_a, self.items), _ranks(self.order_b, self.items)

    def sizes(self) -> Ints:
        """(Q,) number of different items in the two rankings together."""
        rank_a, rank_b = self.ranks()
        return np.asarray(((rank_a > 0) | (rank_b > 0)).sum(axis=1))


def _ranks(order: Ints, items: int) -> Ints:
    ranks = np.zeros((len(order), items), np.int64)
    query, place = np.nonzero(order >= 0)
    ranks[query, order[query, place]] = place + 1
    return ranks


@dataclass(frozen=True)
class RankingPair:
    """Rankings A and B of one query as item ids, all integers or all strings.

    The rankings may differ in length and items. One of them may be empty.

    Attributes:
        a, b: item ids from the top.

    Raises:
        UsageError: both rankings are empty; an id occurs twice in one ranking; ids are neither integers nor
            strings, or some of each.
    """

    a: Ids
    b: Ids

    def __post_init__(self) -> None:
        for name, ids in (("a", self.a), ("b", self.b)):
            if isinstance(ids, str) or not isinstance(ids, Sequence | np.ndarray):
                raise UsageError(f"ranking {name}: found {shown(ids)}, wanted a list of item ids")
        object.__setattr__(self, "a", tuple(map(_plain, self.a)))
        object.__setattr__(self, "b", tuple(map(_plain, self.b)))
        for name, ids in (("a", self.a), ("b", self.b)):
            _require_ids(f"ranking {name}", ids)
        if not self.items:
            raise UsageError("rankings: found no item in either, wanted at least one")
        if len({isinstance(item, str) for item in self.items}) > 1:
            raise UsageError("rankings: found integers and strings as item ids, wanted one of them")

    @cached_property
    def items(self) -> tuple[int | str, ...]:
        """All items: the items of A from the top, then the items that only B holds."""
        return tuple(dict.fromkeys((*self.a, *self.b)))

    @cached_property
    def arrays(self) -> PairArrays:
        """The rankings as arrays; the number of an item is its index in :attr:`items`."""
        number = {item: index for index, item in enumerate(self.items)}
        orders = [np.array([[number[item] for item in ids]], np.int64) for ids in (self.a, self.b)]
        return PairArrays.of(*(order.reshape(1, -1) for order in orders))

    def length(self, asked: int | None) -> int:
        """Length of the interleaved list: ``asked``, or the length of the longer ranking if it is None.

        Raises:
            UsageError: ``asked`` is not a whole number from 1 to the number of different items.
        """
        if asked is None:
            return max(len(self.a), len(self.b))
        if isinstance(asked, bool) or not isinstance(asked, int | np.integer):
            raise UsageError(f"length: found {shown(asked)}, wanted a whole number")
        if not 1 <= asked <= len(self.items):
            raise UsageError(
                f"length: found {asked}, wanted 1 to {len(self.items)}, the number of different items"
            )
        return int(asked)


def _plain(item: object) -> object:
    return item.item() if isinstance(item, np.generic) else item


def _require_ids(name: str, ids: Sequence[object]) -> None:
    seen = set()
    for item in ids:
        if isinstance(item, bool) or not isinstance(item, int | str):
            raise UsageError(f"{name}: found {shown(item)}, wanted integers or strings as item ids")
        if item in seen:
            raise UsageError(f"{name}: found {shown(item)} twice, wanted every item once")
        seen.add(item)
