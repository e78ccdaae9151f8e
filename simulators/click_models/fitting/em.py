"""Expectation maximisation, accelerated, until nothing changes any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rankeval.simulators.click_models.fitting.points import Expectation, Floats, log_or_zero

#: Part of the way to a bound that an extrapolation may leave.
LEAST_REST = 0.1
#: Log-likelihoods are known to about this part of them.
ROUNDING = 1e-13


class Maximum(NamedTuple):
    """Where expectation maximisation ended.

    Attributes:
        values: all parameters.
        expectation: there.
        objective: the log-likelihood, and the prior's where there is one.
        iterations: number of expectations that were computed.
        converged: whether the last step was within the tolerance.
    """

    values: Floats
    expectation: Expectation
    objective: float
    iterations: int
    converged: bool


class Ascent:
    """Climbs to the maximum of a likelihood by EM steps with squared extrapolation (Varadhan & Roland 2008).

    Args:
        expect: expected successes and trials at given values.
        shared: number of shared parameters, which stand first.
        pseudo: (N,) successes and as many failures that are added to those of each parameter: the logarithm
            of a Beta(1 + pseudo, 1 + pseudo) density is added to the log-likelihood.
        tolerance: it ends when a cycle of three steps raises the log-likelihood by at most this (or 1e-13 of
            it, where numbers are no finer) and changes no shared parameter by more.
        max_iterations: steps after which it ends in any case.
    """

    def __init__(
        self,
        expect: Callable[[Floats], Expectation],
        shared: int,
        pseudo: Floats,
        tolerance: float,
        max_iterations: int,
    ) -> None:
        self._expect, self._shared, self._pseudo = expect, shared, pseudo
        self._tolerance, self._most = tolerance, max_iterations
        self._iterations = 0

    def from_(self, start: Floats) -> Maximum:
        """The maximum that is reached from ``start``."""
        values, (found, objective) = start, self._at(start)
        while True:
            once = self._step(values, found)
            found_once, better = self._at(once)
            twice = self._step(once, found_once)
            ahead = _extrapolated(values, once, twice)
            found_ahead, reached = self._at(ahead)
            if not reached >= better:
                ahead, (found_ahead, reached) = twice, self._at(twice)
            moved = np.abs(ahead - values)[: self._shared].max(initial=0.0)
            rise = reached - objective
            values, found, objective = ahead, found_ahead, reached
            if self._iterations >= self._most or self._ended(rise, float(moved), objective):
                converged = self._ended(rise, float(moved), objective)
                return Maximum(values, found, objective, self._iterations, converged)

    def _ended(self, rise: float, moved: float, objective: float) -> bool:
        least = max(self._tolerance, ROUNDING * abs(objective))
        return bool(rise <= least and moved <= self._tolerance)

    def _at(self, values: Floats) -> tuple[Expectation, float]:
        self._iterations += 1
        found = self._expect(values)
        prior = log_or_zero(self._pseudo, values) + log_or_zero(self._pseudo, 1.0 - values)
        return found, found.log_likelihood + float(prior.sum())

    def _step(self, values: Floats, found: Expectation) -> Floats:
        """Successes over trials; what was not tried stays."""
        successes = found.successes.flat + self._pseudo
        trials = found.trials.flat + 2.0 * self._pseudo
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(trials > 0.0, np.clip(successes / trials, 0.0, 1.0), values)


def _extrapolated(start: Floats, once: Floats, twice: Floats) -> Floats:
    """Where steps that shrink by a constant factor lead to, short of the bounds 0 and 1."""
    step, change = once - start, (twice - once) - (once - start)
    bend = float(np.sqrt(change @ change))
    if bend == 0.0:
        return twice
    length = max(float(np.sqrt(step @ step)) / bend, 1.0)
    ahead = start + 2.0 * length * step + length**2 * change
    return np.clip(ahead, LEAST_REST * twice, 1.0 - LEAST_REST * (1.0 - twice))
