"""Curves from click rates at two positions, summed over the pairs of query and item shown at both."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.position_based import curvature, fit, information, inverse


class Harvest(NamedTuple):
    """A curve estimated from summed rates.

    Attributes:
        log_theta: (K,), ``-inf`` at a position without clicks.
        sensitivity: (K, K, K), ``[k, j]`` holds the derivatives of ``log_theta`` with respect to
            ``rates[k, j]``.
        objective: the maximum of the objective; None if the estimator maximises none.
    """

    log_theta: Floats
    sensitivity: Floats
    objective: float | None = None


#: Takes the summed rates (K, K) and the weights summed over the same pairs (K, K).
Estimator = Callable[[Floats, Floats], Harvest]


def from_pivot(rates: Floats, sums: Floats) -> Harvest:
    """The curve ``theta_k = rates[k, 1] / rates[1, k]``, positions counted from 1."""
    length = len(rates)
    return _from_ratios(rates, [[(k, 0)] for k in range(1, length)])


def from_chain(rates: Floats, sums: Floats) -> Harvest:
    """The curve ``theta_k = prod over j = 2..k of rates[j, j - 1] / rates[j - 1, j]``, positions from 1."""
    length = len(rates)
    return _from_ratios(rates, [[(j, j - 1) for j in range(1, k + 1)] for k in range(1, length)])


def _from_ratios(rates: Floats, chains: list[list[tuple[int, int]]]) -> Harvest:
    """The curve whose ``theta_k`` is the product of ``rates[high, low] / rates[low, high]`` along a chain.

    ``chains`` holds the ``(high, low)`` of each position after the first, counted from 0.
    """
    length = len(rates)
    log_theta, sensitivity = np.zeros(length), np.zeros((length, length, length))
    for k, chain in enumerate(chains, 1):
        for high, low in chain:
            if rates[high, low] <= 0.0:
                log_theta[k] = -np.inf
                continue
            log_theta[k] += np.log(rates[high, low]) - np.log(rates[low, high])
            sensitivity[high, low, k] = 1.0 / rates[high, low]
            sensitivity[low, high, k] = -1.0 / rates[low, high]
    return Harvest(log_theta, sensitivity)


def from_all_pairs(rates: Floats, sums: Floats) -> Harvest:
    """The curve at the maximum of ``sum over k != j of A log(theta_k r_kj) + B log(1 - theta_k r_kj)``.

    Here ``A = rates[k, j]``, ``A + B = sums[k, j]`` and ``r_kj = r_jk``. This is the likelihood of the
    position-based model in which every two positions form one pair, with relevance ``r_kj``.
    """
    length = len(rates)
    low, high = np.nonzero(np.triu(sums, 1) > 0.0)
    cells = Cells(
        offsets=np.arange(0, 2 * len(low) + 1, 2),
        places=np.stack([low, high], axis=1).ravel(),
        impressions=np.repeat(sums[low, high], 2),
        clicks=np.stack([rates[low, high], rates[high, low]], axis=1).ravel(),
        length=length,
    )
    fitted, used = fit(cells), cells.informative()
    known = np.isfinite(fitted.log_theta)
    covariance = inverse(information(used, fitted, expected=False), known)
    sensitivity = np.full((length, length, length), np.nan if covariance is None else 0.0)
    if covariance is not None:
        x, h = fitted.probabilities(used), curvature(used, fitted, expected=False)
        total = np.bincount(used.pair, h, len(low))
        for pair in range(len(low)):
            begin, end = used.offsets[pair], used.offsets[pair + 1]
            if end - begin < 2 or total[pair] <= 0.0:
                continue
            places, share = used.places[begin:end], h[begin:end] / total[pair]
            for i, k in enumerate(places):
                direction = covariance[k] - (covariance[places] * share[:, np.newaxis]).sum(axis=0)
                sensitivity[k, places[1 - i]] = direction / (1.0 - x[begin + i])
    return Harvest(fitted.log_theta, sensitivity, fitted.log_likelihood)
