"""Standard errors of shared parameters: the observed information with the parameters of pairs profiled out.

All derivatives are with respect to the logits of the parameters ``x``. The first derivative of the
log-likelihood is then ``successes - trials x``. Finite differences of it give products with the information.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.simulators.click_models.fitting.em import Maximum
from rankeval.simulators.click_models.fitting.points import Expectation

#: An estimate is at the boundary if it is within EDGE of 0 or 1, or if an EM step still moves it by more than
#: the share DRIFT of its distance to the nearer bound.
EDGE, DRIFT = 1e-6, 1e-3
#: Step of the finite differences, in logits.
STEP = 1e-4
#: Conjugate gradients end when a step reduces the remaining information by at most the share ENOUGH, or after
#: MOST_STEPS steps.
ENOUGH, MOST_STEPS = 1e-4, 500
#: A parameter is identified if at least this share of its information remains when the others are unknown.
LEAST_LEFT = 1e-6

AT_BOUNDARY = "the estimate is at the boundary"
NEVER_TRIED = "no session tells of it"
NOT_IDENTIFIED = "not identified by these sessions"


class Errors(NamedTuple):
    """Covariance of the shared parameters.

    Attributes:
        covariance: (G, G) float64, 0 for parameters without standard error.
        reasons: index of a parameter without standard error -> the reason.
    """

    covariance: Floats
    reasons: dict[int, str]

    def standard_errors(self) -> list[float | None]:
        """(G,) standard errors; None for parameters without one."""
        roots = np.sqrt(np.diag(self.covariance)).tolist()
        return [None if index in self.reasons else root for index, root in enumerate(roots)]


class Information:
    """The observed information at a maximum of the likelihood.

    Args:
        expect: function that gives the expected successes and trials at (N,) values.
        maximum: the maximum.
        pseudo: (N,) pseudo-counts of the prior, as in :class:`Ascent`.
        separable: whether the log-likelihood is a sum of one term for each pair if the shared parameters are
            given. The information of the pairs is then diagonal.
    """

    def __init__(
        self,
        expect: Callable[[Floats], Expectation],
        maximum: Maximum,
        pseudo: Floats,
        *,
        separable: bool,
    ) -> None:
        self._expect, self._pseudo, self._separable = expect, pseudo, separable
        self._values = maximum.values
        self._trials = maximum.expectation.trials.flat + 2.0 * pseudo
        rest = np.minimum(self._values, 1.0 - self._values)
        self._tried = self._trials > 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.abs(self._score(maximum.expectation, self._values)) / self._trials
        self._inside = self._tried & (rest > EDGE) & (moved <= DRIFT * rest)

    def errors(self, shared: int, fixed: Mapping[int, str]) -> Errors:
        """The errors of the first ``shared`` parameters; parameters in ``fixed`` are treated as known."""
        reasons = dict(fixed)
        for index in set(range(shared)) - set(fixed):
            if not self._tried[index]:
                reasons[index] = NEVER_TRIED
            elif not self._inside[index]:
                reasons[index] = AT_BOUNDARY
        covariance = np.zeros((shared, shared))
        free = np.array([index for index in range(shared) if index not in reasons], np.int64)
        if len(free):
            inverse, identified = _inverse(*self._profiled(free, shared))
            slopes = (self._values * (1.0 - self._values))[free]
            covariance[np.ix_(free, free)] = inverse * np.outer(slopes, slopes)
            reasons |= dict.fromkeys(free[~identified].tolist(), NOT_IDENTIFIED)
        return Errors(covariance, reasons)

    def _profiled(self, free: Ints, shared: int) -> tuple[Floats, Floats]:
        """The information of the ``free`` parameters, used to compute their covariance.

        Returns:
            The (free, free) information with the parameters of pairs profiled out, and the (free,)
            information of each parameter if all others were known.
        """
        pairs = np.flatnonzero(self._inside)
        pairs = pairs[pairs >= shared]
        columns = [self._product(np.array([index]), np.ones(1)) for index in free]
        own = np.array([column[free] for column in columns])
        solve = self._solver(pairs)
        solved = np.array([solve(column[pairs], own[i, i]) for i, column in enumerate(columns)])
        left = own - solved @ np.array([column[pairs] for column in columns]).T
        return 0.5 * (left + left.T), np.diag(own)

    def _solver(self, pairs: Ints) -> Callable[[Floats, float], Floats]:
        """A function that solves ``information of pairs x solution = vector``.

        Its second argument is ``whole`` of :func:`_conjugate_gradients`.
        """
        if self._separable:
            diagonal = self._product(pairs, np.ones(len(pairs)))[pairs]
            return lambda vector, _: vector / diagonal
        complete = (self._trials * self._values * (1.0 - self._values))[pairs]
        return lambda vector, whole: _conjugate_gradients(
            lambda direction: self._product(pairs, direction)[pairs], vector, complete, whole
        )

    def _product(self, places: Ints, direction: Floats) -> Floats:
        """(N,) the information times a vector with ``direction`` at the indices ``places``, 0 elsewhere."""
        largest = float(np.abs(direction).max(initial=0.0))
        if largest == 0.0:
            return np.zeros(len(self._values))
        step = STEP / largest * direction
        up, down = (self._score_at(places, sign * step) for sign in (1.0, -1.0))
        return (down - up) * (largest / (2.0 * STEP))

    def _score_at(self, places: Ints, step: Floats) -> Floats:
        values = self._values.copy()
        odds = values[places] / (1.0 - values[places]) * np.exp(step)
        values[places] = odds / (1.0 + odds)
        return self._score(self._expect(values), values)

    def _score(self, found: Expectation, values: Floats) -> Floats:
        """(N,) derivative of the objective with respect to the logits of ``values``."""
        trials = found.trials.flat + 2.0 * self._pseudo
        return found.successes.flat + self._pseudo - trials * values


def _inverse(information: Floats, known: Floats) -> tuple[Floats, Bools]:
    """The inverse of a symmetric matrix of information, and whether it identifies each parameter.

    ``known``: the information of each parameter if all others were known. The matrix is scaled by it, and
    eigenvalues of the scaled matrix of at most ``LEAST_LEFT`` count as 0.
    """
    if not (known > 0.0).all():
        return np.zeros_like(information), np.zeros(len(known), np.bool_)
    scale = 1.0 / np.sqrt(known)
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    kept = values > LEAST_LEFT
    identified = (vectors[:, ~kept] ** 2).sum(axis=1) < LEAST_LEFT
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse * np.outer(scale, scale), identified


def _conjugate_gradients(
    product: Callable[[Floats], Floats], vector: Floats, diagonal: Floats, whole: float
) -> Floats:
    """The solution of a positive definite system by preconditioned conjugate gradients, started at 0.

    Args:
        product: function that multiplies the matrix of the system with a vector.
        vector: the right-hand side.
        diagonal: of the preconditioner.
        whole: the number from which the caller subtracts ``vector @ solution``. The solution is as exact as
            this difference needs.
    """
    solution, residual, left = np.zeros_like(vector), vector, whole
    direction = residual / diagonal
    size = float(residual @ direction)
    for _ in range(MOST_STEPS):
        image = product(direction)
        curvature = float(direction @ image)
        if curvature <= 0.0:
            break
        length = size / curvature
        solution, residual = solution + length * direction, residual - length * image
        left -= length * size
        if length * size <= ENOUGH * left:
            break
        scaled = residual / diagonal
        size, before = float(residual @ scaled), size
        direction = scaled + size / before * direction
    return solution
