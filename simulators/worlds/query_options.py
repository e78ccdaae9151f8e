"""Queries of a world made from options: how they are drawn at random, and how often each is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.simulators import MOST_ITEMS, distribution, random_stream, real, whole
from rankeval.simulators.worlds.specs import parse_value

QUERIES, ITEMS, POSITIONS = 1000, 10, 10
#: Default probabilities of grades 0 to 4 for a drawn item.
GRADES = (0.5, 0.2, 0.15, 0.1, 0.05)
#: Keys of the random streams of grades and popularity. Scores and blocks of sessions use other keys.
_GRADES, _POPULARITY = (2, 0), (2, 1)


@dataclass(frozen=True)
class GradeScale:
    """A map from grades to attractiveness.

    Attributes:
        epsilon: attractiveness of grade 0.
        max_grade: the grade that has attractiveness 1.
    """

    epsilon: float
    max_grade: float

    def attractiveness(self, grades: Floats) -> Floats:
        """``epsilon + (1 - epsilon) (2^y - 1) / (2^max_grade - 1)`` for grades ``y``."""
        steepness = (np.exp2(grades) - 1.0) / (np.exp2(self.max_grade) - 1.0)
        return np.asarray(self.epsilon + (1.0 - self.epsilon) * steepness)


def drawn_queries(
    queries: int, items: int, grades: Sequence[float], scale: GradeScale, seed: int
) -> list[dict[str, Any]]:
    """A dict with ``query_id, items, relevance`` for each query, with grades drawn at random.

    Every item belongs to one query only. The grades of items are independent.

    Args:
        queries: number of queries.
        items: number of items of each query.
        grades: probabilities of grades 0, 1, ...
        scale: gives the highest grade allowed.
        seed: seed of the grades.

    Raises:
        UsageError: a number is out of range, or ``grades`` has a grade above that of the scale.
    """
    count = whole("queries", queries, 1, MOST_ITEMS)
    size = whole("items", items, 1, MOST_ITEMS // count)
    if len(grades) - 1 > scale.max_grade:
        raise UsageError(f"max_grade: found {scale.max_grade:g}, wanted at least {len(grades) - 1}, a grade")
    # The last bound is 1 up to rounding. Without it, no draw can give a grade beyond the last one.
    bounds = np.cumsum(distribution("grades", grades, len(grades)))[:-1]
    drawn = np.searchsorted(bounds, random_stream(seed, *_GRADES).random((count, size)), side="right")
    return [
        {"query_id": q, "items": list(range(q * size, (q + 1) * size)), "relevance": row.tolist()}
        for q, row in enumerate(drawn)
    ]


def popularity_weights(popularity: str, count: int, seed: int, judged: bool) -> list[float]:
    """Relative frequency of each query, by ``zipf:EXPONENT`` or ``uniform``.

    The r-th most popular query has weight ``r^-EXPONENT``. Drawn queries are in the order of their
    popularity. Judged queries have random ranks.

    Raises:
        UsageError: ``popularity`` has another form, or its exponent is out of range.
    """
    name, _, text = popularity.partition(":")
    if name not in ("zipf", "uniform") or (name == "uniform" and text):
        raise UsageError(f"popularity: found {popularity!r}, wanted zipf:EXPONENT or uniform")
    exponent = parse_value("popularity", text) if text else 1.0
    exponent = real("popularity", exponent, 0.0, 20.0) if name == "zipf" else 0.0
    ranks = np.arange(1.0, count + 1.0)
    if judged:
        ranks = random_stream(seed, *_POPULARITY).permutation(ranks)
    return [float(weight) for weight in ranks**-exponent]
