"""Accelerated expectation maximisation (EM), iterated until it converges."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models.fitting.points import Expectation, log_or_zero

#: Smallest share of the distance to the bounds 0 and 1 that is left after an extrapolation.
LEAST_REST = 0.1
#: A rise of the log-likelihood by at most this share of it counts as no rise.
ROUNDING = 1e-12
#: Number of consecutive cycles without progress that end the iteration: one with a rate of convergence for
#: each parameter, and one with a common rate.
BOTH = 2
#: Bound on the length of an extrapolation, in EM steps: its first value, its smallest value, and its factors
#: after a failure and after a success at the bound.
FIRST_REACH, LEAST_REACH, SHRINK, GROW = 16.0, 2.0, 0.25, 2.0


class Maximum(NamedTuple):
    """The result of expectation maximisation.

    Attributes:
        values: (N,) all parameters.
        expectation: the expected successes and trials at ``values``.
        objective: the log-likelihood plus the log of the prior.
        iterations: number of expectations that were computed.
        converged: whether the last two cycles were within the tolerance.
    """

    values: Floats
    expectation: Expectation
    objective: float
    iterations: int
    converged: bool


class Ascent:
    """Finds the maximum of a likelihood by EM with squared extrapolation (Varadhan & Roland 2008).

    A cycle is two EM steps and an extrapolation of them. Two kinds of cycles alternate. In one kind all
    parameters have a common rate of convergence. In the other each parameter has its own rate: most pairs are
    independent of one another, and with a common rate a single pair with few clicks would slow down all of
    them. If the objective after the extrapolation is below that after the first step, the cycle ends with the
    second step instead, and later extrapolations are shorter.

    Args:
        expect: function that gives the expected successes and trials at (N,) values.
        shared: number of shared parameters; they are the first of the N parameters.
        pseudo: (N,) number of successes, and of failures, that are added for each parameter. This adds the
            logarithm of a Beta(1 + pseudo, 1 + pseudo) density to the log-likelihood.
        tolerance: the iteration ends when two consecutive cycles both raise the objective by at most this
            and change no shared parameter by more. A rise by 1e-12 of the objective, the limit of floating
            point, always counts as within the tolerance.
        max_iterations: the iteration also ends after the cycle that reaches this number of expectations.
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
        """The maximum that the iteration reaches from ``start``, (N,)."""
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
        """The end of a cycle: values, expectation and objective.

        It is the extrapolation of the two steps if its objective is at least ``least``, the objective after
        the first step. Otherwise it is the second step.
        """
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
        """An EM step: successes / trials. A parameter without trials keeps its value."""
        successes = found.successes.flat + self._pseudo
        trials = found.trials.flat + 2.0 * self._pseudo
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(trials > 0.0, np.clip(successes / trials, 0.0, 1.0), values)


def _extrapolated(
    start: Floats, once: Floats, twice: Floats, reach: float, *, together: bool
) -> tuple[Floats, bool]:
    """The limit of steps that shrink by a constant factor ``rate``, kept inside the bounds 0 and 1.

    The limit is ``1 / (1 - rate)`` steps from ``start``; at most ``reach`` steps are taken.

    Returns:
        The values, and whether ``reach`` limited any of them.
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
