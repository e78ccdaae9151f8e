"""Which positions of a ranking a user's reward depends on, and the weights that follow (AIPS).

A behaviour says for each position ``k`` on which items the reward ``c_k`` depends: those at the positions of
a window around it. Its weight is the ratio of target to logging probability of just these items, for product
policies (every position chosen independently) the product of their own ratios. The mean over sessions of
``sum_k w_k c_k`` is unbiased where each session's behaviour holds, and has the least variance of all unbiased
weights of this form (Kiyohara, Uehara, Narita, Shimizu, Yamamoto and Saito 2023, "Off-Policy Evaluation of
Ranking Policies under Diverse User Behavior").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import encoded, kernel, read_only
from rankeval.logs import Sessions

#: As many positions as there are.
ALL = 1 << 31


class Behaviour(NamedTuple):
    """The reward at ``k`` depends on the items at ``k - above .. k + below``, as far as the list has them."""

    above: int
    below: int

    def depends(self, k: int, other: int) -> bool:
        """Whether the reward at position ``k`` depends on the item at ``other``."""
        return k - self.above <= other <= k + self.below

    def within(self, wider: Behaviour) -> bool:
        """Whether the other depends on all items that this one does."""
        return self.above <= wider.above and self.below <= wider.below


#: Name -> behaviour, from the fewest items to all of them; a behaviour's code is its place here.
BEHAVIOURS = {
    "independent": Behaviour(0, 0),
    "neighbours": Behaviour(1, 1),
    "cascade": Behaviour(ALL, 0),
    "cascade_neighbours": Behaviour(ALL, 1),
    "standard": Behaviour(ALL, ALL),
}
NAMES = tuple(BEHAVIOURS)
#: The code of the behaviour that assumes nothing.
STANDARD = NAMES.index("standard")
_ABOVE, _BELOW = (read_only(np.array(side, np.int64)) for side in zip(*BEHAVIOURS.values(), strict=True))


def subset_weights(offsets: Ints, item_weights: Floats, behaviours: Ints) -> Floats:
    """Weight of the items that each position's reward depends on.

    Args:
        offsets: (n + 1,), the items of session ``i`` are ``offsets[i]:offsets[i + 1]``, by position.
        item_weights: one per item, ratio of target to logging probability of the item at its position.
        behaviours: (n,) code of each session's behaviour, its place in ``BEHAVIOURS``.

    Returns:
        One float64 per item, the product of ``item_weights`` over the window of its position.
    """
    return _window_products(
        read_only(offsets), read_only(item_weights), _ABOVE[behaviours], _BELOW[behaviours]
    )


@kernel
def _window_products(offsets: Ints, weights: Floats, above: Ints, below: Ints) -> Floats:
    products = np.ones(weights.size)
    running = np.ones(weights.size)
    for row in range(offsets.size - 1):
        begin, end = offsets[row], offsets[row + 1]
        if above[row] >= end - begin:  # from the top: products of longer and longer prefixes
            product = 1.0
            for i in range(begin, end):
                product *= weights[i]
                running[i] = product
            for i in range(begin, end):
                products[i] = running[min(i + below[row], end - 1)]
        else:
            for i in range(begin, end):
                for j in range(max(i - above[row], begin), min(i + below[row] + 1, end)):
                    products[i] *= weights[j]
    return products


def behaviour_codes(sessions: Sessions, role: str) -> Ints:
    """(n,) code of the behaviour that a column names for each session.

    Raises:
        DataError: a name that is none of ``BEHAVIOURS``, null, or changes within a session.
    """
    values = encoded(sessions.per_session(role))
    known = {name: code for code, name in enumerate(NAMES)}
    codes = np.array([known.get(name, -1) for name in values.dictionary.to_pylist()] + [-1], np.int64)
    found = codes[np.asarray(values.indices.fill_null(len(codes) - 1))]
    # What a session without items does is of no matter.
    bad = (found < 0) & (sessions.lengths > 0)
    if bad.any():
        row = int(np.argmax(bad))
        name = values[row].as_py()
        shown = None if name is None else repr(name)
        raise sessions.error(role, int(sessions.offsets[row]), shown, f"one of {', '.join(NAMES)}")
    return np.where(found < 0, STANDARD, found)
