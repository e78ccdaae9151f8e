"""The values of all metrics for the queries of a batch, from their lists and judged items."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import NO_KEYS, Keys, read_only
from rankeval.evaluation.judged import Judged
from rankeval.evaluation.placement import JUDGED, POOL, POSITIVE, Ties, place
from rankeval.evaluation.rules import Rules
from rankeval.metrics import Ranking, ShownLists


class Lists(NamedTuple):
    """The lists of ``n`` queries.

    Attributes:
        offsets: (n + 1,) int64, where the items of each query start and end.
        scores: flat float64; minus infinity for an item that is left out.
        items: the keys of the items.
        lengths: (n,) int64, the number of items of each query that are not left out.
        shown: what metrics beyond accuracy need, or None.
    """

    offsets: Ints
    scores: Floats
    items: Keys
    lengths: Ints
    shown: ShownLists | None = None


def values_of(lists: Lists, judged: Judged, rules: Rules) -> Floats:
    """(n, m) float64: the values of all metrics. Each rule for ties has a ranking of its own.

    Metrics that need the pool have rankings of their own too. In condensed lists unjudged items stand below
    all others, and do not count as retrieved.
    """
    values = np.zeros((len(lists.lengths), len(rules.metrics)))
    judged_only, scores, lengths = judged.without_pool(), lists.scores, lists.lengths
    if rules.judged_only:
        scores, lengths = _only_judged(scores, judged_only), judged.retrieved
    rankings: dict[tuple[Ties, bool], Ranking] = {}
    for column, metric in enumerate(rules.metrics):
        if metric.definition.beyond:
            if lists.shown is not None:
                values[:, column] = metric.values_of_shown(lists.shown)
            continue
        pool = metric.definition.needs == "pool" and not rules.judged_only
        kind = rules.ties_of(metric), pool
        if kind not in rankings:
            of, lowest = (judged, POOL) if pool else (judged_only, lowest_grade(rules, pool=False))
            ranking = place(lists.offsets, scores, lists.items, of, kind[0], rules.threshold, lowest)
            rankings[kind] = replace(ranking, retrieved=lengths)
        values[:, column] = metric.values(rankings[kind])
    return values


def lowest_grade(rules: Rules, pool: bool = True) -> float:
    """The lowest grade of the items that the metrics need; without the ``pool`` that of judged ones."""
    if pool and rules.pool:
        return POOL
    return JUDGED if rules.nonrelevant else POSITIVE


def _only_judged(scores: Floats, judged: Judged) -> Floats:
    """The scores, with minus infinity for each item that is not judged."""
    kept = np.full(len(scores), -np.inf)
    rows = judged.row[judged.row >= 0]
    kept[rows] = scores[rows]
    return read_only(kept)


def unretrieved(judged: Judged, rules: Rules) -> Floats:
    """(n, m) float64: the values of judged queries with an empty ranking."""
    offsets = read_only(np.zeros(len(judged.judged) + 1, np.int64))
    lists = Lists(offsets, read_only(np.zeros(0)), NO_KEYS, np.zeros(len(judged.judged), np.int64))
    return values_of(lists, judged, rules)
