"""User behaviours as windows of positions on which a reward depends, and their importance weights (AIPS).

A behaviour defines for each position ``k`` the items on which the reward ``c_k`` depends: the items at the
positions of a window around ``k``. The weight ``w_k`` is the ratio of target to logging probability of these
items only. For product policies, which choose every position independently, it is the product of the ratios
of the single items. The mean over sessions of ``sum_k w_k c_k`` is unbiased if each session's behaviour is
correct, and has the least variance of all unbiased weights of this form (Kiyohara, Uehara, Narita, Shimizu,
Yamamoto and Saito 2023, "Off-Policy Evaluation of Ranking Policies under Diverse User Behavior").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import encoded, kernel, read_only
from rankeval.logs import Sessions

#: A window to the end of any list.
ALL = 1 << 31


class Behaviour(NamedTuple):
    """The reward at ``k`` depends on the items at the positions ``k - above .. k + below`` of the list."""

    above: int
    below: int

    def depends(self, k: int, other: int) -> bool:
        """Whether the reward at position ``k`` depends on the item at ``other``."""
        return k - self.above <= other <= k + self.below

    def within(self, wider: Behaviour) -> bool:
        """Whether the window of ``wider`` contains the window of this behaviour."""
        return self.above <= wider.above and self.below <= wider.below


#: Name -> behaviour, from the narrowest window to the widest. The code of a behaviour is its index here.
BEHAVIOURS = {
    "independent": Behaviour(0, 0),
    "neighbours": Behaviour(1, 1),
    "cascade": Behaviour(ALL, 0),
    "cascade_neighbours": Behaviour(ALL, 1),
    "standard": Behaviour(ALL, ALL),
}
NAMES = tuple(BEHAVIOURS)
#: The code of the behaviour without assumptions.
STANDARD = NAMES.index("standard")
_ABOVE, _BELOW = (read_only(np.array(side, np.int64)) for side in zip(*BEHAVIOURS.values(), strict=True))


def subset_weights(offsets: Ints, item_weights: Floats, behaviours: Ints) -> Floats:
    """The importance weight at each position: the product of the item weights over the window.

    It assumes product policies, which choose the item at every position independently.

    Args:
        offsets: (n + 1,) int64, the items of session ``i`` are ``offsets[i]:offsets[i + 1]``, by position.
        item_weights: (items,) ratio of target to logging probability of each item at its position.
        behaviours: (n,) code of each session's behaviour: its index in ``BEHAVIOURS``.

    Returns:
        (items,) float64.
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
        if above[row] >= end - begin:  # the window starts at the top: running products suffice
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
    """(n,) int64, code of the behaviour that a column names for each session.

    Raises:
        DataError: a name that is null, is not in ``BEHAVIOURS``, or changes within a session.
    """
    values = encoded(sessions.per_session(role))
    known = {name: code for code, name in enumerate(NAMES)}
    codes = np.array([known.get(name, -1) for name in values.dictionary.to_pylist()] + [-1], np.int64)
    found = codes[np.asarray(values.indices.fill_null(len(codes) - 1))]
    # A session without items needs no behaviour.
    bad = (found < 0) & (sessions.lengths > 0)
    if bad.any():
        row = int(np.argmax(bad))
        name = values[row].as_py()
        shown = None if name is None else repr(name)
        raise sessions.error(role, int(sessions.offsets[row]), shown, f"one of {', '.join(NAMES)}")
    return np.where(found < 0, STANDARD, found)
