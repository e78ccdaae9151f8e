"""The position-based model by maximum likelihood: a click at ``k`` has probability ``theta_k alpha``.

The log-likelihood ``sum c log(theta_k alpha_p) + (n - c) log(1 - theta_k alpha_p)`` over cells, pair ``p``
at position ``k``, is concave in ``log theta`` and ``log alpha`` together. For any ``theta`` the best
``alpha`` of a pair is the root of an increasing function; what is left is a concave function of ``K``
numbers, which Newton's method climbs: to the point that EM goes to, in a dozen steps.

Only products are identified. Their scale is that of the largest ``theta``: with it at 1 every ``alpha`` is a
probability, so ``alpha_p theta_k <= 1`` at every position, also where a pair was not shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.newton_ascent import Climb, starting_point

#: Relevance within this of its bound is at the bound.
AT_BOUND = 1e-9
#: An eigenvalue of the information below this share of the largest is 0.
SINGULAR = 1e-12


@dataclass(frozen=True)
class PositionBased:
    """The maximum of the likelihood.

    Attributes:
        log_theta: (K,), relative to position 1; ``-inf`` without clicks.
        relevance: (P,) alpha on the same scale: ``theta_k alpha_p`` is the probability of a click.
        at_bound: (P,) whether alpha is as large as it may be.
        ties: positions above whose theta the bound on relevance holds back that of position 1, or others.
        log_likelihood: at the maximum.
        converged: whether the last step was below the tolerance.
    """

    log_theta: Floats
    relevance: Floats
    at_bound: Bools
    ties: tuple[int, ...]
    log_likelihood: float
    converged: bool

    def probabilities(self, cells: Cells) -> Floats:
        """(cells,) probability of a click."""
        return np.asarray(np.exp(self.log_theta[cells.places]) * self.relevance[cells.pair])


def fit(cells: Cells) -> PositionBased:
    """Maximise the likelihood; position 1 has clicks and all positions with clicks are connected."""
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

    ``D_p`` is diagonal with ``h_pk``, expected ``n x / (1 - x)`` or observed ``(n - c) x / (1 - x)^2``,
    ``x`` the probability of a click. Where a pair whose relevance is at its bound has n impressions that were
    all clicked, x is ``n / (n + 1)`` (Laplace's rule): many of them say that it is there, a few do not. The
    observed information leaves such pairs out.
    """
    h = curvature(cells, fitted, expected=expected)
    total = np.zeros((cells.length, cells.length))
    _profiled(cells.offsets, cells.places, h, total)
    return total


def curvature(cells: Cells, fitted: PositionBased, *, expected: bool) -> Floats:
    """(cells,) the ``h`` of :func:`information`."""
    x, bound = fitted.probabilities(cells), fitted.at_bound[cells.pair]
    if expected:
        n = cells.impressions
        x = np.where(bound & (x >= 1.0 - AT_BOUND), n / (n + 1.0), x)
        return np.asarray(n * x / (1.0 - x))
    safe = np.where(~bound & (x < 1.0), x, 0.0)
    return np.asarray((cells.impressions - cells.clicks) * safe / (1.0 - safe) ** 2)


def inverse(matrix: Floats, known: Bools) -> Floats | None:
    """(K, K) inverse over the positions after the first that are known, 0 elsewhere; None where singular."""
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
