"""Logistic regression on one or two columns, by Newton's method, without a penalty."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats

MAX_STEPS = 200
#: The last step changes the loss of an item by less than this on average.
TOLERANCE = 1e-15


def sigmoid(x: Floats) -> Floats:
    """``1 / (1 + exp(-x))``, without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)))


def logit(p: Floats, smallest: float) -> Floats:
    """``log(p / (1 - p))`` with p kept between ``smallest`` and ``1 - smallest``."""
    p = np.clip(p, smallest, 1.0 - smallest)
    return np.asarray(np.log(p) - np.log1p(-p))


def fit_logistic(columns: Floats, targets: Floats) -> Floats:
    """(p,) float64: the coefficients b that maximise the likelihood of ``sigmoid(b . columns)``.

    The mean loss ``log(1 + exp(eta)) - t eta`` with ``eta = b . columns`` is convex. Newton's steps are
    halved until the loss falls. A maximum must exist: the caller checks that the columns do not separate the
    targets.

    Args:
        columns: (p, m) float64 with p 1 or 2, of a size near 1.
        targets: (m,) float64, in [0, 1].
    """
    coefficients = np.zeros(len(columns))
    loss = _loss(coefficients, columns, targets)
    for _ in range(MAX_STEPS):
        step = _newton_step(coefficients, columns, targets)
        after = _loss(coefficients - step, columns, targets)
        while after > loss + TOLERANCE and np.abs(step).max() > TOLERANCE:
            step = step / 2.0
            after = _loss(coefficients - step, columns, targets)
        coefficients = coefficients - step
        fell, loss = loss - after, after
        if abs(fell) <= TOLERANCE and np.abs(step).max() <= 1e-10 * (1.0 + np.abs(coefficients).max()):
            break
    return coefficients


def _eta(coefficients: Floats, columns: Floats) -> Floats:
    """The linear predictor, without BLAS, whose sums depend on the number of threads."""
    return np.asarray(sum(b * column for b, column in zip(coefficients, columns, strict=True)))


def _loss(coefficients: Floats, columns: Floats, targets: Floats) -> float:
    eta = _eta(coefficients, columns)
    return float(np.mean(np.logaddexp(0.0, eta) - targets * eta))


def _newton_step(coefficients: Floats, columns: Floats, targets: Floats) -> Floats:
    """The inverse second derivatives times the first ones; the gradient itself where they are singular."""
    p = sigmoid(_eta(coefficients, columns))
    gradient = np.array([np.mean((p - targets) * column) for column in columns])
    weights = p * (1.0 - p)
    hessian = np.array([[np.mean(weights * a * b) for b in columns] for a in columns])
    try:
        return np.asarray(np.linalg.solve(hessian, gradient))
    except np.linalg.LinAlgError:
        return gradient
