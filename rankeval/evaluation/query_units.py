"""The units of an evaluation: the key of each query for resampling, and the queries of each segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import (
    MOST_SEGMENTS,
    SMALL_SEGMENT,
    hashes_of,
    in_order,
    is_null,
    mix64,
    require_few_segments,
    segments_of,
    take,
)
from rankeval.evaluation.alignment import Aligned
from rankeval.notes import Note

#: With fewer queries, means of metrics are not close to normal.
FEW_QUERIES = 30
#: Small segments that are named one by one.
_TOLD = 20


@dataclass(frozen=True)
class QueryUnits:
    """The ``q`` queries of an evaluation as units of inference.

    Attributes:
        keys: (q,) uint64, the hash of each query's cluster, or of the query itself where there is none.
        segments: segment -> indices of its queries, int64; all queries come first, under the key None.
        unknown: role (``segment``, ``cluster``) -> its column and the number of queries without a value.
    """

    keys: Hashes
    segments: Mapping[Any, Ints]
    unknown: Mapping[str, tuple[str, int]]

    @classmethod
    def of(cls, aligned: Aligned, by: str | None, cluster: str | None) -> QueryUnits:
        """The units, with the segments of the column ``by`` and the clusters of the column ``cluster``."""
        columns = {"segment": by, "cluster": cluster}
        unknown = {
            role: (column, aligned.fields[column].null_count)
            for role, column in columns.items()
            if column is not None
        }
        return cls(_keys(aligned, cluster), _segments(aligned, by), unknown)

    def notes(self) -> Iterator[Note]:
        """Warnings about few queries, queries without a segment or cluster, and small segments."""
        if 1 < len(self.keys) < FEW_QUERIES:
            text = f"only {len(self.keys)} queries: intervals and tests are rough under {FEW_QUERIES}"
            yield Note(
                "few_queries",
                text,
                {"queries": len(self.keys), "threshold": FEW_QUERIES},
                level="caution",
                value=len(self.keys),
            )
        for role, (column, unknown) in self.unknown.items():
            if unknown:
                fate = "are in no segment" if role == "segment" else "are units of their own"
                text = f"{unknown} queries have no value in column {column!r} and {fate}"
                yield Note(f"no_{role}", text, {"queries": unknown})
        yield from self._small_segments()

    def _small_segments(self) -> Iterator[Note]:
        sizes = {value: len(queries) for value, queries in self.segments.items() if value is not None}
        small = {value: n for value, n in sizes.items() if n < SMALL_SEGMENT}
        rough = f"intervals are rough under {SMALL_SEGMENT}"
        for value, n in small.items() if len(small) <= _TOLD else ():
            text = f"segment {value}: only {n} queries, {rough}"
            yield Note("small_segment", text, {"queries": n, "threshold": SMALL_SEGMENT})
        if len(small) > _TOLD:
            text = (
                f"{len(small):,} of {len(sizes):,} segments have fewer than {SMALL_SEGMENT} queries: {rough}"
            )
            yield Note("small_segments", text, {"segments": len(small), "threshold": SMALL_SEGMENT})


def _keys(aligned: Aligned, cluster: str | None) -> Hashes:
    """(q,) uint64: the hash of each query's cluster, or of the query itself where there is none."""
    queries = hashes_of(aligned.queries)
    if cluster is None:
        return queries
    clusters = aligned.fields[cluster]
    known = np.flatnonzero(~is_null(clusters))
    keys = mix64(queries)
    keys[known] = hashes_of(take(clusters, known).cast(pa.string()))
    return keys


def _segments(aligned: Aligned, by: str | None) -> dict[Any, Ints]:
    """Segment -> indices of its queries; all queries come first, under the key None."""
    everything = {None: np.arange(len(aligned.queries))}
    if by is None:
        return everything
    parts = segments_of(aligned.fields[by])
    require_few_segments(len(parts), MOST_SEGMENTS, f"column {by!r}")
    return everything | {value: parts[value] for value in in_order(parts) if value is not None}
