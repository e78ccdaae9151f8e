"""Numba kernels over lists and positions that all click models share.

A click at a position depends on the clicks above it only through the position ``r`` of the last of them (0 if
there is none). ``examined[i, r, k]`` is the probability that the user of list ``i`` examines position
``k + 1``, given that the last click above is at ``r``. ``rates[i, k]`` is the probability of a click on the
item there if it is examined. Together they determine the probability of every click pattern.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.arrays import kernel


@kernel
def examined_going_on(rates: Floats, after_skip: Floats, after_click: Floats) -> Floats:
    """(n, K + 1, K) examination probability of users who start at the top and then go on or stop.

    After a skip, ``P(examined)`` is updated by Bayes' rule: a user who did not examine the item did not click
    on it either.

    Args:
        rates: (n, K) probability of a click on an examined item.
        after_skip, after_click: (n, K) probability that the user goes on after a skip and after a click.
    """
    n, size = rates.shape
    examined = np.zeros((n, size + 1, size))
    for i in range(n):
        for last in range(size):
            belief = 1.0 if last == 0 else after_click[i, last - 1]
            for k in range(last, size):
                examined[i, last, k] = belief
                skipped = 1.0 - belief * rates[i, k]
                stays = belief * (1.0 - rates[i, k]) * after_skip[i, k]
                belief = stays / skipped if skipped > 0.0 else 0.0
    return examined


@kernel
def last_click_probabilities(clicks: Floats) -> Floats:
    """(n, K + 1, K) probability that the last click above position ``k + 1`` is at ``r``, at index [:, r, k].

    ``clicks``: (n, K + 1, K) probability of a click at ``k + 1`` given that the last click above is at ``r``.
    """
    n, _, size = clicks.shape
    probabilities = np.zeros(clicks.shape)
    for i in range(n):
        probabilities[i, 0, 0] = 1.0
        for k in range(size - 1):
            clicked = 0.0
            for last in range(k + 1):
                clicked += probabilities[i, last, k] * clicks[i, last, k]
                probabilities[i, last, k + 1] = probabilities[i, last, k] * (1.0 - clicks[i, last, k])
            probabilities[i, k + 1, k + 1] = clicked
    return probabilities


@kernel
def count_probabilities(clicks: Floats) -> Floats:
    """(n, K + 1) probability of 0, 1, ..., K clicks; ``clicks`` as in :func:`last_click_probabilities`."""
    n, _, size = clicks.shape
    counts = np.zeros((n, size + 1))
    for i in range(n):
        # reached[r, c]: probability that the last click so far is at r and that there are c clicks so far.
        reached = np.zeros((size + 1, size + 1))
        reached[0, 0] = 1.0
        for k in range(size):
            for last in range(k + 1):
                for count in range(last + 1):
                    here = reached[last, count]
                    reached[k + 1, count + 1] += here * clicks[i, last, k]
                    reached[last, count] = here * (1.0 - clicks[i, last, k])
        for last in range(size + 1):
            for count in range(size + 1):
                counts[i, count] += reached[last, count]
    return counts


@kernel
def joint_probabilities(clicks: Floats, first: Floats) -> Floats:
    """(n, K, K) probability of clicks at both of two positions.

    Args:
        clicks: as in :func:`last_click_probabilities`.
        first: (n, K) probability of a click at each position.
    """
    n, _, size = clicks.shape
    joint = np.zeros((n, size, size))
    last = np.zeros(size + 1)
    for i in range(n):
        for j in range(size):
            joint[i, j, j] = first[i, j]
            last[:] = 0.0
            last[j + 1] = 1.0
            for k in range(j + 1, size):
                clicked = 0.0
                for r in range(j + 1, k + 1):
                    clicked += last[r] * clicks[i, r, k]
                    last[r] *= 1.0 - clicks[i, r, k]
                last[k + 1] = clicked
                joint[i, j, k] = joint[i, k, j] = first[i, j] * clicked
    return joint


@kernel
def sample_by_last_click(rates: Floats, table: Floats, draws: Floats) -> NDArray[np.int8]:
    """(n, K) sampled clicks of users whose examination depends on the last click above.

    Args:
        rates: (n, K) probability of a click on an examined item.
        table: (K, K + 1) probability that position ``k + 1`` is examined given the last click above, ``r``.
        draws: (n, K) uniform random numbers in [0, 1).
    """
    n, size = rates.shape
    clicks = np.zeros((n, size), np.int8)
    for i in range(n):
        last = 0
        for k in range(size):
            if draws[i, k] < table[k, last] * rates[i, k]:
                clicks[i, k] = 1
                last = k + 1
    return clicks


@kernel
def sample_going_on(
    rates: Floats, after_skip: Floats, after_click: Floats, draws: Floats
) -> NDArray[np.int8]:
    """(n, K) sampled clicks of users who go on or stop.

    Args:
        rates, after_skip, after_click: as in :func:`examined_going_on`.
        draws: (n, K) uniform random numbers in [0, 1).
    """
    n, size = rates.shape
    clicks = np.zeros((n, size), np.int8)
    for i in range(n):
        belief = 1.0
        for k in range(size):
            click = belief * rates[i, k]
            if draws[i, k] < click:
                clicks[i, k] = 1
                belief = after_click[i, k]
            else:
                belief *= (1.0 - rates[i, k]) * after_skip[i, k] / (1.0 - click)
    return clicks


@kernel
def predicted_by_last_click(rates: Floats, table: Floats, clicks: NDArray[np.int8]) -> Floats:
    """(n, K) probability of a click at each position given the ``clicks``, (n, K), above it.

    ``rates`` and ``table`` are as in :func:`sample_by_last_click`.
    """
    n, size = rates.shape
    predicted = np.empty((n, size))
    for i in range(n):
        last = 0
        for k in range(size):
            predicted[i, k] = table[k, last] * rates[i, k]
            if clicks[i, k]:
                last = k + 1
    return predicted


@kernel
def predicted_going_on(
    rates: Floats, after_skip: Floats, after_click: Floats, clicks: NDArray[np.int8]
) -> Floats:
    """(n, K) probability of a click at each position given the ``clicks``, (n, K), above it.

    ``rates``, ``after_skip`` and ``after_click`` are as in :func:`examined_going_on`.
    """
    n, size = rates.shape
    predicted = np.empty((n, size))
    for i in range(n):
        belief = 1.0
        for k in range(size):
            click = belief * rates[i, k]
            predicted[i, k] = click
            if clicks[i, k]:
                belief = after_click[i, k]
            else:
                skipped = 1.0 - click
                stays = belief * (1.0 - rates[i, k]) * after_skip[i, k]
                belief = stays / skipped if skipped > 0.0 else 0.0
    return predicted
