"""Metrics of shown items as their definitions read; slow and obvious."""

from __future__ import annotations

import math
from itertools import combinations


def ild(top, distance):
    """``distance`` is of two items."""
    pairs = [distance(a, b) for a, b in combinations(top, 2)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def novelty(top, popularity):
    """``popularity`` is item -> share of users."""
    return sum(-math.log2(popularity[item]) for item in top) / len(top) if top else 0.0


def coverage(tops, catalogue):
    return len({item for top in tops for item in top}) / len(catalogue)


def gini(tops, catalogue):
    """Half the mean absolute difference of two counts, over their mean."""
    counts = [sum(item in top for top in tops) for item in catalogue]
    return sum(abs(a - b) for a in counts for b in counts) / (2 * len(counts) * sum(counts))


NAIVE = {"ild": ild, "novelty": novelty}
