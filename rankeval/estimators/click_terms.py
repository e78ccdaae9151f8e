"""The weight of a click on an item that a candidate ranker moves from position ``k`` to ``k'``.

The weight is the value of a relevant item at ``k'`` (:data:`WORTH`), divided by ``theta_k``, the probability
that users examine the logged position ``k``. For the weight ``rho`` the divisor is the expected examination
of the item under a random logging policy, if the log has it. For trust bias the divisor is ``alpha_k``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rankeval.array_types import Floats
from rankeval.estimators.terms import RATIO_COLUMNS, Ratio, Term

Items = Mapping[str, Floats]


def _discount(items: Items, cutoff: int) -> Floats:
    """(items,) ``1 / log2(k' + 1)``; 0 beyond the cutoff."""
    ranks = items["target_rank"]
    by_rank = np.ones(int(ranks.max(initial=1.0)) + 1)  # lists are short, and logarithms slow
    by_rank[1:] /= np.log2(np.arange(2.0, len(by_rank) + 1.0))
    if cutoff:
        by_rank[cutoff + 1 :] = 0.0
    return np.asarray(by_rank.take(ranks.astype(np.intp)))


#: ``(items, cutoff)`` -> (items,) the value of each item, if relevant, at the candidate's position.
WORTH: dict[Ratio, Callable[[Items, int], Floats]] = {
    "examination": lambda items, _: items["target_examination"],
    "rho": lambda items, _: items["target_examination"],
    "trust": lambda items, _: items["target_alpha"],
    "dcg": _discount,
    "precision": lambda items, cutoff: (items["target_rank"] <= cutoff) / cutoff,
    "rank": lambda items, _: items["target_rank"],
    "match": lambda items, _: (items["target_rank"] == items["rank"]) * 1.0,
}


def click_weights(items: Items, term: Term) -> Floats:
    """(items,) value at ``k'`` over ``theta_k``; clipped: value times ``min(1 / theta_k, parameter)``."""
    examined = items[RATIO_COLUMNS[term.ratio][0]]
    if term.weighting.transform == "clipped":
        examined = np.maximum(examined, 1.0 / term.weighting.parameter)
    return WORTH[term.ratio](items, term.cutoff) / examined


def most_unshown(items: Items, term: Term) -> Floats:
    """(items,) the largest contribution of items that were not shown: the value if they are relevant.

    Under trust bias it is ``alpha + beta``, for relevance of at most 1. It is a probability, so at least 0.
    """
    worth = WORTH[term.ratio](items, term.cutoff)
    return np.maximum(worth + items["target_beta"], 0.0) if term.ratio == "trust" else worth
