"""A world estimated from a ranking log: base lists, attractiveness of items and a position-based model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import mix64, offsets_of, places_of
from rankeval.errors import DataError
from rankeval.logs import (
    Log,
    PairCounts,
    PairTable,
    Sessions,
    as_log,
    fold,
    marked_shuffled,
    pair_roles,
    pair_rows,
    reader_notes,
    require_no_gaps,
    unit_keys,
    unused_weights,
)
from rankeval.notes import Note
from rankeval.position_bias import PositionBias
from rankeval.simulators.click_models import PositionBased
from rankeval.simulators.list_policies import FixedOrder, Queries
from rankeval.simulators.worlds import World

#: Number of sessions whose lists represent those of the log. The hash of the session id selects them.
MOST_SESSIONS = 20_000


def logged_world(
    log: Any,
    position_bias: Any = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> tuple[World, tuple[Note, ...]]:
    """A world estimated from a ranking log, and warnings about it.

    Each distinct list of the sessions outside experiments becomes a query of the world. The attractiveness of
    a pair of query and item is its clicks over the summed examination of its impressions, at most 1.

    Args:
        log: a ranking log.
        position_bias: examination by position; None: it is fitted to the log by maximum likelihood.
        columns: role -> column name.
        where: row filter.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: the log is not a ranking log, or has no clicks or only shuffled sessions; a position has
            no examination.
    """
    source = as_log(log, columns, where)
    if source.session is None:
        raise DataError(
            f"{source.origin}: no column {source.name('session_id')!r}, wanted a ranking log or a world"
        )
    counted = _counted(source, threads)
    counts = counted.pairs.counts()
    if not counts.clicks.any() or not len(counted.keys):
        missing = "no clicks" if len(counted.keys) else "no session that is not shuffled"
        raise DataError(f"{source.origin}: {missing}, wanted some to plan by")
    theta = _examination(source, position_bias, counts, threads)
    attractiveness, above = _attractiveness(counts, theta)
    text = f"estimated from {counted.sessions:,} sessions by a position-based model, and no better than that"
    notes = [
        *reader_notes(source),
        *unused_weights(source),
        Note("estimated_world", text, {"sessions": counted.sessions}),
    ]
    if above:
        text = f"{above:,} pairs of query and item with more clicks than examinations count as clicked always"
        notes.append(Note("clicked_always", text, {"pairs": above}))
    return _world(counted, counts, attractiveness, theta), tuple(notes)


@dataclass(frozen=True)
class _Counted:
    """Counts of all sessions, and the lists of some sessions outside experiments.

    Attributes:
        pairs: impressions and clicks of each pair of query and item.
        sessions: number of sessions counted.
        keys: (m,) hashes of the ids of the sessions whose lists are kept, ascending.
        lists: (m, K) uint64 keys of the pairs in these lists, 0 beyond the end.
        sizes: (m,) lengths of these lists.
    """

    pairs: PairTable
    sessions: int
    keys: Hashes
    lists: Hashes
    sizes: Ints

    def merge(self, other: _Counted) -> _Counted:
        """The counts of both, and the lists with the lowest keys."""
        width = max(self.lists.shape[1], other.lists.shape[1])
        keys = np.concatenate([self.keys, other.keys])
        kept = np.argsort(keys, kind="stable")[:MOST_SESSIONS]
        lists = np.concatenate([_wide(self.lists, width), _wide(other.lists, width)])
        sizes = np.concatenate([self.sizes, other.sizes])
        pairs, sessions = self.pairs.merge(other.pairs), self.sessions + other.sessions
        return _Counted(pairs, sessions, keys[kept], lists[kept], sizes[kept])


def _wide(lists: Hashes, width: int) -> Hashes:
    return np.pad(lists, ((0, 0), (0, width - lists.shape[1])))


def _counted(log: Log, threads: int | None) -> _Counted:
    roles = pair_roles(log)
    marks = [role for role in ("shuffled",) if log.has(role)]

    def work(sessions: Sessions) -> _Counted:
        rows = pair_rows(sessions)
        shown = rows.sessions
        require_no_gaps(shown, "a plan")
        kept = np.flatnonzero((shown.lengths > 0) & ~_shuffled(shown, marks))
        keys = mix64(unit_keys(shown, shown.session, ()))[kept]
        kept = kept[np.argsort(keys, kind="stable")[:MOST_SESSIONS]]
        sizes = shown.lengths[kept]
        lists = np.zeros((len(kept), int(shown.lengths.max(initial=0))), np.uint64)
        row = np.repeat(np.arange(len(kept)), sizes)
        items = places_of(shown.offsets, kept)
        lists[row, rows.positions[items] - 1] = rows.pairs[items]
        table = PairTable.of(rows).within(log)
        return _Counted(table, int((shown.lengths > 0).sum()), np.sort(keys)[:MOST_SESSIONS], lists, sizes)

    def merge(left: _Counted, right: _Counted) -> _Counted:
        merged = left.merge(right)
        merged.pairs.within(log)
        return merged

    return fold(log, list(dict.fromkeys([*roles, *marks])), work, merge, threads)


def _shuffled(sessions: Sessions, marks: list[str]) -> Bools:
    """(n,) whether each session took part in an experiment."""
    if not marks:
        return np.zeros(len(sessions), np.bool_)
    return marked_shuffled(sessions)


def _examination(log: Log, position_bias: Any, counts: PairCounts, threads: int | None) -> Floats:
    """(K,) examination by position, at most 1."""
    if position_bias is None:
        from rankeval.position_bias import propensity

        theta = propensity(log, "em", threads=threads).curves[None].theta
    else:
        curve = PositionBias.of(position_bias)
        if "examination" not in curve or len(curve) < counts.length:
            found = f"{len(curve)} positions" if "examination" in curve else "no examination"
            raise DataError(f"{curve.origin}: {found}, wanted examination at positions 1 to {counts.length}")
        theta = curve.curve("examination")
    theta = theta[: counts.length]
    if not (theta > 0.0).all():
        raise DataError(
            f"{log.origin}: no examination at position {int(np.argmin(theta > 0.0)) + 1}, wanted some"
        )
    return np.asarray(theta / max(float(theta.max()), 1.0))


def _attractiveness(counts: PairCounts, theta: Floats) -> tuple[Floats, int]:
    """(P,) clicks over examinations of each pair, cut to at most 1, and the number of pairs cut."""
    examined = np.zeros(len(counts))
    np.add.at(examined, counts.pair, counts.impressions * theta[counts.positions - 1])
    clicks = np.zeros(len(counts))
    np.add.at(clicks, counts.pair, counts.clicks)
    rates = clicks / examined
    return np.minimum(rates, 1.0), int((rates > 1.0).sum())


def _world(counted: _Counted, counts: PairCounts, attractiveness: Floats, theta: Floats) -> World:
    """The world whose queries are the distinct lists."""
    beyond = np.arange(counted.lists.shape[1]) >= counted.sizes[:, np.newaxis]
    pairs = np.where(beyond, -1, np.searchsorted(counts.keys, counted.lists))
    lists, times = np.unique(pairs, axis=0, return_counts=True)
    held = lists >= 0
    offsets = offsets_of(held.sum(axis=1))
    items = lists[held]
    queries = Queries(
        ids=range(len(lists)),
        weights=times / times.sum(),
        offsets=offsets,
        item_ids=range(len(items)),
        attractiveness=attractiveness[items],
    )
    ranks = np.arange(len(items)) - np.repeat(offsets[:-1], np.diff(offsets))
    logging = FixedOrder(offsets, len(theta), -ranks.astype(np.float64))
    return World(PositionBased(tuple(theta.tolist())), len(theta), queries, logging)
