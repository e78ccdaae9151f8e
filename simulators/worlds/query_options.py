"""The queries of worlds that are made from options: drawn at random, or those of real judgements."""

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
#: Probabilities of grades 0 to 4 of a drawn item.
GRADES = (0.5, 0.2, 0.15, 0.1, 0.05)
#: Keys of random streams, beside those of scores and of blocks of sessions.
_GRADES, _POPULARITY = (2, 0), (2, 1)


@dataclass(frozen=True)
class GradeScale:
    """How attractive items of a grade are; the highest grade has attractiveness 1."""

    epsilon: float
    max_grade: float

    def attractiveness(self, grades: Floats) -> Floats:
        """``epsilon + (1 - epsilon) (2^y - 1) / (2^max_grade - 1)`` for grades ``y``."""
        steepness = (np.exp2(grades) - 1.0) / (np.exp2(self.max_grade) - 1.0)
        return np.asarray(self.epsilon + (1.0 - self.epsilon) * steepness)


def drawn_queries(
    queries: int, items: int, grades: Sequence[float], scale: GradeScale, seed: int
) -> list[dict[str, Any]]:
    """``query_id, items, relevance``, every item in one query and with a grade of its own.

    ``grades``: probabilities of grades 0, 1, ...
    """
    count = whole("queries", queries, 1, MOST_ITEMS)
    size = whole("items", items, 1, MOST_ITEMS // count)
    if len(grades) - 1 > scale.max_grade:
        raise UsageError(f"max_grade: found {scale.max_grade:g}, wanted at least {len(grades) - 1}, a grade")
    # Without the last bound, 1 up to rounding, no draw gives a grade beyond the last.
    bounds = np.cumsum(distribution("grades", grades, len(grades)))[:-1]
    drawn = np.searchsorted(bounds, random_stream(seed, *_GRADES).random((count, size)), side="right")
    return [
        {"query_id": q, "items": list(range(q * size, (q + 1) * size)), "relevance": row.tolist()}
        for q, row in enumerate(drawn)
    ]


def popularity_weights(popularity: str, count: int, seed: int, judged: bool) -> list[float]:
    """How often each query is asked, by ``zipf:EXPONENT`` or ``uniform``.

    The r-th most popular is asked in proportion to ``r^-EXPONENT``: drawn queries are so in their order,
    judged ones in random order.
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
