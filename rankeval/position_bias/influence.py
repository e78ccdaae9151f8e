"""Errors of estimates from counts of pairs: a second pass adds up what each session changes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.logs import Sessions, pair_roles, unit_keys
from rankeval.notes import Note
from rankeval.position_bias.contrasts import Linearised
from rankeval.position_bias.curve import Counts, Curve, curve_of, normal_intervals
from rankeval.position_bias.position_counts import Items, items_of_parts
from rankeval.position_bias.position_sums import Tally, fold_parts
from rankeval.position_bias.request import Request

#: What each of ``n`` sessions changes of ``log theta``: (K, n).
Influence = Callable[[Items], Floats]


@dataclass(frozen=True, eq=False)
class Estimated:
    """An estimate of the curve of a part of the log.

    Attributes:
        log_theta: (K,), ``-inf`` without clicks.
        counts: what stands behind it.
        influence: what sessions change of it.
        covariance: (K, K) of ``log_theta`` by a model, NaN where unknown; None: the sessions tell.
        log_likelihood: if there is one.
        notes: what a reader should know.
    """

    log_theta: Floats
    counts: Counts
    influence: Influence
    covariance: Floats | None = None
    log_likelihood: float | None = None
    notes: tuple[Note, ...] = ()


def with_errors(request: Request, estimates: Mapping[Any, Estimated], notes: list[Note]) -> dict[Any, Curve]:
    """The curves of these estimates; ``notes`` go with that of the whole log.

    Errors are those of the model, if there is one and units are sessions, else those between units.
    """
    infer = request.infer
    if infer.bucketed or any(estimate.covariance is None for estimate in estimates.values()):
        tallies = _influences(request, {value: estimate.influence for value, estimate in estimates.items()})
        found = {
            value: _between_units(request, value, estimate, tallies[value])
            for value, estimate in estimates.items()
        }
    else:
        found = {value: _of_model(request, value, estimate) for value, estimate in estimates.items()}
    return found | {None: found[None].with_notes(*notes)}


def _influences(request: Request, of_parts: Mapping[Any, Influence]) -> dict[Any, Tally]:
    def work(sessions: Sessions) -> dict[Any, Tally]:
        keys = unit_keys(sessions, request.key, ()) if request.infer.bucketed else None
        found = {}
        for value, (chosen, items) in items_of_parts(request, sessions).items():
            if value in of_parts:
                of_units = None if keys is None else keys[chosen]
                found[value] = Tally.of(of_parts[value](items), items.positions - 1, items.clicks, of_units)
        return found

    return fold_parts(request, pair_roles(request.log), work, Tally.merge)


def _between_units(request: Request, segment: Any, estimate: Estimated, tally: Tally) -> Curve:
    n, mean = tally.moments.n, tally.moments.mean
    functionals = [
        Linearised(k, float(at), n, float(mean[k])) if np.isfinite(at) else None
        for k, at in enumerate(estimate.log_theta)
    ]
    curve = curve_of(segment, estimate.counts, request.infer.of(tally.moments), functionals)
    curve = replace(curve, log_likelihood=estimate.log_likelihood, notes=(*curve.notes, *estimate.notes))
    if estimate.covariance is None or request.infer.clustered:
        return curve
    of_model = _of_model(request, segment, estimate)
    intervals = tuple(
        of_model.intervals[0] if method == "normal" else interval
        for method, interval in zip(request.infer.methods, curve.intervals, strict=True)
    )
    return replace(of_model, intervals=intervals)


def _of_model(request: Request, segment: Any, estimate: Estimated) -> Curve:
    assert estimate.covariance is not None
    return Curve(
        segment,
        estimate.counts.n,
        estimate.log_theta,
        estimate.covariance,
        (normal_intervals(estimate.log_theta, estimate.covariance, request.infer),),
        estimate.counts.impressions,
        estimate.counts.clicks,
        log_likelihood=estimate.log_likelihood,
        notes=estimate.notes,
    )
