"""Support: what a target policy does that the logging policy never does, or hardly ever."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only

#: Powers of ten that near-support tells apart: a candidate has a logging probability under ``10^-power``.
POWERS = (3, 4, 5)
#: A rare candidate counts only if the target policy takes it more than this many times as often.
MORE_OFTEN = 10.0
#: The support gap, and near-support by power, as columns with one number per round.
GAP = "support_gap"
#: What a model predicts for the candidates of the support gap: ``sum pi(a) q(a)``.
GAP_MODEL = "gap_model"
NEAR = {power: f"near_support_{power}" for power in POWERS}
#: Rounds in which an action is expected to be taken before its rewards count as seen.
SEEN = 30.0


def near_power(n: float) -> int:
    """The power for ``n`` rounds: rarer candidates are taken in fewer than 30 of them; at least 3."""
    return next((power for power in POWERS if n <= SEEN * 10.0**power), POWERS[-1])


def unsupported(offsets: Ints, logging: Floats, target: Floats) -> dict[str, Floats]:
    """Column -> (n,) float64: the target's probability of the candidates without enough support.

    Args:
        offsets: (n + 1,) the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``.
        logging, target: (candidates,) the probabilities under both policies.
    """
    limits = read_only(np.array([10.0**-power for power in POWERS]))
    return dict(zip((GAP, *NEAR.values()), _sums_of_rare(offsets, logging, target, limits), strict=True))


@kernel
def _sums_of_rare(offsets: Ints, logging: Floats, target: Floats, limits: Floats) -> Floats:
    """(1 + limits, n) sums of ``target``: where ``logging`` is 0, and where it is below each limit.

    Args:
        offsets, logging, target: as in :func:`unsupported`.
        limits: descending; below them ``target`` must be clearly above ``logging`` to count.
    """
    total = np.zeros((1 + limits.size, offsets.size - 1))
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            if logging[i] >= limits[0]:
                continue
            if logging[i] <= 0.0:
                total[0, row] += target[i]
            elif target[i] > MORE_OFTEN * logging[i]:
                for j in range(limits.size):
                    if logging[i] < limits[j]:
                        total[1 + j, row] += target[i]
    return total
