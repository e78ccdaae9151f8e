"""Intervention harvesting: curves from items that several rankers showed at different positions.

If a pair of query and item with relevance ``alpha`` was shown at positions ``k`` and ``j``, its expected
click rates there are ``theta_k alpha`` and ``theta_j alpha``. ``rates[k, j]`` is the weighted sum of the
click rates at ``k`` over the pairs that were shown at both ``k`` and ``j``.

The method assumes that a pair has the same relevance at both positions. This holds if rankers, or orders,
were assigned independently of the query and of the user (Agarwal et al. 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import kernel, read_only
from rankeval.logs import PairCounts, PairIndex
from rankeval.notes import Note
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.connectivity import require_clicks, require_connected
from rankeval.position_bias.curve import Counts, Curve, of_each
from rankeval.position_bias.influence import Estimated, Influence, with_errors
from rankeval.position_bias.position_counts import Items, Located, cells_of, compared, counted_parts, located
from rankeval.position_bias.request import Request
from rankeval.position_bias.summed_rates import Estimator, Harvest, from_all_pairs, from_chain, from_pivot

#: Weight of a pair with ``n`` and ``m`` impressions at two positions: 1, ``n m / (n + m)``, ``min(n, m)``.
WEIGHTS = ("uniform", "harmonic", "min")
INDEPENDENT = Note(
    "independent_rankers",
    "it is assumed that rankers, or orders, were assigned independently of the query and of the user",
)
#: Takes the summed rates (K, K); returns (K, K) bool, whether positions ``k`` and ``j`` are compared.
Compare = Callable[[Floats], Bools]


def pivot(request: Request) -> dict[Any, Curve]:
    """Curves whose ``theta_k`` follows from the pairs that were shown at ``k`` and at position 1.

    Raises:
        DataError: a position is not connected to position 1; there is no click at position 1; or an error of
            :func:`rankeval.logs.query_item_counts.count_pairs`.
    """
    return _harvested(request, from_pivot, _with_first)


def chain(request: Request) -> dict[Any, Curve]:
    """Curves whose ``theta_k / theta_(k-1)`` follows from the pairs that were shown at both positions.

    Raises:
        DataError: as :func:`pivot`.
    """
    return _harvested(request, from_chain, _with_next)


def allpairs(request: Request) -> dict[Any, Curve]:
    """Curves estimated from all pairs that were shown at two or more positions.

    Raises:
        DataError: as :func:`pivot`.
    """
    return _harvested(request, from_all_pairs, lambda rates: rates + rates.T > 0.0)


def _with_first(rates: Floats) -> Bools:
    found = np.zeros(rates.shape, np.bool_)
    found[0] = rates[0] > 0.0
    return found


def _with_next(rates: Floats) -> Bools:
    return np.diag(np.diag((rates > 0.0) & (rates.T > 0.0), 1), 1)


def _harvested(request: Request, estimator: Estimator, compare: Compare) -> dict[Any, Curve]:
    def estimated(segment: Any, counts: PairCounts) -> Estimated:
        cells = cells_of(counts)
        require_clicks(request, segment, cells.by_place(cells.impressions), cells.by_place(cells.clicks))
        rates, sums = summed_rates(cells, request.weights)
        require_connected(request, segment, cells.length, np.argwhere(compare(rates)) + 1)
        harvest = estimator(rates, sums)
        n = int(cells.by_place(cells.impressions)[0])
        return Estimated(
            harvest.log_theta,
            Counts(n, *compared(counts)),
            _influence(counts.keys, cells, request.weights, harvest),
            log_likelihood=harvest.objective,
        )

    estimates, notes = of_each(counted_parts(request), estimated)
    return with_errors(request, estimates, [INDEPENDENT, *notes])


def summed_rates(cells: Cells, weights: str) -> tuple[Floats, Floats]:
    """``rates[k, j]`` and ``sums[k, j]``, the sum of the weights of the same pairs.

    Both are (K, K) float64, and 0 where no pair was shown at both positions.
    """
    rates, sums = np.zeros((2, cells.length, cells.length))
    _sum_rates(
        cells.offsets,
        cells.places,
        cells.impressions,
        cells.clicks / cells.impressions,
        WEIGHTS.index(weights),
        rates,
        sums,
    )
    return rates, sums


class _Changes(NamedTuple):
    """The numbers from which the influence of a session follows.

    Attributes:
        offsets: (P + 1,) int64, as in :class:`Cells`.
        places: (cells,) int64, as in :class:`Cells`.
        n: (cells,) float64, impressions.
        expected: (cells,) float64, expected click rates.
        sensitivity: (K, K, K) float64, derivatives of ``log theta`` with respect to the summed rates.
    """

    offsets: Ints
    places: Ints
    n: Floats
    expected: Floats
    sensitivity: Floats


def expected_rates(cells: Cells, theta: Floats) -> Floats:
    """(cells,) expected click rates, ``theta_k alpha`` and at most 1, for a curve ``theta`` (K,).

    ``alpha`` of a pair is its clicks over ``sum n_k theta_k``, where ``n_k`` are its impressions at ``k``.
    The observed rate of a cell is not used, because it depends too much on the clicks of that cell: with a
    single impression the rate is the click.
    """
    here = theta[cells.places]
    examined = np.bincount(cells.pair, cells.impressions * here, len(cells.of_pair))
    relevance = np.divide(cells.of_pair, examined, out=np.zeros_like(examined), where=examined > 0.0)
    return np.asarray(np.minimum(here * relevance[cells.pair], 1.0))


def _influence(keys: Hashes, cells: Cells, weights: str, harvest: Harvest) -> Influence:
    model = _Changes(
        read_only(cells.offsets),
        read_only(cells.places),
        read_only(cells.impressions),
        read_only(expected_rates(cells, np.exp(harvest.log_theta))),
        read_only(harvest.sensitivity),
    )

    index = PairIndex(keys)

    def influence(items: Items) -> Floats:
        changes = np.zeros((len(items.offsets) - 1, cells.length))
        _write_changes(located(items, index), model, WEIGHTS.index(weights), changes)
        return changes.T

    return influence


@kernel
def _weight(n: float, m: float, kind: int) -> float:
    if kind == 0:
        return 1.0
    return n * m / (n + m) if kind == 1 else min(n, m)


@kernel
def _sum_rates(
    offsets: Ints, places: Ints, n: Floats, rate: Floats, kind: int, rates: Floats, sums: Floats
) -> None:
    for pair in range(offsets.size - 1):
        for i in range(offsets[pair], offsets[pair + 1]):
            for j in range(offsets[pair], offsets[pair + 1]):
                if i != j:
                    weight = _weight(n[i], n[j], kind)
                    rates[places[i], places[j]] += weight * rate[i]
                    sums[places[i], places[j]] += weight


@kernel
def _write_changes(items: Located, model: _Changes, kind: int, changes: Floats) -> None:
    """Add up the influence of each session in ``changes`` (n, K).

    It is the sum of ``(click - expected rate) / impressions * weight * sensitivity`` over items and pairs of
    positions.
    """
    for row in range(items.offsets.size - 1):
        for i in range(items.offsets[row], items.offsets[row + 1]):
            begin, end = model.offsets[items.pairs[i]], model.offsets[items.pairs[i] + 1]
            for cell in range(begin, end):
                k = model.places[cell]
                if k != items.positions[i] - 1:
                    continue
                deviation = (items.clicks[i] - model.expected[cell]) / model.n[cell]
                for other in range(begin, end):
                    if other != cell:
                        change = deviation * _weight(model.n[cell], model.n[other], kind)
                        j = model.places[other]
                        for place in range(changes.shape[1]):
                            changes[row, place] += change * model.sensitivity[k, j, place]
