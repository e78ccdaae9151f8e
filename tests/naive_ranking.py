"""Builds a ``Ranking`` from plain lists, one query after the other, without the rest of the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from rankeval.metrics.ranking import Ranking

Grade = float | None  # None: retrieved but unjudged; negative: the same, but of the pool
Item = tuple[float, Grade, str | int]  # score, grade, id


@dataclass(frozen=True)
class Query:
    """A query's retrieved items in any order, and the grades of judged items that were not retrieved."""

    items: Sequence[Item] = ()
    unretrieved: Sequence[float] = field(default=())

    def judged(self) -> list[float]:
        grades = [grade for _, grade, _ in self.items if grade is not None] + list(self.unretrieved)
        return [grade for grade in grades if grade >= 0]

    def groups(self) -> list[list[Item]]:
        """Items of equal score, highest score first."""
        by_score = sorted(self.items, key=lambda item: -item[0])
        return [list(group) for _, group in groupby(by_score, key=lambda item: item[0])]


TIE_ORDERS = {
    "trec": lambda group: sorted(group, key=lambda item: item[2], reverse=True),
    "item": lambda group: sorted(group, key=lambda item: item[2]),
    "best": lambda group: sorted(group, key=lambda item: -1.0 if item[1] is None else item[1], reverse=True),
    "worst": lambda group: sorted(group, key=lambda item: -1.0 if item[1] is None else item[1]),
}


def query_of(grades: Sequence[Grade], unretrieved: Sequence[float] = ()) -> Query:
    """A query without ties whose list holds these grades, best first."""
    return Query([(-float(rank), grade, rank) for rank, grade in enumerate(grades)], unretrieved)


def tied_query(grades: Sequence[Grade], unretrieved: Sequence[float] = ()) -> Query:
    """A query whose items all have the same score."""
    return Query([(0.0, grade, item) for item, grade in enumerate(grades)], unretrieved)


def ranking_of(
    queries: Sequence[Query], ties: str = "trec", threshold: float = 1.0, lowest: float = 0.0
) -> Ranking:
    """The ``Ranking`` of the queries; ``lowest`` is the smallest grade of its entries."""
    entries = [_entries(query, ties, lowest) for query in queries]
    flat = [entry for of_query in entries for entry in of_query]
    ideals = [sorted((g for g in query.judged() if g > 0), reverse=True) for query in queries]
    bounds = _offsets([len(ideal) for ideal in ideals])
    relevant = [sum(grade >= threshold for grade in query.judged()) for query in queries]
    return Ranking(
        offsets=_offsets([len(of_query) for of_query in entries]),
        above=np.array([above for above, _, _ in flat], np.int64),
        tied=np.array([tied for _, _, tied in flat], np.int64),
        grade=np.array([-negative for _, negative, _ in flat], np.float64),
        retrieved=np.array([len(query.items) for query in queries], np.int64),
        relevant=np.array(relevant, np.int64),
        nonrelevant=np.array([len(q.judged()) - r for q, r in zip(queries, relevant, strict=True)], np.int64),
        ideal_start=bounds[:-1].copy(),
        ideal_stop=bounds[1:].copy(),
        ideal_grade=np.array([grade for ideal in ideals for grade in ideal], np.float64),
        threshold=threshold,
    )


def _entries(query: Query, ties: str, lowest: float) -> list[tuple[int, float, int]]:
    """(above, -grade, tied) of the judged items, in the order a ``Ranking`` wants."""
    entries = []
    above = 0
    for group in query.groups():
        expected = ties == "expected"
        for j, (_, grade, _) in enumerate(group if expected else TIE_ORDERS[ties](group)):
            if grade is not None and grade >= lowest:
                entries.append((above, -grade, len(group)) if expected else (above + j, -grade, 1))
        above += len(group)
    return sorted(entries)


def _offsets(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
