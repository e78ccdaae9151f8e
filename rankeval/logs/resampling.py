"""Resampled logs: each unit occurs in a pass as often as it is drawn, for refits of everything on it.

A unit is drawn ``m`` times, where ``m`` has a Poisson distribution of mean 1 and follows from the hash of
its key (the Poisson bootstrap: Hanley & MacGibbon 2006). A unit is thus drawn without knowing the others, and
alike in every pass over the log. Copies of a unit have its key: they stay together in folds and clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Ints
from rankeval.arrays import mix64
from rankeval.logs.layout import first_rows
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.logs.units import unit_keys

#: Keeps the draws independent of folds, samples and buckets, which hash the same keys.
_DRAW = 0x44524157
#: Probability of at most 0, 1, 2, ... draws; the last is 1 within rounding.
_CUMULATIVE = np.cumsum(np.exp(-1.0) / np.cumprod([1.0, *range(1, 18)]))


@dataclass(frozen=True)
class Resampling:
    """Draws the units of a log.

    Attributes:
        key: role of the column whose values are the units; None: rows are.
        first_rows: number of rows before each file, if rows are the units; else empty.
        seed: seed of the draws.
        replicate: the number of the draw; other numbers give independent draws.
    """

    key: str | None
    first_rows: tuple[int, ...]
    seed: int
    replicate: int

    #: Sessions come several times.
    once = False

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns to read."""
        return [] if self.key is None else [self.key]

    def times(self, sessions: Sessions) -> Ints:
        """(n,) int64, how many times each session is drawn."""
        keys = mix64(mix64(unit_keys(sessions, self.key, self.first_rows), self.seed), _DRAW)
        uniform = (mix64(keys, self.replicate) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return np.minimum(np.searchsorted(_CUMULATIVE, uniform, side="right"), len(_CUMULATIVE) - 1)

    def over(self, sessions: Sessions) -> Sessions:
        """The drawn sessions; copies of a session are neighbours."""
        return sessions.chosen(np.repeat(np.arange(len(sessions)), self.times(sessions)))


def resampled(log: Log, cluster: str | None, seed: int, replicate: int) -> Log:
    """The log of one draw of its clusters; without a cluster column of its sessions or rounds, by their ids.

    Rounds without a column ``round_id`` are known by their row numbers.
    """
    id = log.session or ("round_id" if log.has("round_id") else None)
    key = id if cluster is None else cluster
    before = () if key else tuple(first_rows(log.sources))
    return log.drawn_by(Resampling(key, before, seed, replicate))
