"""Shuffle designs: how each changes the order of a list at random, and with which probabilities."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.simulators.list_policies import Lists
from rankeval.simulators.worlds import Design, Shuffle

Places = Ints


class Displayed(NamedTuple):
    """Lists as users see them.

    Attributes:
        lists: (n, K) int32 numbers of items within their query, -1 beyond the end.
        shuffled: (n,) whether the session takes part in the experiment, even if its order is unchanged.
        swap_low: (n,) int16, the smaller of the two positions of the session's arm; 0 where there is no arm.
        swap_high: (n,) int16, the larger of the two positions; 0 where there is no arm.
    """

    lists: Lists
    shuffled: Bools
    swap_low: NDArray[np.int16]
    swap_high: NDArray[np.int16]


@cache
def arms(design: Design, top: int) -> tuple[Places, Places]:
    """(A,) lower and (A,) higher places, from 0, of the pairs that a design exchanges: one pair an arm.

    Arms are in ascending order of the higher place. So the arms of a list with fewer items than ``top`` are
    the first ones. ``full`` has no arms.
    """
    highs = np.arange(1, top)
    if design == "swap":
        return np.zeros(top - 1, np.int64), highs
    if design == "adjacent":
        return highs - 1, highs
    if design == "pair":
        return np.concatenate([np.arange(high) for high in range(top)]), np.repeat(highs, highs)
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def number_of_arms(design: Design, sizes: Ints) -> Ints:
    """(n,) number of arms of lists with ``sizes`` items that take part. All arms are equally likely."""
    if design == "full":
        return np.zeros_like(sizes)
    return np.maximum(sizes * (sizes - 1) // 2 if design == "pair" else sizes - 1, 0)


def coin(design: Design) -> float:
    """Probability that the two items of a session's arm are exchanged."""
    return 1.0 if design == "pair" else 0.5


def exchanges(shuffle: Shuffle, sizes: Ints) -> tuple[Places, Places, Floats]:
    """(A,) lower and (A,) higher places of each pair, and (n, A) the probability that it is exchanged.

    The probability includes the share of the sessions that take part. ``sizes``: (n,) lengths of the lists.
    """
    lows, highs = arms(shuffle.design, shuffle.top)
    number = number_of_arms(shuffle.design, np.minimum(sizes, shuffle.top))[:, np.newaxis]
    chance = shuffle.share * coin(shuffle.design) / np.maximum(number, 1)
    return lows, highs, np.where(np.arange(len(lows)) < number, chance, 0.0)


def mixing_matrix(shuffle: Shuffle, size: int, positions: int) -> Floats:
    """(K, K) probability that the item at one place of the base order is shown at another place.

    This matrix M is doubly stochastic. It is for lists of ``size`` items. If P has the probabilities of items
    at positions in the base order, ``P @ M`` has those under the shuffle.
    """
    matrix = np.eye(positions)
    mixed = min(size, shuffle.top, positions)
    if shuffle.design == "full" and mixed > 0:
        matrix *= 1.0 - shuffle.share
        matrix[mixed:, mixed:] = np.eye(positions - mixed)
        matrix[:mixed, :mixed] += shuffle.share / mixed
        return matrix
    lows, highs, chances = exchanges(shuffle, np.array([min(size, positions)]))
    arms_there = np.flatnonzero(chances[0])
    for low, high, chance in zip(lows[arms_there], highs[arms_there], chances[0, arms_there], strict=True):
        matrix[[low, high], [low, high]] -= chance
        matrix[[low, high], [high, low]] += chance
    return matrix


def display(shuffle: Shuffle, rng: np.random.Generator, lists: Lists) -> Displayed:
    """The lists that users see if a policy would show ``lists``, (n, K) with -1 beyond the end."""
    n = len(lists)
    shuffled = rng.random(n) < shuffle.share
    shown, low, high = lists.copy(), np.zeros(n, np.int16), np.zeros(n, np.int16)
    rows = np.flatnonzero(shuffled)
    sizes = np.minimum((lists[rows] >= 0).sum(axis=1), shuffle.top)
    if shuffle.design == "full":
        permute(shown, rows, sizes, rng.random((len(rows), shuffle.top)))
        return Displayed(shown, shuffled, low, high)
    draws = rng.random((len(rows), 2))
    number = number_of_arms(shuffle.design, sizes)
    rows, draws, number = rows[number > 0], draws[number > 0], number[number > 0]
    lows, highs = arms(shuffle.design, shuffle.top)
    arm = np.minimum((draws[:, 0] * number).astype(np.int64), number - 1)
    low[rows], high[rows] = lows[arm] + 1, highs[arm] + 1
    turned = draws[:, 1] < coin(shuffle.design)
    rows, first, second = rows[turned], lows[arm][turned], highs[arm][turned]
    shown[rows, first], shown[rows, second] = lists[rows, second], lists[rows, first]
    return Displayed(shown, shuffled, low, high)


@kernel
def permute(lists: Lists, rows: Ints, sizes: Ints, draws: Floats) -> None:
    """Put the first ``sizes[i]`` items of list ``rows[i]`` into uniformly random order (Fisher & Yates).

    Changes ``lists`` in place. ``draws``: (len(rows), top) uniform random numbers.
    """
    for i in range(len(rows)):
        row = rows[i]
        for last in range(sizes[i] - 1, 0, -1):
            other = min(int(draws[i, last] * (last + 1)), last)
            lists[row, last], lists[row, other] = lists[row, other], lists[row, last]
