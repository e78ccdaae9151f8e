"""Metrics of subtopics as their definitions read; slow and obvious.

``order`` is the list as ranked: of each item the set of its relevant subtopics. ``judged`` is id -> set for
all judged items of the query, retrieved or not.
"""

from __future__ import annotations

import math
from collections import Counter


def gains(order, alpha):
    seen = Counter()
    for topics in order:
        yield sum((1 - alpha) ** seen[topic] for topic in topics)
        seen.update(topics)


def ideal_order(judged, alpha, k):
    left, chosen, seen = sorted(judged, reverse=True), [], Counter()
    while left and (k is None or len(chosen) < k):
        best = max(
            left, key=lambda item: round(sum((1 - alpha) ** seen[t] for t in sorted(judged[item])), 10)
        )
        left.remove(best)
        chosen.append(judged[best])
        seen.update(judged[best])
    return chosen


def discounted(values):
    return sum(value / math.log2(rank + 1) for rank, value in enumerate(values, start=1))


def alpha_ndcg(order, judged, k, alpha=0.5):
    ideal = discounted(gains(ideal_order(judged, alpha, k), alpha))
    return discounted(gains(order[:k], alpha)) / ideal if ideal else math.nan


def err_ia(order, judged, k, alpha=0.5):
    topics = set().union(*judged.values()) if judged else set()
    most = sum((1 - alpha) ** (rank - 1) / rank for rank in range(1, (k or 2000) + 1))
    value = sum(gain / rank for rank, gain in enumerate(gains(order[:k], alpha), start=1))
    return value / len(topics) / most if topics else math.nan


def category_ndcg(order, judged, k):
    seen, found = set(), 0.0
    for rank, categories in enumerate(order[:k], start=1):
        if categories - seen:
            found += 1 / math.log2(rank + 1)
        seen |= categories
    wanted = len(set().union(*judged.values())) if judged else 0
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(wanted, k or wanted) + 1))
    return found / ideal if wanted else math.nan


NAIVE = {"alpha_ndcg": alpha_ndcg, "err_ia": err_ia, "category_ndcg": category_ndcg}
