"""The climb to the maximum of the position-based model's likelihood."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.position_bias.cells import Cells

#: A step that changes no ``log theta`` by more ends the climb.
TOLERANCE = 1e-10
STEPS = 200
_INNER_STEPS = 200
#: A slope below this share of the clicks at its position is rounding; where all is flat it would lead astray.
_FLAT = 1e-14


def starting_point(cells: Cells, clicked: Bools) -> Floats:
    """A few steps of the fixed point of the Poisson likelihood, which is near where clicks are rare."""
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
    """Cut at 0; what is next to it is there, for a bound that rounding hides would not be held."""
    return np.where(phi > -TOLERANCE, 0.0, phi)


class Climb:
    """Projected Newton steps (Bertsekas 1982) on the likelihood of ``log theta <= 0``, the best alpha put in.

    One position, the gauge, is held at 0; where it would rather be lower than another that is at 0, the other
    takes its place. The problem is concave, so this ends at its maximum.
    """

    def __init__(self, cells: Cells, clicked: Bools) -> None:
        self.cells, self.clicked = cells, clicked
        self.alpha = np.full(len(cells.offsets) - 1, 0.5)
        self._flat = _FLAT * cells.by_place(cells.clicks)

    def at(self, phi: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Log-likelihood, alpha (P,), gradient (K,) and information (K, K) at ``log theta``."""
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
        """The longest of steps halved until the likelihood rises enough (Armijo), or none."""
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
    """Newton's step, with a ridge that keeps what is flat in place; none as long as 2."""
    if not len(gradient):
        return gradient
    ridge = 1e-12 * max(float(np.trace(matrix)), float(np.abs(gradient).max()), 1e-100)
    step = np.linalg.solve(matrix + ridge * np.eye(len(gradient)), gradient)
    return np.asarray(step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300)))


@kernel
def _root(begin: int, end: int, places: Ints, n: Floats, c: Floats, theta: Floats, start: float) -> float:
    """The alpha in (0, 1] at which ``sum c = sum (n - c) x / (1 - x)``, ``x = theta alpha``; 1 if none is.

    Newton's method on ``log alpha``, by halves where it leaves what is known to hold the root.
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
    """The log-likelihood at the best alpha, with its gradient and, negated, its Hessian in ``log theta``."""
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
