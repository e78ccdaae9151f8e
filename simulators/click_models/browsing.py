"""One table for all click models: the behaviour of users at every item, in every position."""

from __future__ import annotations

from typing import NamedTuple

from rankeval.array_types import Floats


class Browsing(NamedTuple):
    """Probabilities of what users do with each item at each position.

    Attributes:
        examination: (K, R) probability that a user who reaches position ``k + 1`` examines it, given the
            position ``r`` of the last click above. R is 1 if ``r`` makes no difference.
        rates: (items, K) probability of a click on an examined item.
        after_skip: (items, K) probability that the user goes on after no click on an examined item.
        after_click: (items, K) probability that the user goes on after a click.
    """

    examination: Floats
    rates: Floats
    after_skip: Floats
    after_click: Floats

    @property
    def factors(self) -> Floats | None:
        """(items,) probability that a user who examined an item goes on.

        None if this probability depends on the position, or if a user can reach a position without an
        examination.
        """
        if not (self.examination == 1.0).all():
            return None
        goes_on = (1.0 - self.rates) * self.after_skip + self.rates * self.after_click
        # Whether a user goes on after the last position makes no difference.
        return goes_on[:, 0] if (goes_on[:, :-1] == goes_on[:, :1]).all() else None
