"""Every metric as its definition reads, on a plain ordered list of grades; slow and obvious.

``order`` is the list as ranked, None for an unjudged item (a negative grade, where it is of the pool);
``judged`` the grades of all judged items of
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


def interpolated_precision(order, judged, threshold, k):
    relevant = sum(relevances(judged, threshold))
    needed = math.floor(k * relevant + 0.9)
    found = [sum(relevances(order[:rank], threshold)) for rank in range(1, len(order) + 1)]
    reached = [hits / rank for rank, hits in enumerate(found, start=1) if hits >= needed]
    return max(reached, default=0.0) if relevant else NAN


def set_precision(order, judged, threshold):
    return precision(order, judged, threshold, None)


def set_recall(order, judged, threshold):
    return recall(order, judged, threshold, None)


def set_f1(order, judged, threshold):
    return f1(order, judged, threshold, None)


def relevant_retrieved(order, judged, threshold, k):
    return float(sum(relevances(order[:k], threshold)))


def rbp(order, judged, threshold, k, p=0.8):
    if not any(relevances(judged, threshold)):
        return NAN
    return (1 - p) * sum(p**j for j, found in enumerate(relevances(order[:k], threshold)) if found)


def insq(order, judged, threshold, k, T=1, max_rel=4):
    if max(judged, default=0) <= 0:
        return NAN
    whole = math.pi**2 / 6 - sum(1 / i**2 for i in range(1, 2 * T))  # T is a whole number here
    weights = [1 / (rank + 2 * T - 1) ** 2 / whole for rank in range(1, len(order) + 1)]
    return sum(w * linear(grade) / max_rel for w, grade in zip(weights, order[:k], strict=False))


def rank_biased_overlap(ranking, ideal, p):
    depths = range(1, max(len(ranking), len(ideal)) + 1)
    return sum(p ** (d - 1) * len(set(ranking[:d]) & set(ideal[:d])) / d for d in depths)


def compat(order, judged, threshold, p=0.95):
    retrieved = [(grade, rank) for rank, grade in enumerate(order) if linear(grade) > 0]
    left = [grade for grade in judged if grade > 0]
    for grade, _ in retrieved:
        left.remove(grade)
    ideal = sorted(retrieved + [(grade, len(order) + j) for j, grade in enumerate(left)])
    ideal = [item for _, item in sorted(ideal, key=lambda pair: (-pair[0], pair[1]))]
    best = max(len(order), len(ideal))
    depths = range(1, best + 1)
    itself = sum(p ** (d - 1) * min(d, len(ideal)) / d for d in depths)
    return rank_biased_overlap(list(range(len(order))), ideal, p) / itself if ideal else NAN


def inferred_average_precision(order, judged, threshold):
    relevant = sum(relevances(judged, threshold))
    total, e = 0.0, 1e-5
    for rank, grade in enumerate(order, start=1):
        if grade is None or grade < threshold:
            continue
        above = [other for other in order[: rank - 1] if other is not None]
        found = sum(relevances(above, threshold))
        others = sum(0 <= other < threshold for other in above)
        share = (found + e) / (found + others + 2 * e)
        total += 1 / rank + len(above) / rank * share
    return total / relevant if relevant else NAN


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
    "gm_map": average_precision,
    "mrr": reciprocal_rank,
    "r_precision": r_precision,
    "iprec": interpolated_precision,
    "set_precision": set_precision,
    "set_recall": set_recall,
    "set_f1": set_f1,
    "num_rel_ret": relevant_retrieved,
    "rbp": rbp,
    "insq": insq,
    "err": err,
    "compat": compat,
    "judged": judged_share,
    "bpref": bpref,
    "inf_ap": inferred_average_precision,
    "arp": arp,
    "auc": auc,
    "gauc": auc,
}


def naive(metric: Metric, order: Sequence[Grade], judged: Sequence[float], threshold: float = 1.0) -> float:
    """The metric of one ordered list."""
    cutoff = {"k": metric.k} if metric.definition.cutoff else {}
    params = {name: value for name, value in metric.params.items() if name not in ("rel", "gains")}
    if metric.gains:
        order = [grade if grade is None else metric.gains[int(grade)] for grade in order]
        judged = [metric.gains[int(grade)] for grade in judged]
    threshold = metric.params.get("rel", threshold)
    return NAIVE[metric.base](list(order), list(judged), threshold, **cutoff, **params)


def orders(query: Query) -> Iterator[list[Grade]]:
    """Every order of the query's list that its ties allow, each as likely as the others."""
    groups = [[grade for _, grade, _ in group] for group in query.groups()]
    for choice in product(*(permutations(group) for group in groups)):
        yield [grade for group in choice for grade in group]


def over_orders(metric: Metric, query: Query, threshold: float = 1.0) -> tuple[float, float, float]:
    """Mean, least and largest value over every order of the tied items."""
    values = [naive(metric, order, query.judged(), threshold) for order in orders(query)]
    return math.fsum(values) / len(values), min(values), max(values)
