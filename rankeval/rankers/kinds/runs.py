"""``run:FILE``: the scores of a run, by query and item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes
from rankeval.arrays import hashes_of, is_integer_id, is_null, mix64
from rankeval.errors import DataError
from rankeval.logs import Log, PairIndex, order_role, reader_notes, scores_of

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
        log.require([*_IDS, order])
        keys, scores = [], []
        for leaf in log.leaves():
            for stretch in log.batches(leaf, [*_IDS, order]):
                sessions = log.sessions_of(stretch)
                for role in _IDS:
                    if (ids := sessions.column(role)).null_count:
                        raise sessions.error(role, int(np.argmax(is_null(ids))), None, "an id")
                keys.append(_keys(sessions.column("query_id"), sessions.column("item_id")))
                scores.append(scores_of(sessions, order))
        self._path, self.notes = path, tuple(reader_notes(log))
        self._scores, every = np.concatenate(scores), np.concatenate(keys)
        self._integers = {role: is_integer_id(log.kind(role)) for role in _IDS}
        if len(np.unique(every)) < len(every):
            raise DataError(f"{path}: has two scores for an item of a query, wanted one")
        self._index = PairIndex(every)

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the score of each pair of query and item.

        Raises:
            DataError: the run has no score for an item, or ids of another type.
        """
        for role in _IDS:
            if is_integer_id(rows.column(role).type) != self._integers[role]:
                mine, other = ("integers", "strings") if self._integers[role] else ("strings", "integers")
                raise DataError(
                    f"{self._path}: {role} holds {mine}, the data {other}; wanted the same in both"
                )
        found = self._index.of(_keys(*(rows.column(role) for role in _IDS)))
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            query, item = (rows.column(role)[row].as_py() for role in _IDS)
            raise DataError(
                f"{self._path}: has no score for query_id {query!r}, item_id {item!r}, "
                "wanted one for each item of the data"
            )
        return self._scores[found]


def _keys(queries: pa.Array, items: pa.Array) -> Hashes:
    return mix64(hashes_of(items) ^ mix64(hashes_of(queries)))
