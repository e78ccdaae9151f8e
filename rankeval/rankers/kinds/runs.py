"""``run:FILE``: the scores of a run, by query and item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes
from rankeval.arrays import hashes_like, hashes_of, is_null, mix64
from rankeval.errors import DataError
from rankeval.logs import (
    Log,
    OrderRole,
    PairIndex,
    Sessions,
    contradicted,
    contradicted_note,
    has_ranks_too,
    order_role,
    reader_notes,
    scan,
    scores_of,
)
from rankeval.notes import Note

_IDS = ("query_id", "item_id")


class StoredRun:
    """The scores of a run: a file of any kind with ``query_id``, ``item_id`` and ``score`` (or ``rank``).

    The score of a rank is the rank negated. The whole run is kept in memory, 24 bytes a row.

    Attributes:
        columns: the ids.
        notes: what is to be known of the file.
    """

    columns = _IDS

    def __init__(self, path: str, trust: Sequence[str] = ()) -> None:
        """Read the run in the file ``path``.

        Raises:
            DataError: it is no run; an id is null; a score is no finite number; an item has two scores.
        """
        log = Log(path, "run")
        order = order_role(log)
        ranked = ["rank"] if has_ranks_too(log) else []
        pieces = scan(log, [*_IDS, order, *ranked], partial(_piece, order=order), 1)
        self._path, self.notes = path, (*reader_notes(log), *_contradictions(path, pieces))
        self._scores = np.concatenate([piece.scores for piece in pieces])
        every = np.concatenate([piece.keys for piece in pieces])
        self._kinds = [_values(log.kind(role)) for role in _IDS]
        if len(np.unique(every)) < len(every):
            raise DataError(f"{path}: has two scores for an item of a query, wanted one")
        self._index = PairIndex(every)

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the score of each pair of query and item.

        Raises:
            DataError: the run has no score for an item.
        """
        ids = (hashes_like(rows.column(role), kind) for role, kind in zip(_IDS, self._kinds, strict=True))
        found = self._index.of(_pairs(*ids))
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            query, item = (rows.column(role)[row].as_py() for role in _IDS)
            raise DataError(
                f"{self._path}: has no score for query_id {query!r}, item_id {item!r}, "
                "wanted one for each item of the data"
            )
        return self._scores[found]


class _Piece(NamedTuple):
    """Some whole queries: the keys (n,) of their pairs of query and item, and the scores (n,).

    ``contradicted`` is the number of queries whose ranks contradict the scores.
    """

    keys: Hashes
    scores: Floats
    contradicted: int


def _piece(sessions: Sessions, order: OrderRole) -> _Piece:
    for role in _IDS:
        if (ids := sessions.column(role)).null_count:
            raise sessions.error(role, int(np.argmax(is_null(ids))), None, "an id")
    scores = scores_of(sessions, order)
    pairs = _pairs(*(hashes_of(sessions.column(role)) for role in _IDS))
    return _Piece(
        pairs, scores, contradicted(sessions, scores) if order != "rank" and "rank" in sessions else 0
    )


def _contradictions(path: str, pieces: Sequence[_Piece]) -> Iterator[Note]:
    if count := sum(piece.contradicted for piece in pieces):
        yield contradicted_note(path, count)


def _pairs(queries: Hashes, items: Hashes) -> Hashes:
    return mix64(items ^ mix64(queries))


def _values(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_list(kind) else kind
