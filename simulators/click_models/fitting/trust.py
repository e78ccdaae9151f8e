"""The maximum of the likelihood of the trust-biased model, by projected Fisher scoring."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.position_bias import Cells

#: A rise by at most this share of the log-likelihood ends the iteration.
LEAST_RISE = 1e-13
#: Most scoring steps, most steps to the relevance of a pair, and most halvings of a scoring step.
STEPS, INNER_STEPS, HALVINGS = 500, 100, 40
#: A rate below this that still falls is left there: the square of a smaller one has no finite inverse.
NOTHING = 1e-50


class Height(NamedTuple):
    """The log-likelihood at some click rates, maximised over the relevance of pairs.

    Attributes:
        value: the log-likelihood.
        relevance: (P,) the relevance of each pair at this maximum.
        gradient: (2 K,) of the log-likelihood by the click rates.
        information: (2 K, 2 K) expected information of the click rates, with relevance profiled out.
    """

    value: float
    relevance: Floats
    gradient: Floats
    information: Floats


class TrustClimb:
    """Maximises the likelihood by projected scoring steps on the click rates.

    The click rates are (2 K,): of relevant items by position, then of items that are not relevant.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._relevance = np.full(len(cells.offsets) - 1, 0.5)

    def at(self, rates: Floats) -> Height:
        """The log-likelihood and its derivatives at the click rates ``rates``, (2 K,)."""
        cells, size = self._cells, 2 * self._cells.length
        gradient, information = np.zeros(size), np.zeros((size, size))
        relevance = self._relevance.copy()
        counts = np.stack([cells.impressions, cells.clicks])
        offsets, places = read_only(cells.offsets), read_only(cells.places)
        value = _evaluated(offsets, places, counts, rates, relevance, gradient, information)
        return Height(float(value), relevance, gradient, information)

    def to_the_top(self, rates: Floats) -> tuple[Floats, Floats]:
        """Click rates, (2 K,), and relevance, (P,), at which no scoring step raises the likelihood.

        The steps start at ``rates``.
        """
        here = self.at(rates)
        for _ in range(STEPS):
            outwards = ((rates <= NOTHING) & (here.gradient < 0.0)) | ((rates >= 1.0) & (here.gradient > 0.0))
            free = np.flatnonzero(~outwards & (np.diag(here.information) > 0.0))
            if not len(free):
                break
            step = np.zeros(len(rates))
            step[free] = _solved(here.information[np.ix_(free, free)], here.gradient[free])
            new, there = self._searched(rates, here, step)
            rise, rates, here = there.value - here.value, new, there
            self._relevance = here.relevance
            if rise <= LEAST_RISE * abs(here.value):
                break
        return rates, here.relevance

    def _searched(self, rates: Floats, here: Height, step: Floats) -> tuple[Floats, Height]:
        """The first point that is higher than ``here`` along ``step``, halved repeatedly; else ``here``.

        Points are clipped to [0, 1].
        """
        for halving in range(HALVINGS):
            new = np.clip(rates + 0.5**halving * step, 0.0, 1.0)
            there = self.at(new)
            if there.value > here.value:
                return new, there
        return rates, here


def _solved(matrix: Floats, gradient: Floats) -> Floats:
    """A scoring step; 0 in the directions that only shift or scale relevance, which have no information."""
    scale = 1.0 / np.sqrt(np.diag(matrix))
    values, vectors = np.linalg.eigh(matrix * np.outer(scale, scale))
    kept = values > 1e-10
    return np.asarray(scale * (vectors[:, kept] @ (vectors[:, kept].T @ (scale * gradient) / values[kept])))


@kernel
def _slopes(
    begin: int, end: int, places: Ints, counts: Floats, rates: Floats, relevance: float
) -> tuple[float, float]:
    """The first derivative of a pair's log-likelihood by its relevance, and the second one, negated."""
    first, second = 0.0, 0.0
    size = rates.size // 2
    for i in range(begin, end):
        high, low = rates[places[i]], rates[size + places[i]]
        chance, clicked, skipped = low + relevance * (high - low), counts[1, i], counts[0, i] - counts[1, i]
        if clicked > 0.0:
            first += (high - low) * clicked / chance
            second += (high - low) ** 2 * clicked / chance**2
        if skipped > 0.0:
            first -= (high - low) * skipped / (1.0 - chance)
            second += (high - low) ** 2 * skipped / (1.0 - chance) ** 2
    return first, second


@kernel
def _best(begin: int, end: int, places: Ints, counts: Floats, rates: Floats, start: float) -> float:
    """The relevance in [0, 1] with the largest log-likelihood of a pair, which is concave.

    Newton steps from ``start``, with bisection where a step leaves the bracket.
    """
    first, _ = _slopes(begin, end, places, counts, rates, 0.0)
    if first <= 0.0:
        return 0.0
    first, _ = _slopes(begin, end, places, counts, rates, 1.0)
    if first >= 0.0:
        return 1.0
    low, high, best = 0.0, 1.0, min(max(start, 0.01), 0.99)
    for _ in range(INNER_STEPS):
        first, second = _slopes(begin, end, places, counts, rates, best)
        if first > 0.0:
            low = best
        else:
            high = best
        new = best + first / second
        if not (low < new < high):
            new = 0.5 * (low + high)
        moved = abs(new - best)
        best = new
        if moved <= 1e-14:
            break
    return best


@kernel
def _evaluated(
    offsets: Ints,
    places: Ints,
    counts: Floats,
    rates: Floats,
    relevance: Floats,
    gradient: Floats,
    information: Floats,
) -> float:
    """The log-likelihood; fills ``relevance``, ``gradient`` and ``information``."""
    value, size = 0.0, rates.size // 2
    cross = np.zeros(2 * size)
    for pair in range(offsets.size - 1):
        begin, end = offsets[pair], offsets[pair + 1]
        if begin == end:
            continue
        g = _best(begin, end, places, counts, rates, relevance[pair])
        relevance[pair] = g
        total = 0.0
        for i in range(begin, end):
            k, n, clicked = places[i], counts[0, i], counts[1, i]
            d = rates[k] - rates[size + k]
            chance = rates[size + k] + g * d
            score = 0.0
            if clicked > 0.0:
                value += clicked * np.log(chance)
                score += clicked / chance
            if n > clicked:
                value += (n - clicked) * np.log(1.0 - chance)
                score -= (n - clicked) / (1.0 - chance)
            gradient[k] += g * score
            gradient[size + k] += (1.0 - g) * score
            weight = n / (chance * (1.0 - chance)) if 0.0 < chance < 1.0 else 0.0
            information[k, k] += weight * g * g
            information[k, size + k] += weight * g * (1.0 - g)
            information[size + k, k] += weight * g * (1.0 - g)
            information[size + k, size + k] += weight * (1.0 - g) * (1.0 - g)
            cross[k], cross[size + k] = weight * g * d, weight * (1.0 - g) * d
            total += weight * d * d
        if 0.0 < g < 1.0 and total > 0.0:
            for i in range(begin, end):
                for j in range(begin, end):
                    for m in (places[i], size + places[i]):
                        information[m, places[j]] -= cross[m] * cross[places[j]] / total
                        information[m, size + places[j]] -= cross[m] * cross[size + places[j]] / total
    return value
