"""Newton's method for the maximum of the likelihood of the position-based model."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.position_bias.cells import Cells

#: The iteration ends at a step that changes every ``log theta`` by less than this.
TOLERANCE = 1e-10
STEPS = 200
_INNER_STEPS = 200
#: A partial derivative below this share of the clicks at its position is rounding error and is set to 0.
#: Where the likelihood is flat, it would give a step in a wrong direction.
_FLAT = 1e-14


def starting_point(cells: Cells, clicked: Bools) -> Floats:
    """(K,) start for ``log theta``: ten fixed-point steps on the Poisson likelihood.

    Its maximum is close to that of the position-based model if clicks are rare.

    Args:
        clicked: (K,) whether a position has clicks.
    """
    pairs, theta = len(cells.offsets) - 1, np.ones(cells.length)
    clicks, of_pair = cells.by_place(cells.clicks), cells.of_pair
    for _ in range(10):
        weight = np.bincount(cells.pair, cells.impressions * theta[cells.places], pairs)
        alpha = of_pair / np.where(weight > 0.0, weight, 1.0)
        expected = cells.by_place(cells.impressions * alpha[cells.pair])
        theta = np.where(clicked, clicks / np.where(expected > 0.0, expected, 1.0), 1.0)
    phi = np.log(theta)
    return _at_most_0(np.where(clicked, phi - phi[clicked].max(), 0.0))


def _at_most_0(phi: Floats) -> Floats:
    """``phi`` with its upper bound 0. A value within ``TOLERANCE`` of 0 becomes 0.

    Without that, a value at the bound up to rounding would not count as being at the bound.
    """
    return np.where(phi > -TOLERANCE, 0.0, phi)


class Climb:
    """Projected Newton steps (Bertsekas 1982) that maximise the profile likelihood of ``log theta <= 0``.

    The profile likelihood takes the best alpha of each pair. One position, the gauge, has its ``log theta``
    fixed at 0. If the derivative of the gauge is negative and that of another position at 0 is positive, that
    other position becomes the gauge. The problem is concave, so the steps end at its maximum.
    """

    def __init__(self, cells: Cells, clicked: Bools) -> None:
        self.cells, self.clicked = cells, clicked
        self.alpha = np.full(len(cells.offsets) - 1, 0.5)
        self._flat = _FLAT * cells.by_place(cells.clicks)

    def at(self, phi: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Log-likelihood, alpha (P,), gradient (K,) and information (K, K) at ``log theta`` = ``phi``."""
        cells, theta = self.cells, np.exp(phi)
        gradient, hessian = np.zeros(cells.length), np.zeros((cells.length, cells.length))
        value = float(
            _evaluated(
                cells.offsets,
                cells.places,
                cells.impressions,
                cells.clicks,
                theta,
                self.alpha,
                gradient,
                hessian,
            )
        )
        return value, self.alpha, np.where(np.abs(gradient) <= self._flat, 0.0, gradient), hessian

    def to_the_top(self, phi: Floats) -> tuple[Floats, bool]:
        """``log theta`` (K,) at the maximum, from a start ``phi``, and whether the steps converged."""
        gauge = int(np.argmax(np.where(self.clicked, phi, -np.inf)))
        value, _, gradient, hessian = self.at(phi)
        for _ in range(STEPS):
            top = self.clicked & (phi >= 0.0)
            held = top & (gradient > 0.0)
            if gradient[gauge] < 0.0 and held.any():
                gauge = int(np.argmax(np.where(held, gradient, -np.inf)))
                held = top & (gradient > 0.0)
            held[gauge] = True
            free = np.flatnonzero(self.clicked & ~held)
            step = np.zeros(len(phi))
            step[free] = _solved(hessian[np.ix_(free, free)], gradient[free])
            new, found = self._searched(phi, value, gradient, step)
            moved = float(np.abs(new - phi).max(initial=0.0))
            phi, (value, _, gradient, hessian) = new, found
            if moved < TOLERANCE:
                return phi, True
        return phi, False

    def _searched(
        self, phi: Floats, value: float, gradient: Floats, step: Floats
    ) -> tuple[Floats, tuple[float, Floats, Floats, Floats]]:
        """The point after a line search along ``step``, and :meth:`at` of that point.

        The step is halved until the likelihood rises enough (Armijo's rule). If it never does, the point is
        ``phi``.
        """
        scale = 1.0
        while np.abs(scale * step).max(initial=0.0) >= TOLERANCE / 2.0:
            new = _at_most_0(phi + scale * step)
            found = self.at(new)
            rounding = 1e-14 * abs(value)
            if found[0] >= value + 1e-4 * float(np.sum(gradient * (new - phi))) - rounding:
                return new, found
            scale /= 2.0
        return phi, self.at(phi)


def _solved(matrix: Floats, gradient: Floats) -> Floats:
    """Newton's step, with a ridge that gives a zero step in flat directions; no entry exceeds 2 in size."""
    if not len(gradient):
        return gradient
    ridge = 1e-12 * max(float(np.trace(matrix)), float(np.abs(gradient).max()), 1e-100)
    step = np.linalg.solve(matrix + ridge * np.eye(len(gradient)), gradient)
    return np.asarray(step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300)))


@kernel
def _root(begin: int, end: int, places: Ints, n: Floats, c: Floats, theta: Floats, start: float) -> float:
    """The alpha in (0, 1] with ``sum c = sum (n - c) x / (1 - x)``, ``x = theta alpha``; 1 if there is none.

    Newton's method on ``log alpha``. Bisection replaces a step that leaves the interval around the root.
    """
    clicks, most = 0.0, 0.0
    for i in range(begin, end):
        clicks += c[i]
        missed = n[i] - c[i]
        if missed > 0.0:
            most += missed * theta[places[i]] / (1.0 - theta[places[i]])
    if most <= clicks:
        return 1.0
    low, high, alpha = 0.0, 1.0, start if 0.0 < start < 1.0 else 0.5
    for _ in range(_INNER_STEPS):
        value, slope = -clicks, 0.0
        for i in range(begin, end):
            missed = n[i] - c[i]
            if missed > 0.0:
                x = theta[places[i]] * alpha
                odds = x / (1.0 - x)
                value += missed * odds
                slope += missed * odds / (1.0 - x)
        if value > 0.0:
            high = alpha
        else:
            low = alpha
        new = alpha * np.exp(-value / slope)
        if not (low < new < high):
            new = (low + high) / 2.0
        moved = abs(new - alpha)
        alpha = new
        if moved <= 1e-15 * alpha:
            break
    return alpha


@kernel
def _evaluated(
    offsets: Ints,
    places: Ints,
    n: Floats,
    c: Floats,
    theta: Floats,
    alpha: Floats,
    gradient: Floats,
    hessian: Floats,
) -> float:
    """The log-likelihood at the best alpha.

    Writes ``alpha`` (P,), and adds the gradient (K,) and the negated Hessian (K, K) in ``log theta`` to
    ``gradient`` and ``hessian``, which are 0 before.
    """
    value = 0.0
    for pair in range(offsets.size - 1):
        begin, end = offsets[pair], offsets[pair + 1]
        if begin == end:
            continue
        alpha[pair] = _root(begin, end, places, n, c, theta, alpha[pair])
        total = 0.0
        for i in range(begin, end):
            k, missed = places[i], n[i] - c[i]
            x = theta[k] * alpha[pair]
            if c[i] > 0.0:
                value += c[i] * np.log(x)
            gradient[k] += c[i]
            if missed > 0.0:
                value += missed * np.log1p(-x)
                gradient[k] -= missed * x / (1.0 - x)
                h = missed * x / (1.0 - x) ** 2
                hessian[k, k] += h
                total += h
        if alpha[pair] < 1.0 and total > 0.0:
            for i in range(begin, end):
                x = theta[places[i]] * alpha[pair]
                h = max(n[i] - c[i], 0.0) * x / (1.0 - x) ** 2
                for j in range(begin, end):
                    y = theta[places[j]] * alpha[pair]
                    hessian[places[i], places[j]] -= h * max(n[j] - c[j], 0.0) * y / (1.0 - y) ** 2 / total
    return value
