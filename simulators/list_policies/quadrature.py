"""Where items with independent random utilities land: one integral for any number of items.

Item ``j`` has utility ``s_j + e_j``, and lists show the highest. Given that item ``i`` has utility ``v``,
each other item stands above it with probability ``1 - F(v - s_j)``, independently, so that

    P(i at k) = integral of f(v - s_i) [z^(k-1)] prod over j != i of (F_j + (1 - F_j) z g_j) dv,

``F_j = F(v - s_j)``, with ``g = 1``. With Gumbel noise this is the Plackett-Luce model with weights
``exp(s)``. With ``g_j`` the probability that a user who examined ``j`` goes on, it is the probability that
``i`` is at k and examined.

The integrand is smooth and vanishes at both ends, where the trapezoidal rule converges exponentially.
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

#: Noise that :func:`places` knows.
GUMBEL, NORMAL = 0, 1
# Beyond these the density of noise is below 1e-14.
_HIGH = (33.0, 8.2)
_LOW = (-3.6, -8.2)


@kernel
def _step(noise: int, size: int) -> float:
    """Distance of nodes: utilities near a place in a list of many items have a narrow distribution."""
    return (0.3 if noise == 0 else 0.35) / math.sqrt(1.0 + size / 8.0)


@kernel
def _spread(noise: int, scores: Floats, level: float, density: Floats, below: Floats, above: Floats) -> None:
    """Density of each item's utility at ``level``, and the probabilities that it is below and above."""
    for j in range(len(scores)):
        y = level - scores[j]
        if noise == 0:
            rate = math.exp(-y) if y > -40.0 else math.exp(40.0)
            below[j] = math.exp(-rate)
            above[j] = -math.expm1(-rate)
            density[j] = rate * below[j]
        else:
            below[j] = 0.5 * math.erfc(-y / math.sqrt(2.0))
            above[j] = 0.5 * math.erfc(y / math.sqrt(2.0))
            density[j] = math.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi)


@kernel
def _add_node(density: Floats, below: Floats, above: Floats, suffix: Floats, found: Floats) -> None:
    """Add a node to (size, K) sums: the items before ``i`` times those after it, polynomials in z."""
    size, positions = found.shape
    suffix[size, :] = 0.0
    suffix[size, 0] = 1.0
    for j in range(size - 1, 0, -1):
        suffix[j, 0] = suffix[j + 1, 0] * below[j]
        for k in range(1, positions):
            suffix[j, k] = suffix[j + 1, k] * below[j] + suffix[j + 1, k - 1] * above[j]
    prefix = np.zeros(positions)
    prefix[0] = 1.0
    for i in range(size):
        if density[i] > 1e-18:
            for k in range(positions):
                total = 0.0
                for m in range(k + 1):
                    total += prefix[m] * suffix[i + 1, k - m]
                found[i, k] += density[i] * total
        for k in range(positions - 1, 0, -1):
            prefix[k] = prefix[k] * below[i] + prefix[k - 1] * above[i]
        prefix[0] *= below[i]


@kernel
def _few_above(below: Floats, above: Floats, positions: int) -> float:
    """Probability that fewer than ``positions`` items are above a level."""
    chances = np.zeros(positions)
    chances[0] = 1.0
    for j in range(len(below)):
        for k in range(positions - 1, 0, -1):
            chances[k] = chances[k] * below[j] + chances[k - 1] * above[j]
        chances[0] *= below[j]
    total = 0.0
    for k in range(positions):
        total += chances[k]
    return total


@kernel
def _levels_to_next(noise: int, scores: Floats, level: float, step: float) -> int:
    """Number of nodes down to the next one where an item has a density; those between add nothing."""
    nearest = -np.inf
    for j in range(len(scores)):
        y = level - scores[j]
        if _LOW[noise] <= y <= _HIGH[noise] + step:
            return 1
        if y > _HIGH[noise]:
            nearest = max(nearest, scores[j] + _HIGH[noise])
    return 1 if nearest == -np.inf else max(1, int((level - nearest) / step))


@kernel
def _places_of_query(noise: int, scores: Floats, factors: Floats, found: Floats) -> None:
    """Fill (size, K) ``found``, all 0, for the items of one query."""
    size, positions = found.shape
    step = _step(noise, size)
    density, below, above = np.empty(size), np.empty(size), np.empty(size)
    suffix = np.zeros((size + 1, positions))
    top, bottom = scores.max() + _HIGH[noise], scores.min() + _LOW[noise]
    node, level = 0, top
    while level > bottom:
        _spread(noise, scores, level, density, below, above)
        if size > positions and _few_above(below, above, positions) < 1e-16:
            break
        for j in range(size):
            above[j] *= factors[j]
        _add_node(density, below, above, suffix, found)
        node += _levels_to_next(noise, scores, level, step)
        level = top - node * step
    for j in range(size):
        for k in range(positions):
            found[j, k] *= step


@kernel
def places(noise: int, scores: Floats, offsets: Ints, factors: Floats, positions: int) -> Floats:
    """(items, K) probability that each item is at k, times the factors of the items above it.

    Args:
        noise: ``GUMBEL`` or ``NORMAL``, of scale 1.
        scores: (items,) flat by query.
        offsets: (Q + 1,).
        factors: (items,) g.
        positions: K.
    """
    found = np.zeros((len(scores), positions))
    for query in range(len(offsets) - 1):
        first, last = offsets[query], offsets[query + 1]
        if last > first:
            _places_of_query(noise, scores[first:last], factors[first:last], found[first:last])
    return found
