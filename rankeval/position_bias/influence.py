"""Standard errors of estimates from counts of pairs.

A second pass over the log computes the influence of each session: by how much it changes the estimate.
"""

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

#: Takes the items of ``n`` sessions; returns (K, n), by how much each session changes ``log theta``.
Influence = Callable[[Items], Floats]


@dataclass(frozen=True, eq=False)
class Estimated:
    """The estimated curve of the whole log or of a segment, before intervals are computed.

    Attributes:
        log_theta: (K,), ``-inf`` at a position without clicks.
        counts: sessions, impressions and clicks behind the estimate.
        influence: the influence of sessions on ``log_theta``.
        covariance: (K, K) of ``log_theta`` under a model, NaN where unknown; None: it is estimated from the
            influence of the sessions.
        log_likelihood: the maximum of the objective, None if the method maximises none.
        notes: warnings about this estimate.
    """

    log_theta: Floats
    counts: Counts
    influence: Influence
    covariance: Floats | None = None
    log_likelihood: float | None = None
    notes: tuple[Note, ...] = ()


def with_errors(request: Request, estimates: Mapping[Any, Estimated], notes: list[Note]) -> dict[Any, Curve]:
    """The curves of these estimates; ``notes`` are added to the curve of the whole log.

    The covariance is that of the model, if there is one and the units are sessions. Otherwise it is
    estimated from the influence of the units. Bootstrap intervals always use the influence, and so do design
    effects of users whom nobody named as clusters.
    """
    infer = request.infer
    if (
        infer.bucketed
        or request.users is not None
        or any(estimate.covariance is None for estimate in estimates.values())
    ):
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
        found, users = {}, request.unnamed(sessions)
        for value, (chosen, items) in items_of_parts(request, sessions).items():
            if value in of_parts:
                of_units = None if keys is None else keys[chosen]
                named = users.of(chosen) if users is not None and value is None else None
                values, places = of_parts[value](items), items.positions - 1
                found[value] = Tally.of(values, places, items.clicks, of_units, named)
        return found

    return fold_parts(request, [*pair_roles(request.log), *request.user_roles], work, Tally.merge)


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
    return replace(of_model, intervals=intervals, notes=curve.notes)


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
