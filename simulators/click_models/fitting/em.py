"""Expectation maximisation, accelerated, until nothing changes any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models.fitting.points import Expectation, log_or_zero

#: Part of the way to a bound that an extrapolation may leave.
LEAST_REST = 0.1
#: Rises of a log-likelihood by less than this part of it are none.
ROUNDING = 1e-12
#: Cycles in turn that must end it: one with each parameter on its own, one with all together.
BOTH = 2
#: How many steps an extrapolation may stand for: at first, at least, and after a failure or a full success.
FIRST_REACH, LEAST_REACH, SHRINK, GROW = 16.0, 2.0, 0.25, 2.0


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

    Every parameter is extrapolated by its own rate of convergence: most pairs have nothing to do with one
    another, and one that few clicks tell of would hold up all; every other time all of them have one rate.
    Where the objective does not rise it is a plain step instead, and the next ones reach less far.

    Args:
        expect: expected successes and trials at given values.
        shared: number of shared parameters, which stand first.
        pseudo: (N,) successes and as many failures that are added to those of each parameter: the logarithm
            of a Beta(1 + pseudo, 1 + pseudo) density is added to the log-likelihood.
        tolerance: it ends when two cycles of three steps each raise the log-likelihood by at most this (or
            1e-12 of it, where numbers are no finer) and change no shared parameter by more.
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
        self._together = False
        self._reach = {False: FIRST_REACH, True: FIRST_REACH}
        values, (found, objective), still = start, self._at(start), 0
        while True:
            once = self._step(values, found)
            found_once, better = self._at(once)
            ahead, found_ahead, reached = self._ahead(values, once, self._step(once, found_once), better)
            moved = float(np.abs(ahead - values)[: self._shared].max(initial=0.0))
            still = still + 1 if self._ended(reached - objective, moved, reached) else 0
            values, found, objective = ahead, found_ahead, reached
            if still == BOTH or self._iterations >= self._most:
                return Maximum(values, found, objective, self._iterations, still == BOTH)

    def _ahead(
        self, start: Floats, once: Floats, twice: Floats, least: float
    ) -> tuple[Floats, Expectation, float]:
        """Where two steps lead to, extrapolated if that is at least as high as ``least``, after the first."""
        self._together = together = not self._together
        ahead, furthest = _extrapolated(start, once, twice, self._reach[together], together=together)
        found, reached = self._at(ahead)
        if reached >= least:
            self._reach[together] *= GROW if furthest else 1.0
            return ahead, found, reached
        self._reach[together] = max(SHRINK * self._reach[together], LEAST_REACH)
        return twice, *self._at(twice)

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
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(trials > 0.0, np.clip(successes / trials, 0.0, 1.0), values)


def _extrapolated(
    start: Floats, once: Floats, twice: Floats, reach: float, *, together: bool
) -> tuple[Floats, bool]:
    """Where steps that shrink by a constant factor lead to, short of the bounds 0 and 1.

    That is ``1 / (1 - rate)`` steps ahead, at most ``reach``; also whether that held anything back.
    """
    step, change = once - start, (twice - once) - (once - start)
    with np.errstate(divide="ignore", invalid="ignore"):
        if together:
            steps = np.sqrt((step @ step) / (change @ change))
        else:
            steps = np.where(
                (change * step < 0.0) & (np.abs(change) < np.abs(step)), np.abs(step / change), 1.0
            )
    length = np.clip(np.nan_to_num(steps, nan=1.0), 1.0, reach)
    ahead = start + 2.0 * length * step + length**2 * change
    low, high = LEAST_REST * twice, 1.0 - LEAST_REST * (1.0 - twice)
    return np.clip(ahead, low, high), bool((steps > reach).any())
