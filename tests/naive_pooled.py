"""The pooled metrics as their definitions read, with a weight for each item; slow and obvious.

An item is ``(score, relevant, weight)``. A weight of 2 is the same as the item twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Item = tuple[float, bool, float]
EPS = 2.0**-52


def weighted_mean(items: Sequence[Item], loss: Callable[[float, bool], float]) -> float:
    return math.fsum(w * loss(p, y) for p, y, w in items) / math.fsum(w for _, _, w in items)


def log_loss(items: Sequence[Item]) -> float:
    def loss(p: float, y: bool) -> float:
        p = min(max(p, EPS), 1 - EPS)
        return -math.log(p) if y else -math.log(1 - p)

    return weighted_mean(items, loss)


def brier(items: Sequence[Item]) -> float:
    return weighted_mean(items, lambda p, y: (p - y) ** 2)


def width_bins(items: Sequence[Item], bins: int) -> list[int]:
    """The last bin whose lower edge is at most the score."""
    return [max(b for b in range(bins) if b / bins <= p) for p, _, _ in items]


def mass_bins(items: Sequence[Item], bins: int) -> list[int]:
    """All items of one score go to the bin of their middle."""
    scores = [p for p, _, _ in items]
    middle = [sum(other < p for other in scores) + sum(other == p for other in scores) / 2 for p in scores]
    return [math.floor(bins * m / len(scores)) for m in middle]


def calibration_error(items: Sequence[Item], bins: Sequence[int]) -> float:
    total = math.fsum(w for _, _, w in items)
    error = 0.0
    for each in set(bins):
        inside = [item for item, b in zip(items, bins, strict=True) if b == each]
        share = math.fsum(w * y for _, y, w in inside) / math.fsum(w for _, _, w in inside)
        score = math.fsum(w * p for p, _, w in inside) / math.fsum(w for _, _, w in inside)
        error += math.fsum(w for _, _, w in inside) / total * abs(share - score)
    return error


def ece(items: Sequence[Item], bins: int = 10) -> float:
    return calibration_error(items, width_bins(items, bins))


def ece_mass(items: Sequence[Item], bins: int = 10) -> float:
    return calibration_error(items, mass_bins(items, bins))


def roc_auc(items: Sequence[Item]) -> float:
    found = [item for item in items if item[1]]
    other = [item for item in items if not item[1]]
    right = math.fsum(v * w * ((p > q) + (p == q) / 2) for p, _, v in found for q, _, w in other)
    return right / math.fsum(v * w for _, _, v in found for _, _, w in other)


def pr_auc(items: Sequence[Item]) -> float:
    def precision(threshold: float) -> float:
        above = [item for item in items if item[0] >= threshold]
        return math.fsum(w for _, y, w in above if y) / math.fsum(w for _, _, w in above)

    found = [item for item in items if item[1]]
    return math.fsum(w * precision(p) for p, _, w in found) / math.fsum(w for _, _, w in found)


NAIVE = {
    "log_loss": log_loss,
    "brier": brier,
    "ece": ece,
    "ece_mass": ece_mass,
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
}
