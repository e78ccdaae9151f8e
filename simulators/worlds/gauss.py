"""Quadrature rules for discrete distributions."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats


def gauss_rule(values: Floats, weights: Floats, size: int) -> tuple[Floats, Floats]:
    """Quadrature rule of a discrete distribution: ``size`` values and their weights.

    The rule gives the exact mean of every polynomial of degree up to ``2 size - 1``. Stieltjes' procedure
    computes the three-term recurrence of the distribution's orthogonal polynomials. The eigenvalues and
    eigenvectors of the Jacobi matrix then give the rule (Golub & Welsch 1969).

    Args:
        values: (n,) distinct values of the distribution, n larger than ``size``.
        weights: (n,) probabilities of the values, above 0, with sum 1.
        size: number of values of the rule.

    Returns:
        (size,) values and (size,) weights.
    """
    middle, scale = (values.max() + values.min()) / 2.0, (values.max() - values.min()) / 2.0
    x = (values - middle) / scale
    diagonal, beside = np.empty(size), np.empty(size - 1)
    before, here, norm_before = np.zeros_like(x), np.ones_like(x), 1.0
    for j in range(size):
        norm = float(weights @ here**2)
        diagonal[j] = weights @ (x * here**2) / norm
        ratio = norm / norm_before
        if j:
            beside[j - 1] = np.sqrt(ratio)
        before, here = here, (x - diagonal[j]) * here - (ratio if j else 0.0) * before
        norm_before = norm
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    return middle + scale * nodes, vectors[0] ** 2
