"""Models whose clicks depend on the cell alone: the position, or the position and the last click above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankeval.kernels import kernel
from rankeval.simulators.click_models.fitting.sessions import Floats, Ints, SessionLists, Words

#: Counts that are held at a time before those of nothing are left out.
DENSE = 1 << 24


class Cells(NamedTuple):
    """Impressions and clicks of pairs in cells, by pair.

    Attributes:
        pairs, cells: (rows,) int32.
        impressions, clicks: (rows,)
        total: number of pairs.
    """

    pairs: Words
    cells: Words
    impressions: Floats
    clicks: Floats
    total: int


class CellCounts(NamedTuple):
    """Expected counts: by pair how often it was relevant; by cell how often a relevant one, and another, was.

    ``relevant``: (P,); ``of_relevant``: (C,) impressions of relevant items, ``others``: (C,) the others.
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

    Cells are positions from 0; ``by_last``: ``k (k + 1) / 2 + r`` for position k from 0 where the last click
    above is at position r, 0 for none.
    """
    width = lists.positions * (lists.positions + 1) // 2 if by_last else lists.positions
    step = max(DENSE // width, 1)
    found = [
        _block(lists, counts, low, min(low + step, lists.pairs), by_last, width)
        for low in range(0, lists.pairs, step)
    ]
    pairs, cells, shown, clicked = (np.concatenate(column) for column in zip(*found, strict=True))
    return Cells(pairs, cells, shown, clicked, lists.pairs)


def _block(
    lists: SessionLists, counts: Floats, low: int, high: int, by_last: bool, width: int
) -> tuple[Words, Words, Floats, Floats]:
    """The cells of the pairs from ``low`` to ``high``."""
    shown, clicked = np.zeros((2, high - low, width))
    _tally(lists.offsets, lists.words, counts, low, by_last, shown, clicked)
    pairs, cells = np.nonzero(shown)
    rows = shown[pairs, cells], clicked[pairs, cells]
    return (pairs + low).astype(np.int32), cells.astype(np.int32), *rows


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
    """Expected counts where a relevant item is clicked with ``relevant[cell]``, any other with ``others[cell]``.

    ``attractiveness``: (P,) probability that an item is relevant to the user.
    """
    of_pairs = np.zeros((2, cells.total))
    of_cells = np.zeros((4, len(relevant)))
    likelihood = _expect(
        cells.pairs,
        cells.cells,
        cells.impressions,
        cells.clicks,
        np.ascontiguousarray(attractiveness),
        np.stack([relevant, others]),
        of_pairs,
        of_cells,
    )
    return CellCounts(*of_pairs, *of_cells, likelihood)


@kernel
def _expect(
    pairs: Words,
    cells: Words,
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
