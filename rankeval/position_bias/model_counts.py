"""Counts of a ranking log for tests of the user model: of each pair of query and item, by position and arm.

An *arm* is a ranker, or the sessions of a swap experiment. Shuffled sessions have a test of their own
(:mod:`rankeval.position_bias.shuffled_arm`) and are left out. Half of the sessions, by the hash of their ids,
are held out for comparisons of models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import hashes_of, kernel, mix64, quick_hashes_of, read_only
from rankeval.logs import Log, PairRows, PairTable, Sessions, fold, pair_roles, pair_rows
from rankeval.position_bias.shuffle import design_of
from rankeval.position_bias.shuffled_arm import arms_of

#: Largest number of cells (pairs by position, arm and half) that are counted; beyond, there are no tests.
MOST_CELLS = 1 << 23
#: Largest number of arms.
MOST_ARMS = 50
#: The arm of sessions of a swap experiment.
SWAPPED = "swapped sessions"
#: Largest number of positions.
MOST_POSITIONS = 1000
#: Bits of a position, and of the hash of an arm, in the label of a cell.
_POSITION, _ARM = 10, 20


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The shown items of some sessions.

    Attributes:
        rows: pairs, positions and clicks.
        arms: (n,) int64, a hash of the arm of each session.
        held: (n,) int64, 1 for sessions that are held out, else 0.
        last: (n,) int64, the position of the last click of each session; 0 without a click.
        names: hash of an arm -> its name.
    """

    rows: PairRows
    arms: Ints
    held: Ints
    last: Ints
    names: Mapping[int, str]

    @classmethod
    def of(cls, sessions: Sessions, top: int) -> LabelledRows:
        """Those of sessions that are not shuffled, down to position ``top``."""
        shuffled = arms_of(sessions)[1]
        rows = pair_rows(sessions.chosen(np.flatnonzero(~shuffled)), top)
        chosen = rows.sessions
        ranked = arms_of(chosen)[0]
        keys, names = np.zeros(len(chosen), np.int64), {0: "the ranker"}
        if "ranker" in chosen:
            column = chosen.per_session("ranker")
            keys = np.asarray(mix64(quick_hashes_of(column)) >> np.uint64(64 - _ARM), np.int64)
            _, first = np.unique(keys, return_index=True)
            names = {int(keys[row]): str(column[int(row)].as_py()) for row in first}
        if not ranked.all():
            keys = np.where(ranked, keys, (1 << _ARM) - 1)
            names[(1 << _ARM) - 1] = SWAPPED
        ids = hashes_of(chosen.per_session(chosen.session or "session_id"))
        held = np.asarray(mix64(ids, 1) & np.uint64(1), np.int64)
        last = _last_clicks(read_only(chosen.offsets), read_only(rows.positions), read_only(rows.clicks))
        return cls(rows, keys, held, last, names)

    def labels(self) -> Ints:
        """(items,) the label of each item's cell: arm, half, whether users surely came there, position."""
        owner = np.repeat(np.arange(len(self.last)), self.rows.sessions.lengths)
        last = self.last[owner]
        came = (last == 0) | (self.rows.positions <= last)
        halves = self.arms[owner] * 2 + self.held[owner]
        return np.asarray((halves * 2 + came << _POSITION) + self.rows.positions, np.int64)


@dataclass(frozen=True, eq=False)
class ModelCounts:
    """The counts of all sessions.

    Attributes:
        keys: (P,) uint64, the pairs, ascending.
        pair, arm, held, came, position: (cells,) int64, where a cell is.
        shown, clicks: (cells,) float64, its impressions and clicks.
        names: name of each arm.
        codes: hash of an arm -> its index.
        ends: (K, 2) float64: clicks at each position, and how many of them are the last of their session, of
            the sessions that are not held out.
    """

    keys: Hashes
    pair: Ints
    arm: Ints
    held: Ints
    came: Ints
    position: Ints
    shown: Floats
    clicks: Floats
    names: tuple[str, ...]
    codes: Mapping[int, int]
    ends: Floats


@dataclass(frozen=True, eq=False)
class _Part:
    table: PairTable
    names: Mapping[int, str]
    ends: Floats

    def merge(self, other: _Part) -> _Part:
        small = max(len(self.table), len(other.table)) <= MOST_CELLS
        table = self.table.merge(other.table) if small else self.table
        return replace(self, table=table, names={**self.names, **other.names}, ends=self.ends + other.ends)


def model_roles(log: Log) -> list[str]:
    """The roles of the columns to read."""
    ranker = ["ranker"] if log.has("ranker") else []
    return list(dict.fromkeys([*pair_roles(log), *design_of(log), *ranker]))


def count_models(log: Log, top: int, threads: int | None) -> ModelCounts | None:
    """The counts in one pass, to position ``top``; None with too many positions, cells or arms."""
    if top > MOST_POSITIONS:
        return None

    def work(sessions: Sessions) -> _Part:
        found = LabelledRows.of(sessions, top)
        rows = found.rows
        ends = np.zeros((top, 2))
        taught = np.repeat(found.held == 0, rows.sessions.lengths) & (rows.clicks == 1)
        ends[:, 0] = np.bincount(rows.positions[taught] - 1, minlength=top)
        final = taught & (rows.positions == np.repeat(found.last, rows.sessions.lengths))
        ends[:, 1] = np.bincount(rows.positions[final] - 1, minlength=top)
        return _Part(PairTable.counted(rows.pairs, found.labels(), rows.clicks), found.names, ends)

    part = fold(log, model_roles(log), work, _Part.merge, threads)
    if len(part.table) > MOST_CELLS or len(part.names) > MOST_ARMS or not len(part.table):
        return None
    counts = part.table.counts()
    label = counts.positions >> _POSITION
    hashes = sorted(part.names)
    codes = {key: code for code, key in enumerate(hashes)}
    return ModelCounts(
        counts.keys,
        counts.pair,
        np.searchsorted(np.array(hashes), label >> 2),
        label >> 1 & 1,
        label & 1,
        counts.positions & ((1 << _POSITION) - 1),
        counts.impressions.astype(np.float64),
        counts.clicks.astype(np.float64),
        tuple(part.names[key] for key in hashes),
        codes,
        part.ends,
    )


@kernel
def _last_clicks(offsets: Ints, positions: Ints, clicks: Ints) -> Ints:
    """(n,) the position of the last click of each session; 0 without one."""
    found = np.zeros(offsets.size - 1, np.int64)
    for s in range(offsets.size - 1):
        for i in range(offsets[s], offsets[s + 1]):
            if clicks[i] == 1:
                found[s] = max(found[s], positions[i])
    return found
