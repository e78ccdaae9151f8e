"""The pass of ``propensity`` that tests a curve by the clicks of shuffled sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import read_only
from rankeval.inference import Inference, Mean, Moments, pairs_needed
from rankeval.logs import Sessions, fold, impression_roles, impressions_of, unit_keys
from rankeval.notes import Note
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.known_curve import Arm, PositionBias
from rankeval.position_bias.refutation_notes import refutation_notes
from rankeval.position_bias.request import Request
from rankeval.position_bias.shuffle import design_of
from rankeval.position_bias.shuffled_arm import (
    RANKED,
    SHUFFLED,
    Refutation,
    arms_of,
    observed,
    predicted,
    refute,
    session_sums,
    write_prediction,
)

#: The first term of the predictions.
_FIRST = 4


@dataclass(frozen=True)
class ShuffleTest:
    """What the shuffled sessions of a log say of its curve.

    Attributes:
        arm: their clicks; None without shuffled sessions.
        refutation: the test; None without sessions in the order of the ranker.
    """

    arm: Arm | None = None
    refutation: Refutation | None = None

    @classmethod
    def of(cls, request: Request, curve: Curve) -> ShuffleTest:
        """The test of the curve of the whole log, in one more pass; empty if the log marks no shuffles."""
        log = request.log
        if not log.has("shuffled") or not np.isfinite(curve.log_theta).all():
            return cls()
        covariance = curve.theta_covariance
        content = {"examination": curve.theta.tolist()}
        known = PositionBias.of(
            content if covariance is None else {**content, "covariance": covariance.tolist()}
        )
        curves = [bias.curve("examination") for bias in (known, *known.moved)]
        prediction = predicted(_FIRST, len(curves) - 1)
        pairs = pairs_needed([prediction - observed(), Mean(RANKED)])

        def work(sessions: Sessions) -> Moments:
            terms = _terms(request, sessions, curves)
            keys = unit_keys(sessions, request.key, ()) if request.infer.bucketed else None
            users = request.unnamed(sessions)
            return Moments.of(terms, pairs, keys, unnamed=users)

        roles = [*impression_roles(log), *design_of(log), *request.extra_roles, *request.user_roles]
        moments = fold(log, list(dict.fromkeys(roles)), work, Moments.merge, request.threads)
        infer = replace(request.infer, methods=("normal",), side="two", level=0.95)
        inference = infer.of(moments)
        return cls(_arm(inference), refute(inference, prediction))

    def notes(self) -> Iterator[Note]:
        """Reasons to doubt the curve."""
        if self.refutation is not None:
            yield from refutation_notes("examination", self.refutation)


def _terms(request: Request, sessions: Sessions, curves: list[Floats]) -> Floats:
    """(p, n) the terms of some sessions under each curve."""
    shown = impressions_of(sessions, request.top or len(curves[0]))
    offsets, clicks = shown.sessions.offsets, read_only(shown.clicks.astype(np.float64))
    ranked, shuffled = arms_of(sessions)
    total = session_sums(offsets, clicks)
    ranks = [ranked * 1.0, shuffled * 1.0, total * ranked, total * shuffled]
    out = np.zeros((_FIRST + len(curves), len(sessions)))
    out[:_FIRST] = ranks
    for row, curve in zip(out[_FIRST:], curves, strict=True):
        slope = read_only(curve[shown.positions - 1])
        write_prediction(offsets, clicks, slope, read_only(np.zeros(0)), read_only(out[RANKED]), row)
    return out


def _arm(inference: Inference) -> Arm | None:
    found = inference.estimate(observed())
    if found.value is None or not found.std_error:
        return None
    return Arm(inference.moments.n * float(inference.moments.mean[SHUFFLED]), found.value, found.std_error)
