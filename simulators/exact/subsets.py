"""Sums over all orders of lists drawn item by item, by dynamic programming over sets of items.

A set is an integer whose bits are its items. A state is the set of items shown so far, the position of the
last click and the number of clicks. Each state has the probability that a user reaches it and goes on. The
order of the items within a set does not affect what follows, so one state serves all orders.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.simulators.click_models import Browsing

#: Largest number of items whose subsets are enumerated.
MOST_ITEMS = 15


def over_orders(
    utilities: Floats, offsets: Ints, blocks: Ints, table: Browsing, *, clicked_first: bool = False
) -> tuple[Floats, Floats]:
    """Exact examination of items and number of clicks where lists are drawn item by item.

    Args:
        utilities: (items,) flat by query. The next item is drawn from the items of the query's block that
            are left, with a probability proportional to ``exp(utility)``.
        offsets: (Q + 1,) the items of query q are ``offsets[q]:offsets[q + 1]``.
        blocks: (Q,) size of the block: the number of a query's first items that are drawn, at most
            ``MOST_ITEMS``. The other items follow in their order.
        table: how users examine and click these items.
        clicked_first: whether only sessions with a click at position 1 count; the examination of position 1
            itself still counts all sessions.

    Returns:
        (items, K) probability that an item is at position k and is examined, and (Q, K + 1) probability of
        0, 1, ..., K clicks.
    """
    examined = np.zeros(table.rates.shape)
    counts = np.zeros((len(blocks), table.rates.shape[1] + 1))
    does = np.stack([table.rates, table.after_skip, table.after_click], axis=-1)
    for query, (first, last) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        rows = slice(first, last)
        here = table.examination, does[rows], clicked_first, examined[rows], counts[query]
        walk(utilities[rows], int(blocks[query]), *here)
    return examined, counts


@kernel
def _size(subset: int) -> int:
    """Number of items in a set."""
    size = 0
    while subset > 0:
        subset &= subset - 1
        size += 1
    return size


@kernel
def _choices(utilities: Floats, subset: int, chances: Floats) -> None:
    """Fill ``chances`` with the probability that each item is the next after the items of a set."""
    best = -np.inf
    for item in range(len(chances)):
        if not subset >> item & 1:
            best = max(best, utilities[item])
    total = 0.0
    for item in range(len(chances)):
        chances[item] = 0.0 if subset >> item & 1 else np.exp(utilities[item] - best)
        total += chances[item]
    for item in range(len(chances)):
        chances[item] /= total


@kernel
def _step(
    here: Floats, there: Floats, chance: float, examination: Floats, does: Floats, k: int, stopped: Floats
) -> float:
    """Show an item at position ``k + 1``, and return the probability that it is examined.

    Args:
        here: (R, K + 1) probability of each last click and number of clicks, before the item.
        there: (R, K + 1) the same after the item, to which this adds.
        chance: probability of the item.
        examination: (K, R) as in :class:`Browsing`.
        does: (3,) as in :func:`walk`, of this item at this position.
        k: the position, from 0.
        stopped: (K + 1,) probability of each number of clicks for users who stop, to which this adds.
    """
    width, size = here.shape
    rate, after_skip, after_click = does[0], does[1], does[2]
    examined = 0.0
    clicked = k + 1 if width > 1 else 0
    for last in range(min(width, k + 1)):
        for count in range(min(size - 1, k + 1)):
            reached = here[last, count] * chance
            seen = reached * examination[k, last]
            click = seen * rate
            skip = reached - click
            examined += seen
            there[last, count] += skip * after_skip
            there[clicked, count + 1] += click * after_click
            stopped[count] += skip * (1.0 - after_skip)
            stopped[count + 1] += click * (1.0 - after_click)
    return examined


@kernel
def _first_click(there: Floats, chance: float, examination: Floats, does: Floats, stopped: Floats) -> float:
    """As :func:`_step` at position 1, but sessions without a click there are dropped."""
    examined: float = chance * examination[0, 0]
    click = examined * does[0]
    there[1 if len(there) > 1 else 0, 1] += click * does[2]
    stopped[1] += click * (1.0 - does[2])
    return examined


@kernel
def walk(
    utilities: Floats,
    block: int,
    examination: Floats,
    does: Floats,
    clicked_first: bool,
    examined: Floats,
    counts: Floats,
) -> None:
    """Fill ``examined``, (n, K), and ``counts``, (K + 1,), for one query. Both must be 0 before.

    ``does``: (n, K, 3) probability of a click on an examined item, of going on without a click, and of going
    on after a click. The other arguments are as in :func:`over_orders`.
    """
    size, positions = examined.shape
    shown = min(size, positions)
    sets = 1 << block
    # Items after the block have a fixed order, so each position there needs only one state. The first of
    # these states is the full block.
    reached = np.zeros((sets + max(shown - block, 0), examination.shape[1], positions + 1))
    reached[0, 0, 0] = 1.0
    chances = np.ones(size)
    for place in range(len(reached)):
        k = _size(place) if place < sets else block + place - sets + 1
        if k >= shown:
            for last in range(examination.shape[1]):
                for count in range(positions + 1):
                    counts[count] += reached[place, last, count]
            continue
        start, stop = k, k + 1
        if k < block:
            start, stop = 0, block
            _choices(utilities, place, chances[:block])
        for item in range(start, stop):
            chance = chances[item]
            if k < block and place >> item & 1:
                continue
            there = reached[place | 1 << item if k < block else place + 1]
            if clicked_first and k == 0:
                examined[item, 0] += _first_click(there, chance, examination, does[item, 0], counts)
            else:
                examined[item, k] += _step(
                    reached[place], there, chance, examination, does[item, k], k, counts
                )
