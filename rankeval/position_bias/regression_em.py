"""The curve of the position-based model with a regression of relevance on features."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import mix64, offsets_of
from rankeval.errors import UsageError
from rankeval.inference import Interval
from rankeval.logs import Sessions, counting, impression_roles, impressions_of, unit_keys
from rankeval.models import Design, Encoding, Sample, learn, require_features, sampled, taken
from rankeval.notes import Note
from rankeval.position_bias.connectivity import require_clicks
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.position_sums import last_position
from rankeval.position_bias.request import Request

#: Largest number of sessions in the training sample.
SAMPLE = 20_000
STEPS = 30
#: The iteration ends at a step that changes every ``log theta`` by less than this.
TOLERANCE = 1e-3
#: Smallest distance of relevance from 0 and 1, and of examination from 0.
SMALLEST = 1e-6
#: Columns that depend on the position or the outcome of an item, so that they cannot be features.
KNOWN_AFTER = ("click", "reward", "position", "examination", "propensity", "exposure")
NO_ERROR = "regression EM gives a point estimate only"


def regression_em(request: Request) -> dict[Any, Curve]:
    """The curve of ``P(click) = theta_k q(features)`` with LightGBM for ``q`` (Wang et al. 2018).

    The curve has no standard errors. Two steps alternate: LightGBM regresses ``c / theta``, whose mean is
    ``q``, with weight ``theta``; then ``theta`` maximises the likelihood of the clicks given ``q``. EM
    regresses the probability that an item is relevant given its click. It converges to about the same curve,
    in hundreds of steps instead of a dozen.

    The training sample has at most 20,000 sessions, those with the smallest hashed ids.

    Returns:
        The curve of the whole log, under ``None``.

    Raises:
        DataError: a feature is missing, or holds neither numbers nor text; there is no click at position 1;
            or an error of :func:`~rankeval.logs.impressions.impressions_of`.
        UsageError: a feature depends on the position or the outcome; the request has ``by``.
    """
    if request.by is not None:
        raise UsageError("by: found one beside features, wanted --where for the curve of a segment")
    log, infer = request.log, request.infer
    names = require_features(log, request.features, KNOWN_AFTER)

    def of(sessions: Sessions) -> Sample:
        shown = impressions_of(sessions, request.top)
        lengths, every = shown.sessions.lengths, counting(len(shown.clicks))
        last_position(shown.sessions, shown.positions)
        units = np.flatnonzero(lengths > 0)
        return Sample(
            order=mix64(unit_keys(sessions, "session_id", ()), infer.seed)[units],
            folds=np.zeros(len(units), np.int64),
            offsets=offsets_of(lengths[units]),
            features={name: taken(shown.sessions.column(name), every) for name in names},
            numbers={"place": shown.positions.astype(np.float64), "click": shown.clicks.astype(np.float64)},
        )

    roles = list(dict.fromkeys([*impression_roles(log), *names]))
    sample = sampled(log, roles, of, SAMPLE, request.threads)
    places, clicks = sample.numbers["place"].astype(np.int64) - 1, sample.numbers["click"]
    by_place = np.asarray(np.bincount(places, clicks), np.float64)
    require_clicks(request, None, np.bincount(places).astype(np.float64), by_place)
    encoding = Encoding.of(sample.features, None)
    design = encoding.design(sample.features, counting(len(places)), None)
    theta, likelihood, converged = _fit(design, places, clicks)
    return {None: _curve(request, theta, likelihood, converged, (places, clicks), len(sample))}


def _fit(design: Design, places: Ints, clicks: Floats) -> tuple[Floats, float, bool]:
    """``theta`` (K,), the log-likelihood, and whether the iteration converged within ``STEPS`` steps."""
    from threadpoolctl import threadpool_limits

    length = int(places.max()) + 1
    theta = np.maximum(np.bincount(places, clicks, length) / np.bincount(places, minlength=length), SMALLEST)
    theta, converged = theta / theta.max(), False
    relevance = np.ones(len(places))
    with threadpool_limits(1):
        for _ in range(STEPS):
            examined = theta[places]
            model = learn("lightgbm", design, clicks / examined, examined)
            relevance = np.clip(model.predict(design), SMALLEST, 1.0 - SMALLEST)
            before, theta = theta, np.maximum(most_likely(places, clicks, relevance, length), SMALLEST)
            moved = np.log(theta / theta[0]) - np.log(before / before[0])
            if np.abs(moved).max() < TOLERANCE:
                converged = True
                break
    chance = theta[places] * relevance
    likelihood = float(np.sum(np.log(np.where(clicks > 0.0, chance, 1.0 - chance))))
    return theta, likelihood, converged


def most_likely(places: Ints, clicks: Floats, relevance: Floats, length: int) -> Floats:
    """(K,) theta in [0, 1] that maximises the likelihood of clicks of probability ``theta relevance``.

    Bisection at each position finds the zero of ``sum c - sum (1 - c) x / (1 - x)``, ``x = theta relevance``,
    which decreases in theta.

    Args:
        places: (items,) position minus 1.
        clicks: (items,) 0 or 1.
        relevance: (items,) in (0, 1).
        length: number of positions, ``K``.
    """
    wanted = np.bincount(places, clicks, length)
    low, high = np.zeros(length), np.ones(length)
    for _ in range(50):
        middle = (low + high) / 2.0
        x = middle[places] * relevance
        below = np.bincount(places, (1.0 - clicks) * x / (1.0 - x), length) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(wanted > 0.0, (low + high) / 2.0, 0.0)


def _curve(
    request: Request,
    theta: Floats,
    likelihood: float,
    converged: bool,
    items: tuple[Ints, Floats],
    sessions: int,
) -> Curve:
    length, infer = len(theta), request.infer
    places, clicks = items
    by_place = np.asarray(np.bincount(places, clicks, length), np.float64)
    log_theta = np.where(by_place > 0.0, np.log(theta) - np.log(theta[0]), -np.inf)
    covariance = np.full((length, length), np.nan)
    covariance[0], covariance[:, 0] = 0.0, 0.0
    intervals = tuple(
        (
            Interval.of(method, infer.level, (1.0, 1.0), infer.side),
            *(Interval(method, infer.level, None, None, NO_ERROR, infer.side) for _ in range(length - 1)),
        )
        for method in infer.methods
    )
    moves = f"the curve still moves by more than {TOLERANCE} after {STEPS} steps"
    return Curve(
        None,
        sessions,
        log_theta,
        covariance,
        intervals,
        np.asarray(np.bincount(places, minlength=length), np.float64),
        by_place,
        log_likelihood=likelihood,
        notes=() if converged else (Note("not_converged", moves),),
    )
