"""Lists drawn item by item: sums over all orders, by dynamic programming over the sets of items shown so far.

A set is a number whose bits are its items. For each set, the last click and the number of clicks the walk
keeps the probability to be there, users still looking; the order within the set is nothing to what follows.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.simulators.click_models import Browsing

#: The most items whose subsets are gone through.
MOST_ITEMS = 15


def over_orders(
    utilities: Floats, offsets: Ints, blocks: Ints, table: Browsing, *, clicked_first: bool = False
) -> tuple[Floats, Floats]:
    """Examination of items and number of clicks where lists are drawn item by item, exactly.

    Args:
        utilities: (items,) flat by query: of the items of its block that are left, each is next with a
            probability in proportion to ``exp(utility)``.
        offsets: (Q + 1,).
        blocks: (Q,) how many of a query's items are drawn, at most ``MOST_ITEMS``; the rest follows in order.
        table: what users do with these items.
        clicked_first: only sessions with a click at position 1 count.

    Returns:
        (items, K) probability that an item stands at k and is examined; (Q, K + 1) that of 0..K clicks.
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
    """Number of items of a set."""
    size = 0
    while subset > 0:
        subset &= subset - 1
        size += 1
    return size


@kernel
def _choices(utilities: Floats, subset: int, chances: Floats) -> None:
    """Probability that each item is the next after those of a set."""
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
    """Show an item at ``k + 1`` with a probability; returns that of its examination.

    ``here``, ``there``: (R, K + 1) by last click and count, before and after; ``does``: as in :func:`walk`.
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
    """The same at position 1 for sessions with a click there alone."""
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
    """Fill (n, K) ``examined`` and (K + 1,) ``counts``, both 0, for one query.

    ``does``: (n, K, 3) probability of a click, to go on without one, and with one.
    """
    size, positions = examined.shape
    shown = min(size, positions)
    sets = 1 << block
    # Beyond the block the sets follow one another; all of the block is the first of them.
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
