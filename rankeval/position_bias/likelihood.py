"""The maximum-likelihood curve of the position-based model, with its standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import kernel, read_only
from rankeval.logs import PairCounts, PairIndex
from rankeval.notes import Note
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.connectivity import refuse, require_clicks
from rankeval.position_bias.curve import Counts, Curve, of_each
from rankeval.position_bias.influence import Estimated, Influence, with_errors
from rankeval.position_bias.newton_ascent import TOLERANCE
from rankeval.position_bias.position_based import (
    AT_BOUND,
    PositionBased,
    curvature,
    fit,
    information,
    inverse,
)
from rankeval.position_bias.position_counts import Items, Located, cells_of, compared, counted_parts, located
from rankeval.position_bias.request import Request

#: Pairs with fewer impressions get a warning: many relevances estimated from few clicks bias the curve.
FEW_IMPRESSIONS = 200


def em(request: Request) -> dict[Any, Curve]:
    """Maximum-likelihood curves of the position-based model (:mod:`rankeval.position_bias.position_based`).

    Standard errors of ``log theta`` come from the expected information with relevance profiled out. With
    clusters they are sandwich errors: a second pass over the log computes the influence of each session on
    the estimate. The bootstrap resamples the same influences.

    Raises:
        DataError: a position is not connected to position 1; there is no click at position 1; or an error of
            :func:`rankeval.logs.query_item_counts.count_pairs`.
    """
    estimates, notes = of_each(
        counted_parts(request), lambda segment, counts: _estimated(request, segment, counts)
    )
    return with_errors(request, estimates, notes)


def _estimated(request: Request, segment: Any, counts: PairCounts) -> Estimated:
    cells = cells_of(counts)
    require_clicks(request, segment, cells.by_place(cells.impressions), cells.by_place(cells.clicks))
    refuse(request, segment, cells.unconnected())
    fitted, used = fit(cells), cells.informative()
    known = np.isfinite(fitted.log_theta)
    covariance = inverse(information(used, fitted, expected=True), known)
    if covariance is None:
        covariance = np.where(np.arange(counts.length) == 0, 0.0, np.nan) * np.ones((counts.length, 1))
        covariance[0] = 0.0
    covariance[~known, 1:], covariance[1:, ~known] = np.nan, np.nan
    n = int(cells.by_place(cells.impressions)[0])
    return Estimated(
        fitted.log_theta,
        Counts(n, *compared(counts)),
        _influence(counts.keys, used, fitted, np.nan_to_num(covariance)),
        covariance,
        fitted.log_likelihood,
        tuple(_notes(counts, fitted)),
    )


def _influence(keys: Hashes, cells: Cells, fitted: PositionBased, covariance: Floats) -> Influence:
    """The influence of a session: ``covariance`` times its score, with relevance profiled out.

    Before profiling, the score of a click ``c`` of probability ``x`` is ``(c - x) / (1 - x)``.
    """
    x, h = fitted.probabilities(cells), curvature(cells, fitted, expected=True)
    total = np.asarray(np.bincount(cells.pair, h, len(keys)), np.float64)
    share = h / np.where(total > 0.0, total, 1.0)[cells.pair]
    model = _Scores(
        read_only(cells.offsets), read_only(cells.places), read_only(x), read_only(share), read_only(total)
    )

    index = PairIndex(keys)

    def influence(items: Items) -> Floats:
        scores = np.zeros((len(items.offsets) - 1, cells.length))
        _write_scores(located(items, index), model, scores)
        return np.asarray(np.einsum("jk,nk->jn", covariance, scores))

    return influence


def _notes(counts: PairCounts, fitted: PositionBased) -> Iterator[Note]:
    """Warnings about a fit: few impressions, relevances at their bound, ties, no convergence."""
    shown = np.add.reduceat(counts.impressions, counts.offsets[:-1])
    telling = (np.diff(counts.offsets) > 1) | fitted.at_bound
    few = int(np.count_nonzero(telling & (shown < FEW_IMPRESSIONS)))
    if few:
        text = (
            f"{few:,} of {np.count_nonzero(telling):,} pairs of query and item have fewer than "
            f"{FEW_IMPRESSIONS} impressions: with many relevances to learn from so few the curve is biased, "
            "and its errors are too small"
        )
        yield Note(
            "few_impressions", text, {"pairs": few, "threshold": FEW_IMPRESSIONS}, level="caution", value=few
        )
    bound = int(fitted.at_bound.sum())
    if bound:
        text = (
            f"{bound:,} pairs have the largest relevance there can be, 1 where the position of largest "
            "examination is always examined: as far as they were clicked there, errors take it as known"
        )
        yield Note("relevance_at_bound", text, {"pairs": bound})
    if fitted.ties:
        names = ", ".join(map(str, fitted.ties))
        text = f"positions {names} share the largest examination at that bound: their errors are rough"
        yield Note("ties_at_bound", text)
    if not fitted.converged:
        text = f"the likelihood was not climbed until no step changed log theta by {TOLERANCE:g}"
        yield Note("not_converged", text)


class _Scores(NamedTuple):
    """The numbers from which the scores of sessions follow.

    Attributes:
        offsets: (P + 1,) int64, as in :class:`Cells`.
        places: (cells,) int64, as in :class:`Cells`.
        x: (cells,) float64, probability of a click.
        share: (cells,) float64, share of the cell in the information on the relevance of its pair.
        known: (P,) float64, the information on the relevance of each pair.
    """

    offsets: Ints
    places: Ints
    x: Floats
    share: Floats
    known: Floats


@kernel
def _write_scores(items: Located, model: _Scores, scores: Floats) -> None:
    """Add the profiled score of each session to ``scores`` (n, K)."""
    for row in range(items.offsets.size - 1):
        for i in range(items.offsets[row], items.offsets[row + 1]):
            begin, end = model.offsets[items.pairs[i]], model.offsets[items.pairs[i] + 1]
            if model.known[items.pairs[i]] <= 0.0:
                continue
            for cell in range(begin, end):
                if model.places[cell] != items.positions[i] - 1:
                    continue
                if model.x[cell] >= 1.0 - AT_BOUND:
                    continue
                score = (items.clicks[i] - model.x[cell]) / (1.0 - model.x[cell])
                scores[row, model.places[cell]] += score
                for other in range(begin, end):
                    scores[row, model.places[other]] -= score * model.share[other]
