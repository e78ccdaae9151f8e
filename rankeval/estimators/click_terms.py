"""What a click on an item weighs under a candidate that moves it from position ``k`` to ``k'``.

A weight is what an item is worth at its new place over the chance that it was examined at the logged one,
``theta_k``, or ``rho`` where that is an average over a random logger's ranks; for trust bias ``alpha``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rankeval.array_types import Floats
from rankeval.estimators.terms import RATIO_COLUMNS, Ratio, Term

Items = Mapping[str, Floats]


def _discount(items: Items, cutoff: int) -> Floats:
    ranks = items["target_rank"]
    gains = 1.0 / np.log2(ranks + 1.0)
    return np.where(ranks <= cutoff, gains, 0.0) if cutoff else gains


#: ``(items, cutoff) -> `` what a relevant item is worth where the candidate puts it, one number per item.
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
    """Worth at ``k'`` over ``theta_k``; if clipped, times ``min(1 / theta_k, parameter)``."""
    examined = items[RATIO_COLUMNS[term.ratio][0]]
    if term.weighting.transform == "clipped":
        examined = np.maximum(examined, 1.0 / term.weighting.parameter)
    return WORTH[term.ratio](items, term.cutoff) / examined


def most_unshown(items: Items, term: Term) -> Floats:
    """What each item that was not shown would bring the estimate at most: that of a relevant one."""
    worth = WORTH[term.ratio](items, term.cutoff)
    return worth + items["target_beta"] if term.ratio == "trust" else worth
