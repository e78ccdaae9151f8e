"""Loops over lists and positions that all click models share.

What a user does at position ``k`` depends on the clicks above only through the position ``r`` of the last of
them (0: none). ``examined[i, r, k]`` is the probability that list ``i``'s user examines position ``k + 1``
given that, and no click between; with the probability ``rates[i, k]`` of a click on what is examined it
determines the probability of every pattern of clicks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.arrays import kernel


@kernel
def examined_going_on(rates: Floats, after_skip: Floats, after_click: Floats) -> Floats:
    """(n, K + 1, K) examination where users start at the top and go on with these probabilities, all (n, K).

    After a skip ``P(examined)`` is updated by Bayes' rule: who did not examine did not click either.
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
    """(n, K + 1, K) probability that the last click above position ``k + 1`` is at ``r``.

    ``clicks``: (n, K + 1, K) probability of a click at ``k + 1`` given that.
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
    """(n, K + 1) probability of 0..K clicks; ``clicks`` as in :func:`last_click_probabilities`."""
    n, _, size = clicks.shape
    counts = np.zeros((n, size + 1))
    for i in range(n):
        # By the last click (rows) and the number of clicks so far.
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
    """(n, K, K) probability of clicks at both of two positions; ``first``: (n, K) that at each."""
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
    """(n, K) clicks where ``table[k, r]`` is the examination of position ``k + 1``; ``draws`` are uniform."""
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
    """(n, K) clicks where users go on as in :func:`examined_going_on`; ``draws`` are uniform."""
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
    """(n, K) probability of a click at each position given the clicks above it."""
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
    """(n, K) probability of a click at each position given the clicks above it."""
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
