"""Judgements by subtopic: several rows of one item become one judged item with its subtopics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats, Ints
from rankeval.arrays import decoded, offsets_of, to_numpy
from rankeval.errors import DataError
from rankeval.evaluation.judgement_rows import JudgementRows


@dataclass(frozen=True)
class ItemTopics:
    """The subtopics of ``j`` judged items.

    Attributes:
        start, stop: (j,) int64, slice of ``code`` and ``grade`` that holds the subtopics of each item.
        code: flat int64, the subtopic, from 0 on.
        grade: flat float64, the grade for the subtopic.
        codes: number of different subtopics.
        id_rank: (j,) int64, the place of each item among those of its query by ascending id.
    """

    start: Ints
    stop: Ints
    code: Ints
    grade: Floats
    codes: int
    id_rank: Ints

    def of(self, items: Ints) -> ItemTopics:
        """The subtopics of some of the items."""
        return ItemTopics(
            self.start[items], self.stop[items], self.code, self.grade, self.codes, self.id_rank[items]
        )


@dataclass(frozen=True)
class MergedRows:
    """The ``j`` judged items of ``q`` queries, each from all its rows.

    Attributes:
        rows: (j,) int64, the first row of each item in the file; those of one query stand together.
        offsets: (q + 1,) int64, where the items of each query start and end.
        grade: (j,) float64, the largest grade of the item for any subtopic.
        topics: the subtopics of the items.
    """

    rows: Ints
    offsets: Ints
    grade: Floats
    topics: ItemTopics

    @classmethod
    def of(cls, table: JudgementRows, queries: Ints) -> MergedRows:
        """The rows of a file with a column ``subtopic``; ``queries`` is the code of the query of each row.

        Raises:
            DataError: an item is judged twice for one subtopic of a query.
        """
        item, topic = (_codes(table.columns[role]) for role in ("item_id", "subtopic"))
        order = np.lexsort((topic, item, queries))
        keys = np.stack([queries[order], item[order], topic[order]])
        changed = np.diff(keys, axis=1) != 0
        again = np.flatnonzero(~changed.any(axis=0))
        if len(again):
            _refuse(table, int(max(order[again[0]], order[again[0] + 1])))
        new = np.concatenate([[True], changed[:2].any(axis=0)])
        first = np.flatnonzero(new)
        stop = np.append(first[1:], len(order))
        grade = table.grade[order]
        rows = np.minimum.reduceat(order, first)
        offsets = offsets_of(np.bincount(queries[order][first], minlength=int(queries.max()) + 1))
        ranks = np.arange(len(rows)) - np.repeat(offsets[:-1], np.diff(offsets))
        topics = ItemTopics(first, stop, topic[order], grade, int(topic.max()) + 1, ranks)
        return cls(rows, offsets, np.maximum.reduceat(grade, first), topics)


def _codes(column: pa.Array) -> Ints:
    """The place of each value among the distinct ones, ascending, so that the order of rows has no effect."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = decoded(column.dictionary)
    places = np.empty(len(values), np.int64)
    places[to_numpy(pc.sort_indices(values)).astype(np.int64)] = np.arange(len(values))
    codes: Ints = places[to_numpy(column.indices)]
    return codes


def _refuse(table: JudgementRows, row: int) -> None:
    item, topic = (table.columns[role][row].as_py() for role in ("item_id", "subtopic"))
    found = f"{table.log.name('item_id')} {item!r} is judged twice for subtopic {topic!r}"
    raise DataError(f"{table.place(row)}: {found}, wanted once for each query")
