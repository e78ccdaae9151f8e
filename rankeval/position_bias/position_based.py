"""Maximum likelihood in the position-based model: a click at ``k`` has probability ``theta_k alpha``.

The log-likelihood is ``sum c log(theta_k alpha_p) + (n - c) log(1 - theta_k alpha_p)``. The sum is over
cells: pair ``p`` at position ``k``, with ``n`` impressions and ``c`` clicks. It is concave in ``log theta``
and ``log alpha`` together. For a given ``theta``, the best ``alpha`` of each pair is the root of an
increasing function. This leaves a concave function of ``K`` numbers. Newton's method finds its maximum in
about a dozen steps; EM converges to the same point.

The data identify only the products ``theta_k alpha_p``. The scale is set by the largest ``theta``: it is 1,
and every ``alpha`` is a probability. So ``theta_k alpha_p <= 1`` at every position, also at positions where
the pair was not shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.newton_ascent import Climb, starting_point

#: A relevance within this distance of its bound counts as being at the bound.
AT_BOUND = 1e-9
#: The information, scaled to a diagonal of 1, is singular if it has an eigenvalue below this.
SINGULAR = 1e-12


@dataclass(frozen=True)
class PositionBased:
    """The parameters at the maximum of the likelihood.

    Attributes:
        log_theta: (K,), relative to position 1; ``-inf`` at a position without clicks.
        relevance: (P,) alpha on the same scale: ``theta_k alpha_p`` is the probability of a click.
        at_bound: (P,) whether alpha has its largest possible value.
        ties: the positions that share the largest theta, if there are several; else empty. The bound on
            relevance keeps their thetas equal.
        log_likelihood: the log-likelihood at the maximum.
        converged: whether the last step was below the tolerance.
    """

    log_theta: Floats
    relevance: Floats
    at_bound: Bools
    ties: tuple[int, ...]
    log_likelihood: float
    converged: bool

    def probabilities(self, cells: Cells) -> Floats:
        """(cells,) probability of a click in each cell."""
        return np.asarray(np.exp(self.log_theta[cells.places]) * self.relevance[cells.pair])


def fit(cells: Cells) -> PositionBased:
    """Maximise the likelihood.

    Position 1 must have clicks, and all positions with clicks must be connected to it.
    """
    used = cells.informative()
    clicked = used.by_place(used.clicks) > 0.0
    climb = Climb(used, clicked)
    phi, converged = climb.to_the_top(starting_point(used, clicked))
    value, alpha, *_ = climb.at(phi)
    log_theta = np.where(clicked, phi - phi[0], -np.inf)
    ties = np.flatnonzero(clicked & (phi >= 0.0) & (np.count_nonzero(phi[clicked] >= 0.0) > 1)) + 1
    return PositionBased(
        log_theta=log_theta,
        relevance=np.where(used.of_pair > 0.0, alpha * np.exp(phi[0]), 0.0),
        at_bound=(used.of_pair > 0.0) & (alpha >= 1.0 - AT_BOUND),
        ties=tuple(ties.tolist()),
        log_likelihood=value,
        converged=converged,
    )


def information(cells: Cells, fitted: PositionBased, *, expected: bool) -> Floats:
    """(K, K) information on ``log theta`` with relevance profiled out, ``sum_p D_p - h_p h_p' / sum h_p``.

    ``D_p`` is diagonal with entries ``h_pk``. They are ``n x / (1 - x)`` in the expected information and
    ``(n - c) x / (1 - x)^2`` in the observed one; ``x`` is the probability of a click.

    If the relevance of a pair is at its bound and ``x`` of a cell is 1, the expected information takes
    ``n / (n + 1)`` for ``x`` (Laplace's rule): many impressions that were all clicked are evidence that the
    relevance is at its bound, a few are not. The observed information leaves pairs at their bound out.
    """
    h = curvature(cells, fitted, expected=expected)
    total = np.zeros((cells.length, cells.length))
    _profiled(cells.offsets, cells.places, h, total)
    return total


def curvature(cells: Cells, fitted: PositionBased, *, expected: bool) -> Floats:
    """(cells,) ``h`` of each cell, as in :func:`information`."""
    x, bound = fitted.probabilities(cells), fitted.at_bound[cells.pair]
    if expected:
        n = cells.impressions
        x = np.where(bound & (x >= 1.0 - AT_BOUND), n / (n + 1.0), x)
        return np.asarray(n * x / (1.0 - x))
    safe = np.where(~bound & (x < 1.0), x, 0.0)
    return np.asarray((cells.impressions - cells.clicks) * safe / (1.0 - safe) ** 2)


def inverse(matrix: Floats, known: Bools) -> Floats | None:
    """(K, K) inverse of the block of known positions after the first, 0 elsewhere; None if it is singular.

    Args:
        known: (K,) whether a position is in the block.
    """
    kept = np.flatnonzero(known[1:]) + 1
    found = np.zeros_like(matrix)
    if not len(kept):
        return found
    part = matrix[np.ix_(kept, kept)]
    if not (np.diag(part) > 0.0).all():
        return None
    size = np.sqrt(np.diag(part))
    scaled = part / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] < SINGULAR:
        return None
    found[np.ix_(kept, kept)] = np.linalg.inv(scaled) / np.outer(size, size)
    return found


@kernel
def _profiled(offsets: Ints, places: Ints, h: Floats, total: Floats) -> None:
    """Add ``D_p - h_p h_p' / sum h_p`` of every pair to ``total`` (K, K)."""
    for pair in range(offsets.size - 1):
        size = 0.0
        for i in range(offsets[pair], offsets[pair + 1]):
            size += h[i]
        if size <= 0.0:
            continue
        for i in range(offsets[pair], offsets[pair + 1]):
            for j in range(offsets[pair], offsets[pair + 1]):
                if i != j:
                    product = h[i] * h[j] / size
                    total[places[i], places[i]] += product
                    total[places[i], places[j]] -= product
