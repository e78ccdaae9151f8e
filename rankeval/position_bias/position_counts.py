"""Counts of the pairs of a log and of its segments, and the items of their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import offsets_of, places_of, read_only
from rankeval.errors import DataError
from rankeval.logs import (
    MAX_CELLS,
    PairCounts,
    PairIndex,
    PairRows,
    PairTable,
    Sessions,
    pair_roles,
    pair_rows,
)
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.position_sums import fold_parts, parts_of, require_length
from rankeval.position_bias.request import Request

#: Segments whose pairs are counted at most.
MAX_SEGMENTS = 100


class Items(NamedTuple):
    """The items of ``n`` sessions: offsets (n + 1,), then for each the key of its pair, position, click."""

    offsets: Ints
    pairs: Hashes
    positions: Ints
    clicks: Ints


class Located(NamedTuple):
    """The same, with the number of each item's pair for its key."""

    offsets: Ints
    pairs: Ints
    positions: Ints
    clicks: Ints


def located(items: Items, index: PairIndex) -> Located:
    """The items with the places of their pairs in an index that has them all."""
    return Located(
        read_only(items.offsets),
        read_only(index.of(items.pairs)),
        read_only(items.positions),
        read_only(items.clicks),
    )


def counted_parts(request: Request) -> dict[Any, PairCounts]:
    """The pairs of the whole log (``None``) and of its segments.

    Raises:
        DataError: as :func:`rankeval.logs.query_item_counts.count_pairs` says.
    """

    def work(sessions: Sessions) -> dict[Any, PairTable]:
        parts = items_of_parts(request, sessions)
        return {value: PairTable.counted(*items[1:]) for value, (_, items) in parts.items()}

    def check(parts: Mapping[Any, PairTable]) -> None:
        parts[None].within(request.log)
        if sum(map(len, parts.values())) > 2 * MAX_CELLS:
            raise DataError(
                f"{request.log.origin}: more than {2 * MAX_CELLS:,} pairs of query and item at a position "
                f"of a segment of {request.by!r}, wanted fewer"
            )

    tables = fold_parts(request, pair_roles(request.log), work, PairTable.merge, check)
    return {value: table.counts() for value, table in tables.items()}


def cells_of(counts: PairCounts) -> Cells:
    """Counts as the position-based model takes them."""
    return Cells(
        counts.offsets,
        counts.positions - 1,
        counts.impressions.astype(np.float64),
        counts.clicks.astype(np.float64),
        counts.length,
    )


def compared(counts: PairCounts) -> tuple[Floats, Floats]:
    """Impressions and clicks by position, of pairs that were shown at more than one."""
    several = np.diff(counts.offsets)[counts.pair] > 1
    places = counts.positions - 1
    impressions, clicks = (
        np.bincount(places, np.where(several, values, 0), counts.length)
        for values in (counts.impressions, counts.clicks)
    )
    return np.asarray(impressions, np.float64), np.asarray(clicks, np.float64)


def items_of_parts(request: Request, sessions: Sessions) -> dict[Any, tuple[Ints, Items]]:
    """Part -> its sessions that show items, and these; ``None`` is all of them.

    Raises:
        DataError: :func:`rankeval.logs.query_item_counts.pair_rows` says which; a list longer than a curve
            may be.
        UsageError: more than 100 segments.
    """
    rows = pair_rows(sessions, request.top)
    lengths = rows.sessions.lengths
    require_length(request, rows.sessions, int(lengths.max(initial=1)))
    parts = parts_of(request, sessions, np.flatnonzero(lengths > 0), MAX_SEGMENTS)
    return {value: (chosen, _items(rows, chosen)) for value, chosen in parts.items()}


def _items(rows: PairRows, chosen: Ints) -> Items:
    offsets = rows.sessions.offsets
    if len(chosen) == len(rows.sessions):
        return Items(offsets, rows.pairs, rows.positions, rows.clicks)
    items = places_of(offsets, chosen)
    of_chosen = offsets_of(rows.sessions.lengths[chosen])
    return Items(of_chosen, rows.pairs[items], rows.positions[items], rows.clicks[items])
