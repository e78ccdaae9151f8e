"""How many times each unit of a log counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.sessions import Sessions


def counts_of(sessions: Sessions) -> NDArray[np.float64]:
    """(n,) the column ``weight``, 1 where it was not read.

    Raises:
        DataError: a number that is below 0 or not finite.
    """
    if "weight" not in sessions:
        return np.ones(len(sessions))
    counts = sessions.numbers_per_session("weight")
    if counts.min(initial=0.0) < 0.0:
        first = int(np.argmax(counts < 0.0))
        raise sessions.error("weight", int(sessions.offsets[first]), counts[first], "a number of at least 0")
    return counts
