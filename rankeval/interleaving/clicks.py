"""How users click on a list, as far as the outcome of interleaving depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rankeval.array_types import Floats, Ints


class Clicks(Protocol):
    """What users click on lists of one query's items."""

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """For lists (n, L): parts of the sessions by their share, each with (n, L + 1, L) probabilities.

        ``[i, r, k]`` is the probability of a click at position ``k + 1`` of list ``i`` where the last click
        above is at position ``r`` (0: there is none). Within a part these determine the probability of every
        pattern of clicks; rows that are equal are independent clicks.
        """
