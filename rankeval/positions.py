"""Where items stand in the lists of a ranking log, whether a column says it or the order of nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.arrow import as_float64
from rankeval.log import Log
from rankeval.sessions import Sessions, counting

Floats = NDArray[np.float64]


def position_roles(log: Log) -> list[str]:
    """The column ``position``; none in nested layout without it, where the order of the lists is meant."""
    return [] if log.nested and not log.has("position") else ["position"]


def positions(sessions: Sessions) -> Floats:
    """Position of each item, NaN where it was not shown."""
    if "position" in sessions:
        return as_float64(sessions.column("position"))
    first = np.repeat(sessions.offsets[:-1], sessions.lengths)
    return (counting(len(first)) - first + 1).astype(np.float64)


def position_of(sessions: Sessions, item: int) -> Any:
    """Position of one item, as messages say it."""
    if "position" in sessions:
        return sessions.column("position")[item].as_py()
    return int(positions(sessions)[item])
