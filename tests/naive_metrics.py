"""Every metric as its definition reads, on a plain ordered list of grades; slow and obvious.

``order`` is the list as ranked, None for an unjudged item; ``judged`` the grades of all judged items of
the query, retrieved or not. NaN where the metric is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import permutations, product

from rankeval.metrics.catalogue import Metric
from tests.naive_ranking import Grade, Query

NAN = math.nan


def relevances(grades: Sequence[Grade], threshold: float) -> list[bool]:
    return [grade is not None and grade >= threshold for grade in grades]


def linear(grade: Grade) -> float:
    return grade or 0.0


def exponential(grade: Grade) -> float:
    return 2.0 ** (grade or 0.0) - 1.0


def discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def dcg(order, judged, threshold, k):
    return discounted([linear(grade) for grade in order[:k]]) if max(judged, default=0) > 0 else NAN


def normalised(order, judged, k, gain):
    ideal = discounted([gain(grade) for grade in sorted(judged, reverse=True)[:k]])
    return discounted([gain(grade) for grade in order[:k]]) / ideal if ideal > 0 else NAN


def ndcg(order, judged, threshold, k):
    return normalised(order, judged, k, linear)


def ndcg_exp(order, judged, threshold, k):
    return normalised(order, judged, k, exponential)


def precision(order, judged, threshold, k):
    if not any(relevances(judged, threshold)):
        return NAN
    hits = sum(relevances(order[:k], threshold))
    return hits / (k or len(order)) if order else 0.0


def recall(order, judged, threshold, k):
    relevant = sum(relevances(judged, threshold))
    return sum(relevances(order[:k], threshold)) / relevant if relevant else NAN


def hit(order, judged, threshold, k):
    return float(any(relevances(order[:k], threshold))) if any(relevances(judged, threshold)) else NAN


def f1(order, judged, threshold, k):
    p, r = precision(order, judged, threshold, k), recall(order, judged, threshold, k)
    return 0.0 if p == r == 0 else 2 * p * r / (p + r)


def precisions(order, threshold, k):
    found = relevances(order, threshold)
    return sum(sum(found[:rank]) / rank for rank in range(1, len(order[:k]) + 1) if found[rank - 1])


def average_precision(order, judged, threshold, k):
    relevant = sum(relevances(judged, threshold))
    return precisions(order, threshold, k) / relevant if relevant else NAN


def average_precision_min(order, judged, threshold, k):
    relevant = sum(relevances(judged, threshold))
    return precisions(order, threshold, k) / min(relevant, k or relevant) if relevant else NAN


def reciprocal_rank(order, judged, threshold, k):
    found = relevances(order[:k], threshold)
    if not any(relevances(judged, threshold)):
        return NAN
    return 1 / (found.index(True) + 1) if any(found) else 0.0


def r_precision(order, judged, threshold):
    relevant = sum(relevances(judged, threshold))
    return precision(order, judged, threshold, relevant) if relevant else NAN


def rbp(order, judged, threshold, k, p=0.8):
    if not any(relevances(judged, threshold)):
        return NAN
    return (1 - p) * sum(p**j for j, found in enumerate(relevances(order[:k], threshold)) if found)


def err(order, judged, threshold, k, max_rel=4):
    if max(judged, default=0) <= 0:
        return NAN
    value, going = 0.0, 1.0
    for rank, grade in enumerate(order[:k], start=1):
        stop = exponential(grade) / 2**max_rel
        value += going * stop / rank
        going *= 1 - stop
    return value


def judged_share(order, judged, threshold, k):
    top = order[:k]
    return sum(grade is not None for grade in top) / len(top) if top else 0.0


def bpref(order, judged, threshold):
    relevant = sum(relevances(judged, threshold))
    nonrelevant = len(judged) - relevant
    total, above = 0.0, 0
    for grade in order:
        if grade is not None and grade >= threshold:
            total += 1 - min(above, relevant) / min(relevant, nonrelevant) if above else 1.0
        elif grade is not None:
            above += 1
    return total / relevant if relevant else NAN


def arp(order, judged, threshold):
    ranks = [rank for rank, found in enumerate(relevances(order, threshold), start=1) if found]
    return sum(ranks) / len(ranks) if ranks else NAN


def auc(order, judged, threshold):
    found = relevances(order, threshold)
    pairs = [(a, b) for a in range(len(order)) for b in range(len(order)) if found[a] and not found[b]]
    return sum(a < b for a, b in pairs) / len(pairs) if pairs else NAN


NAIVE = {
    "dcg": dcg,
    "ndcg": ndcg,
    "ndcg_exp": ndcg_exp,
    "precision": precision,
    "recall": recall,
    "hit": hit,
    "f1": f1,
    "map": average_precision,
    "map_min": average_precision_min,
    "mrr": reciprocal_rank,
    "r_precision": r_precision,
    "rbp": rbp,
    "err": err,
    "judged": judged_share,
    "bpref": bpref,
    "arp": arp,
    "auc": auc,
    "gauc": auc,
}


def naive(metric: Metric, order: Sequence[Grade], judged: Sequence[float], threshold: float = 1.0) -> float:
    """The metric of one ordered list."""
    cutoff = {"k": metric.k} if metric.definition.cutoff else {}
    return NAIVE[metric.base](list(order), list(judged), threshold, **cutoff, **metric.params)


def orders(query: Query) -> Iterator[list[Grade]]:
    """Every order of the query's list that its ties allow, each as likely as the others."""
    groups = [[grade for _, grade, _ in group] for group in query.groups()]
    for choice in product(*(permutations(group) for group in groups)):
        yield [grade for group in choice for grade in group]


def over_orders(metric: Metric, query: Query, threshold: float = 1.0) -> tuple[float, float, float]:
    """Mean, least and largest value over every order of the tied items."""
    values = [naive(metric, order, query.judged(), threshold) for order in orders(query)]
    return math.fsum(values) / len(values), min(values), max(values)
