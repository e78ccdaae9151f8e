"""What click models say of items wherever they stand: one table for all of them."""

from __future__ import annotations

from typing import NamedTuple

from rankeval.array_types import Floats


class Browsing(NamedTuple):
    """What users do with each item at each position, shapes (items, K) where nothing else is said.

    Attributes:
        examination: (K, R) probability that users who are there examine position ``k + 1`` where the last
            click above is at ``r``; R is 1 where that makes no difference.
        rates: probability of a click on what is examined.
        after_skip: probability to go on without a click.
        after_click: probability to go on after one.
    """

    examination: Floats
    rates: Floats
    after_skip: Floats
    after_click: Floats

    @property
    def factors(self) -> Floats | None:
        """(items,) probability that who examined an item goes on; None where the position has a say in it."""
        if not (self.examination == 1.0).all():
            return None
        goes_on = (1.0 - self.rates) * self.after_skip + self.rates * self.after_click
        # What follows the last position makes no difference.
        return goes_on[:, 0] if (goes_on[:, :-1] == goes_on[:, :1]).all() else None
