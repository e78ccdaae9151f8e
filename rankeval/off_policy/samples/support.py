"""Support: what a target policy does that the logging policy never does, or hardly ever."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

#: Powers of ten that near-support tells apart: a candidate has a logging probability under ``10^-power``.
POWERS = (3, 4, 5)
#: A rare candidate counts only if the target policy takes it more than this many times as often.
MORE_OFTEN = 10.0
#: The support gap, and near-support by power, as columns with one number per round.
GAP = "support_gap"
NEAR = {power: f"near_support_{power}" for power in POWERS}
#: Rounds in which an action is expected to be taken before its rewards count as seen.
SEEN = 30.0


def near_power(n: float) -> int:
    """The power for ``n`` rounds: rarer candidates are taken in fewer than 30 of them; at least 3."""
    return next((power for power in POWERS if n <= SEEN * 10.0**power), POWERS[-1])


def unsupported(column: str, offsets: Ints, logging: Floats, target: Floats) -> Floats:
    """(n,) float64: the probability under the target policy of the candidates without enough support.

    Args:
        column: :data:`GAP`, candidates with logging probability 0; or one of :data:`NEAR`.
        offsets: (n + 1,) the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``.
        logging, target: (candidates,) the probabilities under both policies.
    """
    if column == GAP:
        return _sums_between(offsets, logging, target, -1.0, 0.0, 0.0)
    power = next(power for power, name in NEAR.items() if name == column)
    return _sums_between(offsets, logging, target, 0.0, float(np.nextafter(10.0**-power, 0.0)), MORE_OFTEN)


@kernel
def _sums_between(
    offsets: Ints, logging: Floats, target: Floats, above: float, upto: float, factor: float
) -> Floats:
    """(n,) sums of ``target`` over candidates with ``above < logging <= upto`` and a ratio above factor."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            if above < logging[i] <= upto and target[i] > factor * logging[i]:
                total[row] += target[i]
    return total
