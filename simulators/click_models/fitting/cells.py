"""Counts for models in which a click depends only on the pair and the cell.

A cell is a position, or a position together with the position of the last click above it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, offsets_of, read_only
from rankeval.position_bias import Cells
from rankeval.simulators.click_models.fitting.sessions import SessionLists, Words

#: Most entries of a dense table of pairs and cells in memory at a time; its zeros are then dropped.
DENSE = 1 << 24


class CellCounts(NamedTuple):
    """Expected counts given the clicks, for P pairs and C cells.

    Attributes:
        relevant: (P,) impressions of each pair in which the item is relevant to the user.
        shown: (P,) all impressions of each pair.
        of_relevant, clicked_relevant: (C,) impressions and clicks of relevant items in each cell.
        others, clicked_others: (C,) impressions and clicks of items that are not relevant.
        log_likelihood: natural log of the likelihood of the clicks.
    """

    relevant: Floats
    shown: Floats
    of_relevant: Floats
    clicked_relevant: Floats
    others: Floats
    clicked_others: Floats
    log_likelihood: float


def count_cells(lists: SessionLists, counts: Floats, by_last: bool) -> Cells:
    """Count impressions and clicks by pair and cell.

    Args:
        lists: ``n`` distinct sessions.
        counts: (n,) number of sessions that each of them stands for.
        by_last: whether the cell depends on the last click above. If not, the number of a cell is k, its
            position counted from 0. If so, it is ``k (k + 1) / 2 + r``, where r is the position of the last
            click above, counted from 1, and 0 if there is none.
    """
    width = lists.positions * (lists.positions + 1) // 2 if by_last else lists.positions
    step = max(DENSE // width, 1)
    found = [
        _block(lists, counts, low, min(low + step, lists.pairs), by_last, width)
        for low in range(0, lists.pairs, step)
    ]
    pairs, places, shown, clicked = (np.concatenate(column) for column in zip(*found, strict=True))
    offsets = offsets_of(np.bincount(pairs, minlength=lists.pairs))
    return Cells(offsets, places, shown, clicked, width)


def _block(
    lists: SessionLists, counts: Floats, low: int, high: int, by_last: bool, width: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Pair, cell, impressions and clicks of the cells with impressions of pairs ``low..high``."""
    shown, clicked = np.zeros((2, high - low, width))
    _tally(lists.offsets, lists.words, read_only(counts), low, by_last, shown, clicked)
    pairs, places = np.nonzero(shown)
    return pairs + low, places, shown[pairs, places], clicked[pairs, places]


@kernel
def _tally(
    offsets: Ints, words: Words, counts: Floats, low: int, by_last: bool, shown: Floats, clicked: Floats
) -> None:
    for row in range(offsets.size - 1):
        last = 0
        for i in range(offsets[row], offsets[row + 1]):
            k = i - offsets[row]
            pair = np.int64(words[i] >> 1) - low
            if 0 <= pair < shown.shape[0]:
                cell = k * (k + 1) // 2 + last if by_last else k
                shown[pair, cell] += counts[row]
                if words[i] & 1:
                    clicked[pair, cell] += counts[row]
            if words[i] & 1:
                last = k + 1


def expected_cells(cells: Cells, attractiveness: Floats, relevant: Floats, others: Floats) -> CellCounts:
    """Expected counts given the clicks, and the log-likelihood.

    Args:
        cells: impressions and clicks by pair and cell.
        attractiveness: (P,) probability that the item is relevant to the user.
        relevant, others: (C,) click probability in each cell of a relevant item, and of an item that is not.
    """
    of_pairs = np.zeros((2, len(cells.offsets) - 1))
    of_cells = np.zeros((4, len(relevant)))
    likelihood = _expect(
        cells.pair,
        cells.places,
        cells.impressions,
        cells.clicks,
        np.ascontiguousarray(attractiveness),
        np.stack([relevant, others]),
        of_pairs,
        of_cells,
    )
    relevant_impressions, clicked_relevant, other_impressions, clicked_others = list(of_cells)
    return CellCounts(
        of_pairs[0],
        of_pairs[1],
        relevant_impressions,
        clicked_relevant,
        other_impressions,
        clicked_others,
        likelihood,
    )


@kernel
def _expect(
    pairs: Ints,
    cells: Ints,
    impressions: Floats,
    clicks: Floats,
    attractiveness: Floats,
    chances: Floats,
    of_pairs: Floats,
    of_cells: Floats,
) -> float:
    total = 0.0
    for i in range(pairs.size):
        a, hit, miss = attractiveness[pairs[i]], chances[0, cells[i]], chances[1, cells[i]]
        clicked, skipped = clicks[i], impressions[i] - clicks[i]
        click = a * hit + (1.0 - a) * miss
        relevant_clicked, relevant_skipped = 0.0, 0.0
        if clicked > 0.0:
            total += clicked * np.log(click)
            relevant_clicked = clicked * a * hit / click if click > 0.0 else 0.0
        if skipped > 0.0:
            total += skipped * np.log(1.0 - click)
            relevant_skipped = skipped * a * (1.0 - hit) / (1.0 - click) if click < 1.0 else 0.0
        of_pairs[0, pairs[i]] += relevant_clicked + relevant_skipped
        of_pairs[1, pairs[i]] += impressions[i]
        of_cells[0, cells[i]] += relevant_clicked + relevant_skipped
        of_cells[1, cells[i]] += relevant_clicked
        of_cells[2, cells[i]] += impressions[i] - relevant_clicked - relevant_skipped
        of_cells[3, cells[i]] += clicked - relevant_clicked
    return total
