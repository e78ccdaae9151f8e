"""Counts of sampled sessions for tests of the user model: of pairs of query and item, by position and arm.

An *arm* is a ranker, or the sessions of a swap experiment. Half of the sessions, by the hash of their ids,
are held out for comparisons of models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.logs import PairTable
from rankeval.position_bias.session_sample import SessionSample

#: Largest number of arms.
MOST_ARMS = 50
#: Bits of a position in the label of a cell.
_POSITION = 10


@dataclass(frozen=True, eq=False)
class ModelCounts:
    """The counts of all sessions.

    Attributes:
        keys: (P,) uint64, the pairs, ascending.
        pair, arm, held, came, position: (cells,) int64, where a cell is.
        shown, clicks: (cells,) float64, its impressions and clicks.
        names: name of each arm.
        own: (n,) int64, the arm of each session.
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
    own: Ints
    ends: Floats


def count_models(sample: SessionSample, top: int) -> ModelCounts | None:
    """The counts down to position ``top``; None with too many positions or arms, or without clicks."""
    if top >= 1 << _POSITION or len(sample.names) > MOST_ARMS or not sample.clicks.any():
        return None
    hashes = np.array(sorted(sample.names))
    arms = np.searchsorted(hashes, sample.arms)
    owner, last = sample.owner, sample.last[sample.owner]
    came = (last == 0) | (sample.positions <= last)
    labels = ((arms[owner] * 2 + sample.held[owner]) * 2 + came << _POSITION) + sample.positions
    counts = PairTable.counted(sample.pairs, labels, sample.clicks).counts()
    label = counts.positions >> _POSITION
    taught = (sample.held[owner] == 0) & (sample.clicks == 1)
    final = taught & (sample.positions == last)
    ends = [np.bincount(sample.positions[each] - 1, minlength=top) for each in (taught, final)]
    return ModelCounts(
        counts.keys,
        counts.pair,
        label >> 2,
        label >> 1 & 1,
        label & 1,
        counts.positions & ((1 << _POSITION) - 1),
        counts.impressions.astype(np.float64),
        counts.clicks.astype(np.float64),
        tuple(sample.names[int(key)] for key in hashes),
        arms,
        np.stack(ends, axis=1).astype(np.float64),
    )
