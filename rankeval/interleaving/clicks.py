"""How users click on a list, as far as the outcome of interleaving depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankeval.errors import UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Clicks(Protocol):
    """What users click on lists of one query's items."""

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """For lists (n, L): parts of the sessions by their share, each with (n, L + 1, L) probabilities.

        ``[i, r, k]`` is the probability of a click at position ``k + 1`` of list ``i`` where the last click
        above is at position ``r`` (0: there is none). Within a part these determine the probability of every
        pattern of clicks; rows that are equal are independent clicks.
        """


@dataclass(frozen=True, eq=False)
class IndependentClicks:
    """Clicks that do not depend on one another.

    Attributes:
        rates: (items, K) probability of a click on each item at each position.

    Raises:
        UsageError: no such table, or a value outside [0, 1].
    """

    rates: Floats

    def __post_init__(self) -> None:
        rates = np.asarray(self.rates, np.float64)
        if rates.ndim != 2:
            raise UsageError(f"rates: found an array of shape {rates.shape}, wanted items x positions")
        if not ((rates >= 0.0) & (rates <= 1.0)).all():
            raise UsageError("rates: found a value outside [0, 1], wanted probabilities")
        object.__setattr__(self, "rates", rates)

    @classmethod
    def position_based(cls, attractiveness: ArrayLike, examination: ArrayLike) -> IndependentClicks:
        """``attractiveness`` (items,) times ``examination`` (K,)."""
        return cls(np.outer(np.asarray(attractiveness), np.asarray(examination)))

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """One part, every row the rates of the items where they stand."""
        n, size = lists.shape
        if size > self.rates.shape[1]:
            raise UsageError(f"rates: found {self.rates.shape[1]} positions, wanted {size} as the list has")
        rates = np.where(lists >= 0, self.rates[lists, np.arange(size)], 0.0)
        return [(1.0, np.ascontiguousarray(np.broadcast_to(rates[:, np.newaxis], (n, size + 1, size))))]
