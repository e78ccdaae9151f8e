"""Slow, obvious versions of policies over lists: every list of one query with its probability."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, permutations, product

import numpy as np

Distribution = dict[tuple[int, ...], float]


def fixed(scores: list[float], positions: int) -> Distribution:
    order = sorted(range(len(scores)), key=lambda item: (-scores[item], item))
    return {tuple(order[:positions]): 1.0}


def plackett_luce(scores: list[float], temperature: float, positions: int) -> Distribution:
    odds = [float(np.exp(score / temperature)) for score in scores]
    lists = {}
    for shown in permutations(range(len(scores)), min(positions, len(scores))):
        chance, left = 1.0, set(range(len(scores)))
        for item in shown:
            chance *= odds[item] / sum(odds[other] for other in left)
            left.remove(item)
        lists[shown] = chance
    return lists


def mixed(parts: list[tuple[float, Distribution]]) -> Distribution:
    lists: Distribution = defaultdict(float)
    for share, part in parts:
        for shown, chance in part.items():
            lists[shown] += share * chance
    return dict(lists)


def exchanged(shown: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    other = list(shown)
    other[low], other[high] = other[high], other[low]
    return tuple(other)


def orders(design: str, top: int, shown: tuple[int, ...]) -> Distribution:
    """What a session of the experiment shows where the base order is ``shown``."""
    size = min(top, len(shown))
    if size < 2:
        return {shown: 1.0}
    if design == "full":
        every = list(permutations(shown[:size]))
        return {order + shown[size:]: 1.0 / len(every) for order in every}
    pairs = {
        "swap": [(0, k) for k in range(1, size)],
        "adjacent": [(k, k + 1) for k in range(size - 1)],
        "pair": list(combinations(range(size), 2)),
    }[design]
    lists: Distribution = defaultdict(float)
    for low, high in pairs:
        turned = 1.0 if design == "pair" else 0.5
        lists[exchanged(shown, low, high)] += turned / len(pairs)
        lists[shown] += (1.0 - turned) / len(pairs)
    return dict(lists)


def shuffled(base: Distribution, design: str, share: float, top: int) -> Distribution:
    parts = [(chance, orders(design, top, shown)) for shown, chance in base.items()]
    return mixed([(1.0 - share, base), (share, mixed(parts))])


def items_at(lists: Distribution, size: int, positions: int) -> np.ndarray:
    """(items, K) probability of each item at each position."""
    found = np.zeros((size, positions))
    for shown, chance in lists.items():
        for k, item in enumerate(shown):
            found[item, k] += chance
    return found


def prefixes(lists: Distribution, shown: tuple[int, ...], positions: int) -> list[float]:
    """Probability of the items at 1..k, for k to K."""
    return [
        sum(chance for other, chance in lists.items() if other[: k + 1] == shown[: k + 1])
        for k in range(positions)
    ]


def patterns(size: int) -> list[tuple[int, ...]]:
    """Every pattern of clicks."""
    return list(product((0, 1), repeat=size))
