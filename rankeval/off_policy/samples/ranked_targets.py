"""Target policies of a random ranking log that rank in one order: by descending score.

The logged list has probability 1 under such a policy where it is in that order, and else 0. Items that were
not shown take part in the order if the estimand is ``full``.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.estimators import RankingBlock

#: Columns of a target policy that follow from its scores, if the log does not have them.
FROM_SCORES: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("target_propensity", "target_propensity_prefix", "target_propensity_list"), ("score",)
)


def ranked_by_score(view: RankingBlock, ranks: Floats) -> RankingBlock:
    """The columns of a target policy with its probabilities of what was shown.

    Args:
        view: the logged columns, by position.
        ranks: (items,) the rank of each shown item by the policy, from 1.
    """
    item, prefix, whole = _agreement(view.offsets, ranks)
    items = {"target_propensity": item, "target_propensity_prefix": prefix}
    return RankingBlock(
        view.offsets, {**view.items, **items}, {**view.sessions, "target_propensity_list": whole}
    )


@kernel
def _agreement(offsets: Ints, ranks: Floats) -> tuple[Floats, Floats, Floats]:
    """1 or 0: whether the item at k, the items at 1..k and the whole list are as the policy ranks them."""
    item, prefix, whole = np.zeros(ranks.size), np.zeros(ranks.size), np.zeros(offsets.size - 1)
    for row in range(offsets.size - 1):
        so_far = 1.0
        for i in range(offsets[row], offsets[row + 1]):
            item[i] = 1.0 if ranks[i] == i - offsets[row] + 1 else 0.0
            so_far *= item[i]
            prefix[i] = so_far
        whole[row] = so_far
    return item, prefix, whole
