"""Softmax policies over actions, as a matrix of contexts and actions, and their importance weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.simulators import matrix, real

Matrix = Floats


@dataclass(frozen=True, eq=False)
class SoftmaxPolicy:
    """``pi(a|x) = exp(score[x,a] / temperature) / sum over b of exp(score[x,b] / temperature)``.

    Equal scores give the uniform policy.

    Attributes:
        scores: (contexts, actions) float64. An action with a score of minus infinity is never taken. The
            largest score of each context is finite.
        temperature: at least 1e-9.

    Raises:
        UsageError: ``scores`` is not such a matrix, or ``temperature`` is out of range.
    """

    scores: Matrix
    temperature: float = 1.0

    def __post_init__(self) -> None:
        scores = matrix("scores", self.scores, (-1, -1))
        best = scores.max(axis=1)
        if not np.isfinite(best).all():
            row = int(np.flatnonzero(~np.isfinite(best))[0])
            raise UsageError(
                f"scores: found {best[row]} as the largest of context {row}, wanted a finite number"
            )
        object.__setattr__(self, "scores", scores)
        real("temperature", self.temperature, 1e-9)

    @cached_property
    def probabilities(self) -> Matrix:
        """(contexts, actions) float64 ``pi(a|x)``; rows sum to 1."""
        odds = np.exp((self.scores - self.scores.max(axis=1, keepdims=True)) / self.temperature)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def importance_weights(logging: SoftmaxPolicy, target: SoftmaxPolicy) -> Matrix:
    """The importance weights ``w(x,a) = pi(a|x) / pi_0(a|x)`` of a target policy ``pi``.

    Args:
        logging: the logging policy ``pi_0``.
        target: the target policy ``pi``, for the same contexts and actions.

    Returns:
        (contexts, actions) float64; 0 for actions that the logging policy never takes.
    """
    taken = logging.probabilities > 0
    return np.divide(target.probabilities, logging.probabilities, out=np.zeros(taken.shape), where=taken)
