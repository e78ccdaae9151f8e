"""Policies over the actions of a world with few contexts, held as a matrix."""

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

    ``scores``: shape ``(contexts, actions)``. A score of minus infinity is an action never taken; each
    context needs one finite score. Equal scores are the uniform policy.
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
        """Shape ``(contexts, actions)``; rows sum to 1."""
        odds = np.exp((self.scores - self.scores.max(axis=1, keepdims=True)) / self.temperature)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def importance_weights(logging: SoftmaxPolicy, target: SoftmaxPolicy) -> Matrix:
    """``pi(a|x) / pi_0(a|x)``, shape ``(contexts, actions)``; 0 where the logging policy never goes."""
    taken = logging.probabilities > 0
    return np.divide(target.probabilities, logging.probabilities, out=np.zeros(taken.shape), where=taken)
