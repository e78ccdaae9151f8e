"""What is fitted: probabilities shared by all sessions, and those of pairs of query and item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats

#: No parameters.
NONE = np.zeros(0)


class Point(NamedTuple):
    """Values of all parameters, each a probability.

    Attributes:
        shared: (G,) those of the model.
        attractiveness: (P,)
        satisfaction: (P,), of models without it (0,).
    """

    shared: Floats
    attractiveness: Floats
    satisfaction: Floats

    @classmethod
    def of(cls, flat: Floats, shared: int, pairs: int) -> Point:
        """Views of one flat array."""
        return cls(flat[:shared], flat[shared : shared + pairs], flat[shared + pairs :])

    @property
    def flat(self) -> Floats:
        """All of them, one after the other."""
        return np.concatenate(self)


class Expectation(NamedTuple):
    """Expected successes and trials of each parameter given the clicks, and the log-likelihood of these.

    With what users did being known all models are coins: a parameter's best value is successes over trials,
    and ``(successes - trials x) / (x (1 - x))`` is the derivative of the log-likelihood of the clicks alone
    (Fisher's identity).
    """

    successes: Point
    trials: Point
    log_likelihood: float


def log_or_zero(counts: Floats, chances: Floats) -> Floats:
    """``counts * log(chances)``, 0 where nothing was counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0.0, counts * np.log(chances), 0.0)


def ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, 0 where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(whole > 0.0, part / whole, 0.0)
