"""The parameters of a fit: probabilities that all sessions share, and probabilities of query-item pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats

#: The value of parameters that a model does not have.
NONE = np.zeros(0)


class Point(NamedTuple):
    """Values of all parameters; each is a probability.

    Attributes:
        shared: (G,) parameters of the model that all sessions share.
        attractiveness: (P,) of each pair of query and item.
        satisfaction: (P,) of each pair; (0,) for models without satisfaction.
    """

    shared: Floats
    attractiveness: Floats
    satisfaction: Floats

    @classmethod
    def of(cls, flat: Floats, shared: int, pairs: int) -> Point:
        """A point of views of ``flat``, with ``shared`` shared parameters and ``pairs`` pairs."""
        return cls(flat[:shared], flat[shared : shared + pairs], flat[shared + pairs :])

    @property
    def flat(self) -> Floats:
        """(N,) all parameters in one array, in the order of the attributes."""
        return np.concatenate(self)


class Expectation(NamedTuple):
    """Expected successes and trials of each parameter given the clicks, and the log-likelihood of the clicks.

    If all hidden events (examination, relevance, satisfaction) were known, each parameter ``x`` would be the
    success probability of Bernoulli trials, and its maximum-likelihood estimate would be successes / trials.
    The derivative of the log-likelihood of the clicks alone is ``(successes - trials x) / (x (1 - x))``
    (Fisher's identity).

    Attributes:
        successes, trials: one value for each parameter, in the layout of the parameters.
        log_likelihood: natural log of the likelihood of the clicks.
    """

    successes: Point
    trials: Point
    log_likelihood: float


def log_or_zero(counts: Floats, chances: Floats) -> Floats:
    """``counts * log(chances)``, 0 where a count is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0.0, counts * np.log(chances), 0.0)


def ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, 0 where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(whole > 0.0, part / whole, 0.0)
