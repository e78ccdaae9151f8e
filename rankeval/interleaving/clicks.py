"""The interface of click models that the outcome of interleaving needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rankeval.array_types import Floats, Ints


class Clicks(Protocol):
    """The distribution of clicks on lists of items of one query."""

    def conditionals(self, lists: Ints) -> Sequence[tuple[float, Floats]]:
        """Conditional click probabilities on lists (n, L), for each part of a mixture of sessions.

        Returns:
            One tuple for each part: its share of the sessions, and (n, L + 1, L) probabilities. ``[i, r, k]``
            is the probability of a click at position ``k + 1`` of list ``i`` if the last click above is at
            position ``r`` (0: there is none). Within a part they determine the probability of every pattern
            of clicks. If a list has the same probabilities for every ``r``, its clicks are independent.
        """
