"""Diversity of a list over subtopics or categories: alpha-NDCG, intent-aware ERR, NDCG of categories.

Every metric function takes a :class:`Ranking` of n queries with :class:`Subtopics` and returns (n,) float64.
An item is relevant to a subtopic if its grade for it is at least ``ranking.threshold``. The gain of an item
is ``sum over its relevant subtopics of (1 - alpha)^c``, with c the number of items above it that are relevant
to the same subtopic. A value is NaN for a query without a relevant item, retrieved or not, else 0 for an
empty list. For tied items a value is the exact expectation over their orders: it is a sum over subtopics, and
the places of the items of one subtopic in a tied group are negative hypergeometric.
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.metrics.groups import group_stop, place_chances
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shared import defined_where, quotient, reach
from rankeval.metrics.subtopics import Subtopics

#: Of two gains that differ by less than this share, neither is the larger one.
_ROUNDING = 1e-12
#: Later ranks add nothing to the sum that normalises ERR-IA: its terms fall as powers.
_LAST_TERM = 100_000


def alpha_ndcg(ranking: Ranking, k: int | None, alpha: float) -> Floats:
    """alpha-NDCG: ``sum over ranks j <= k of gain_j / log2(j + 1)``, over the same sum of the ideal order.

    The ideal order takes from all judged items the one with the largest gain at each rank; of several, the
    one whose id is last, as ndeval. The best order may gain a little more, so that a value can exceed 1, but
    it cannot be found fast. ``alpha`` in (0, 1) is the chance that one item on a subtopic is enough (Clarke
    et al. 2008).
    """
    return _normalised(ranking, k, 1.0 - alpha)


def category_ndcg(ranking: Ranking, k: int | None) -> Floats:
    """NDCG of categories, in [0, 1]: the first relevant item of each category gains 1, all others nothing.

    ``sum over ranks j <= k of [first of its category] / log2(j + 1)``, over the same sum with one relevant
    item of each category that has any at the ranks 1, 2, ... It is ``alpha_ndcg`` with alpha 1 and one
    subtopic for each item, for which the ideal order is the best one.
    """
    return _normalised(ranking, k, 0.0)


def _normalised(ranking: Ranking, k: int | None, decay: float) -> Floats:
    """The discounted gain over that of the order that takes the item with the largest gain at each rank."""
    subtopics = _subtopics_of(ranking)
    most = int(np.diff(subtopics.offsets).max(initial=0))
    longest = max(reach(ranking, None), most)
    ranks = np.arange(2.0, (longest if k is None else min(k, longest)) + 2.0)
    weight = 1.0 / np.log2(ranks)
    threshold, unseen = float(ranking.threshold), subtopics.unseen
    ideal = greedy_gain(
        subtopics.offsets, subtopics.topics, subtopics.id_rank, threshold, decay, weight, unseen
    )
    return quotient(_discounted(ranking, subtopics, decay, weight), ideal)


def err_ia(ranking: Ranking, k: int | None, alpha: float) -> Floats:
    """Intent-aware expected reciprocal rank, in [0, 1]: ``1 / (S N) sum over ranks j <= k of gain_j / j``.

    S is the number of subtopics to which any judged item of the query is relevant, all equally likely. ``N =
    sum over j <= k of (1 - alpha)^(j - 1) / j`` is reached by a list whose items are all relevant to all
    subtopics. ``alpha`` in (0, 1) is the chance to stop at a relevant item (Chapelle et al. 2011; normalised
    as by ndeval).
    """
    subtopics, decay = _subtopics_of(ranking), 1.0 - alpha
    weight = 1.0 / np.arange(1.0, reach(ranking, k) + 1.0)
    ranks = np.arange(1.0, min(k or 1, _LAST_TERM) + 1.0)
    most = -math.log(alpha) / decay if k is None else float(np.sum(decay ** (ranks - 1.0) / ranks))
    wanted = topics_wanted(subtopics.offsets, subtopics.topics, float(ranking.threshold), subtopics.unseen)
    value = quotient(_discounted(ranking, subtopics, decay, weight), wanted * most)
    return defined_where(wanted > 0, np.minimum(value, 1.0))


def _subtopics_of(ranking: Ranking) -> Subtopics:
    if ranking.subtopics is None:
        raise ValueError("the ranking has no subtopics")
    return ranking.subtopics


def _discounted(ranking: Ranking, subtopics: Subtopics, decay: float, weight: Floats) -> Floats:
    entries = ranking.offsets, ranking.above, ranking.tied, subtopics.item
    threshold = float(ranking.threshold)
    return novel_gain(entries, subtopics.topics, threshold, decay, weight, subtopics.unseen)


@kernel
def novel_gain(
    entries: tuple[Ints, Ints, Ints, Ints],
    topics: tuple[Ints, Ints, Ints, Floats],
    threshold: float,
    decay: float,
    weight: Floats,
    seen: Ints,
) -> Floats:
    """(n,) expected sum of gain times the weight of the rank, 0 beyond the end of ``weight``.

    ``entries`` has the offsets, ``above``, ``tied`` and the judged item of the entries of a ranking. ``seen``
    counts the items of each subtopic; it is 0 before and after.
    """
    offsets, above, tied, item = entries
    start, stop, code, grade = topics
    n = len(offsets) - 1
    total = np.zeros(n)
    group = np.zeros(len(seen), np.int64)
    for i in range(n):
        entry = offsets[i]
        while entry < offsets[i + 1] and above[entry] < len(weight):
            end = group_stop(above, entry, offsets[i + 1])
            for e in range(entry, end):
                for t in range(start[item[e]], stop[item[e]]):
                    group[code[t]] += grade[t] >= threshold
            for e in range(entry, end):
                for t in range(start[item[e]], stop[item[e]]):
                    found = group[code[t]]
                    group[code[t]] = 0
                    first = decay ** seen[code[t]]
                    total[i] += first * gain_of_group(found, above[entry], tied[entry], decay, weight)
                    seen[code[t]] += found
            entry = end
        for e in range(offsets[i], offsets[i + 1]):
            for t in range(start[item[e]], stop[item[e]]):
                seen[code[t]] = 0
    return total


@kernel
def gain_of_group(found: int, above: int, tied: int, decay: float, weight: Floats) -> float:
    """Expected gain of the ``found`` items of one subtopic in a tied group, if none of it stands above."""
    total = 0.0
    for j in range(found):
        chances = place_chances(j, found, tied)
        expected = 0.0
        for s in range(min(len(chances), len(weight) - above - j)):
            expected += chances[s] * weight[above + j + s]
        total += decay**j * expected
    return total


@kernel
def greedy_gain(
    offsets: Ints,
    topics: tuple[Ints, Ints, Ints, Floats],
    id_rank: Ints,
    threshold: float,
    decay: float,
    weight: Floats,
    seen: Ints,
) -> Floats:
    """(n,) sum of gain times weight of the order that takes the item with the largest gain at each rank."""
    start, stop, code, grade = topics
    n = len(offsets) - 1
    total = np.zeros(n)
    for i in range(n):
        left = np.arange(offsets[i], offsets[i + 1])
        for rank in range(min(len(left), len(weight))):
            best, most, last = -1, 0.0, -1
            for place in range(len(left) - rank):
                item = left[place]
                value = 0.0
                for t in range(start[item], stop[item]):
                    if grade[t] >= threshold:
                        value += decay ** seen[code[t]]
                same = value > 0.0 and abs(value - most) <= _ROUNDING * most
                if (value > most and not same) or (same and id_rank[item] > last):
                    best, most, last = place, value, id_rank[item]
            if best < 0:
                break
            item = left[best]
            left[best] = left[len(left) - rank - 1]
            total[i] += most * weight[rank]
            for t in range(start[item], stop[item]):
                seen[code[t]] += grade[t] >= threshold
        for item in range(offsets[i], offsets[i + 1]):
            for t in range(start[item], stop[item]):
                seen[code[t]] = 0
    return total


@kernel
def topics_wanted(
    offsets: Ints, topics: tuple[Ints, Ints, Ints, Floats], threshold: float, seen: Ints
) -> Floats:
    """(n,) number of subtopics to which any judged item of the query is relevant."""
    start, stop, code, grade = topics
    n = len(offsets) - 1
    wanted = np.zeros(n)
    for i in range(n):
        for item in range(offsets[i], offsets[i + 1]):
            for t in range(start[item], stop[item]):
                if grade[t] >= threshold and seen[code[t]] == 0:
                    seen[code[t]] = 1
                    wanted[i] += 1.0
        for item in range(offsets[i], offsets[i + 1]):
            for t in range(start[item], stop[item]):
                seen[code[t]] = 0
    return wanted
