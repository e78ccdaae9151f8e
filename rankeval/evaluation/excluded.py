"""Items that are left out of the lists and judgements of a query, such as those that a user has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Ints
from rankeval.arrays import Keys, build_table, decoded, find, is_null, keys_like, keys_of, offsets_of, take
from rankeval.errors import DataError
from rankeval.evaluation.judgements import Judgements, find_rows
from rankeval.logs import Log, Sessions


@dataclass(frozen=True)
class Excluded:
    """Pairs of query and item, grouped by query.

    Attributes:
        query_keys, query_slots: the keys of the queries, and their hash table.
        query_kind, item_kind: the Arrow types of the ids.
        offsets: (q + 1,) int64, where the items of each query start and end.
        items: the keys of the items.
    """

    query_keys: Keys
    query_slots: Ints
    query_kind: pa.DataType
    item_kind: pa.DataType
    offsets: Ints
    items: Keys

    @classmethod
    def read(cls, data: Any) -> Excluded:
        """Read the columns ``query_id`` and ``item_id``; a pair may occur more than once.

        Raises:
            DataError: a column is missing, or an id is null.
        """
        log = data if isinstance(data, Log) else Log(data, "judgements")
        log.require(["query_id", "item_id"])
        parts: dict[str, list[pa.Array]] = {"query_id": [], "item_id": []}
        for leaf in log.leaves():
            for stretch in log.batches(leaf, list(parts)):
                sessions = log.sessions_of(stretch)
                for role, columns in parts.items():
                    column = decoded(sessions.column(role))
                    if column.null_count:
                        raise sessions.error(role, int(np.argmax(is_null(column))), None, "an id")
                    columns.append(column)
        queries, items = (pa.concat_arrays(columns) for columns in parts.values())
        if not len(queries):
            raise DataError(f"{log.origin}: no rows, wanted at least one")
        codes = queries.dictionary_encode()
        index = codes.indices.to_numpy()
        keys = keys_of(codes.dictionary)
        return cls(
            query_keys=keys,
            query_slots=build_table(keys)[0],
            query_kind=codes.dictionary.type,
            item_kind=items.type,
            offsets=offsets_of(np.bincount(index, minlength=len(codes.dictionary))),
            items=keys_of(take(items, np.argsort(index, kind="stable"))),
        )

    def in_batch(self, sessions: Sessions) -> Bools:
        """Whether each item of a batch of a run is left out."""
        queries = sessions.per_session("query_id")
        items = keys_like(sessions.column("item_id"), self.item_kind)
        return self._among(queries, sessions.offsets, items)

    def in_judgements(self, judgements: Judgements) -> Bools:
        """Whether each judged item is left out."""
        same = judgements.first[1].type
        items = judgements.items
        if pa.types.is_integer(same) != pa.types.is_integer(self.item_kind):
            raise DataError(
                "exclude: found ids of another type than those of the judgements, wanted the same"
            )
        return self._among(judgements.queries, judgements.offsets, items)

    def _among(self, queries: pa.Array, offsets: Ints, items: Keys) -> Bools:
        """Whether each item of the queries, with ``offsets``, is left out."""
        rows = find(self.query_slots, self.query_keys, keys_like(queries, self.query_kind))
        lengths = np.where(rows >= 0, np.diff(self.offsets)[rows], 0)
        bounds = offsets_of(lengths)
        wanted = np.repeat(self.offsets[:-1][rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        found = find_rows(offsets, items, bounds, wanted, self.items)
        left_out = np.zeros(int(offsets[-1]), bool)
        left_out[found[found >= 0]] = True
        return left_out
