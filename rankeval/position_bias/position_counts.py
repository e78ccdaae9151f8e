"""Impressions and clicks of the pairs of query and item of a log and of its segments."""

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
from rankeval.position_bias.position_sums import fold_parts, last_position, parts_of
from rankeval.position_bias.request import Request

#: Largest number of segments whose pairs are counted.
MAX_SEGMENTS = 100


class Items(NamedTuple):
    """The shown items of ``n`` sessions.

    Attributes:
        offsets: (n + 1,) int64, the items of session ``s`` are ``offsets[s]:offsets[s + 1]``.
        pairs: (items,) uint64, key of the pair of each item.
        positions: (items,) int64, from 1.
        clicks: (items,) int64, 0 or 1.
    """

    offsets: Ints
    pairs: Hashes
    positions: Ints
    clicks: Ints


class Located(NamedTuple):
    """As :class:`Items`, but ``pairs`` holds the index of each pair in place of its key, as int64."""

    offsets: Ints
    pairs: Ints
    positions: Ints
    clicks: Ints


def located(items: Items, index: PairIndex) -> Located:
    """The items with the indices of their pairs; ``index`` must hold the keys of all of them."""
    return Located(
        read_only(items.offsets),
        read_only(index.of(items.pairs)),
        read_only(items.positions),
        read_only(items.clicks),
    )


def counted_parts(request: Request) -> dict[Any, PairCounts]:
    """The counts of the pairs of the whole log (``None``) and of each segment, in one pass.

    Raises:
        DataError: as :func:`rankeval.logs.query_item_counts.count_pairs`; or all segments together have too
            many pairs at positions.
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
    """The counts as :class:`Cells`."""
    return Cells(
        counts.offsets,
        counts.positions - 1,
        counts.impressions.astype(np.float64),
        counts.clicks.astype(np.float64),
        counts.length,
    )


def compared(counts: PairCounts) -> tuple[Floats, Floats]:
    """(K,) impressions and (K,) clicks by position, of pairs that were shown at more than one position."""
    several = np.diff(counts.offsets)[counts.pair] > 1
    places = counts.positions - 1
    impressions, clicks = (
        np.bincount(places, np.where(several, values, 0), counts.length)
        for values in (counts.impressions, counts.clicks)
    )
    return np.asarray(impressions, np.float64), np.asarray(clicks, np.float64)


def items_of_parts(request: Request, sessions: Sessions) -> dict[Any, tuple[Ints, Items]]:
    """For the whole log (``None``) and each segment: the rows of its sessions that show items, and the items.

    Raises:
        DataError: as :func:`rankeval.logs.query_item_counts.pair_rows`; or a position is below the
            last one of a curve.
        UsageError: there are more than 100 segments.
    """
    rows = pair_rows(sessions, request.top)
    last_position(rows.sessions, rows.positions)
    parts = parts_of(request, sessions, np.flatnonzero(rows.sessions.lengths > 0), MAX_SEGMENTS)
    return {value: (chosen, _items(rows, chosen)) for value, chosen in parts.items()}


def _items(rows: PairRows, chosen: Ints) -> Items:
    offsets = rows.sessions.offsets
    if len(chosen) == len(rows.sessions):
        return Items(offsets, rows.pairs, rows.positions, rows.clicks)
    items = places_of(offsets, chosen)
    of_chosen = offsets_of(rows.sessions.lengths[chosen])
    return Items(of_chosen, rows.pairs[items], rows.positions[items], rows.clicks[items])
