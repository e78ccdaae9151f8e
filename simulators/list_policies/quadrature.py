"""Position probabilities of items with independent random utilities, by one integral for any number of items.

Item ``j`` has utility ``s_j + e_j``, and lists show the items of highest utility. Given that item ``i`` has
utility ``v``, each other item is above it with probability ``1 - F(v - s_j)``, independently. Therefore

    P(i at k) = integral of f(v - s_i) [z^(k-1)] prod over j != i of (F_j + (1 - F_j) z g_j) dv,

where ``F_j = F(v - s_j)``, ``F`` and ``f`` are the distribution function and the density of the noise,
``[z^(k-1)]`` takes the coefficient of ``z^(k-1)``, and ``g_j = 1``. With Gumbel noise this is the
Plackett-Luce model with weights ``exp(s)``. If ``g_j`` is instead the probability that a user who examined
``j`` goes on, the integral is the probability that ``i`` is at k and examined.

The integrand is smooth and vanishes at both ends. The trapezoidal rule converges exponentially for it.
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

#: The kinds of noise that :func:`places` supports.
GUMBEL, NORMAL = 0, 1
# By kind of noise: above _HIGH and below _LOW the density is negligible (below 1e-14).
_HIGH = (33.0, 8.2)
_LOW = (-3.6, -8.2)


@kernel
def _step(noise: int, size: int) -> float:
    """Distance of nodes for a query of ``size`` items.

    With many items, the utility of the item at a given position has a narrow distribution, which needs nodes
    that are closer together.
    """
    return (0.3 if noise == 0 else 0.35) / math.sqrt(1.0 + size / 8.0)


@kernel
def _spread(noise: int, scores: Floats, level: float, density: Floats, below: Floats, above: Floats) -> None:
    """Fill ``density``, ``below`` and ``above``, each (size,), for a utility of ``level``.

    They are the density of each item's utility there, and the probabilities that it is below and above.
    """
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
    """Add one node of the integral to the (size, K) sums ``found``.

    The product over all items but ``i`` is a polynomial in z: the product of the items before ``i`` times the
    product of the items after ``i``. ``suffix`` is (size + 1, K) working memory.
    """
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
    """Probability that fewer than ``positions`` items have a utility above the level.

    ``below`` and ``above`` are the (size,) probabilities that each item's utility is below and above it.
    """
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
    """Number of nodes down to the next one at which an item has a density. Nodes in between add nothing."""
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
    """Add the integrals of one query's items to ``found``, (size, K) zeros."""
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
    """(items, K) ``E[1(item at k) x product of the factors of the items above it]``.

    With factors of 1 this is the probability that each item is at position k.

    Args:
        noise: ``GUMBEL`` or ``NORMAL``, of scale 1.
        scores: (items,) s, flat by query.
        offsets: (Q + 1,) the items of query ``q`` are ``offsets[q]:offsets[q + 1]``.
        factors: (items,) g, in [0, 1].
        positions: K.
    """
    found = np.zeros((len(scores), positions))
    for query in range(len(offsets) - 1):
        first, last = offsets[query], offsets[query + 1]
        if last > first:
            _places_of_query(noise, scores[first:last], factors[first:last], found[first:last])
    return found
