"""Two columns of a ranking log hold the propensity of the first item: they must agree.

``propensity_prefix`` is the propensity of the items at 1..k, and so ``propensity`` where k is 1. At the last
position it need not be ``propensity_list``: a log may keep the top of longer lists.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Ints
from rankeval.estimators import RankingBlock
from rankeval.logs import Sessions
from rankeval.off_policy.samples.redundancy import TOLERANCE


def require_first_items(sessions: Sessions, order: Ints | None, block: RankingBlock) -> None:
    """Check the propensities at the first position of some sessions, if the block has both columns.

    Args:
        sessions: the sessions, for messages.
        order: (items,) the item in ``sessions`` of each item of the block; None: the same.
        block: the checked columns, by position.

    Raises:
        DataError: both differ by more than rounding; the message names the first row and both values.
    """
    places = block.offsets[:-1][block.lengths > 0]
    for column, prefix in (
        ("propensity", "propensity_prefix"),
        ("target_propensity", "target_propensity_prefix"),
    ):
        if column not in block.items or prefix not in block.items:
            continue
        given, wanted = block.items[column][places], block.items[prefix][places]
        apart = np.abs(given - wanted) > TOLERANCE * np.maximum(given, wanted)
        if apart.any():
            row = int(np.argmax(apart))
            item = int(places[row]) if order is None else int(order[places[row]])
            expected = f"{wanted[row]:.8g} as in {sessions.names[prefix]!r} at position 1"
            raise sessions.error(column, item, f"{given[row]:.8g}", expected)
