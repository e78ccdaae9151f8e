"""Refutation of the user model: clicks of shuffled sessions, predicted from the other sessions.

Under the position-based model with the right curve, sessions of ``K`` items in random order get ``E sum_k
c_k m / theta_k`` clicks each, with ``c`` of sessions in the order of the ranker and ``m`` the mean of
``theta`` over the K positions: ``c_k / theta_k`` has the relevance of the item at k as its mean, and a
shuffle examines every item with probability ``m``. Under trust bias it is ``E sum_k (c_k - beta_k) m /
alpha_k + beta_k``, with ``m`` the mean of alpha. Sessions are assigned to the shuffle at random, so the
prediction differs from the clicks observed only by chance, unless users do not click as assumed, or the
curve is wrong.

Assumption: a session marked ``shuffled`` showed all of its items in random order. A curve that was
estimated from the same shuffled sessions is nearly independent of their number of clicks: it only uses the
shares of positions. Source: a posterior predictive check of the position-based model (Joachims, Swaminathan
& Schnabel 2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, kernel
from rankeval.inference import Functional, Inference, Mean, UnderCurves
from rankeval.logs import Sessions, marked_shuffled
from rankeval.position_bias.known_curve import STEP, Arm

#: Terms of every session before the predictions: 1 and the clicks, of ranked and of shuffled sessions.
RANKED, SHUFFLED, RANKED_CLICKS, SHUFFLED_CLICKS = range(4)
#: Sessions of an arm below which there is no test.
FEWEST_SESSIONS = 30


@dataclass(frozen=True)
class Refutation:
    """Predicted and observed clicks per shuffled session.

    Attributes:
        ranked, shuffled: numbers of sessions.
        predicted, observed: mean clicks per shuffled session.
        std_error: standard error of ``predicted - observed``: of both arms, and of the curve if known.
    """

    ranked: float
    shuffled: float
    predicted: float
    observed: float
    std_error: float

    @property
    def z(self) -> float:
        """``predicted - observed`` in standard errors."""
        return (self.predicted - self.observed) / self.std_error

    @property
    def relative(self) -> float:
        """``(predicted - observed) / observed``."""
        return (self.predicted - self.observed) / self.observed

    def to_dict(self) -> dict[str, float]:
        """The test as values for JSON."""
        return {
            "ranked_sessions": self.ranked,
            "shuffled_sessions": self.shuffled,
            "predicted_clicks": self.predicted,
            "observed_clicks": self.observed,
            "relative": self.relative,
            "std_error": self.std_error,
            "z": self.z,
        }


def predicted(first: int, moved: int) -> Functional:
    """The functional of the prediction.

    Args:
        first: the term of the prediction under the curve; those under moved curves follow.
        moved: number of moved curves.
    """
    under, *others = (Mean(first + i) / Mean(RANKED) for i in range(moved + 1))
    return UnderCurves(under, tuple(others), STEP) if others else under


def observed() -> Functional:
    """The functional of the clicks observed in shuffled sessions."""
    return Mean(SHUFFLED_CLICKS) / Mean(SHUFFLED)


def refute(inference: Inference, prediction: Functional, known: Arm | None = None) -> Refutation | None:
    """The test; None where an arm has fewer than 30 sessions, or there is no error.

    Args:
        inference: inference from the terms of all sessions.
        prediction: the functional of the prediction.
        known: the clicks of shuffled sessions that are not among them.
    """
    n, mean = inference.moments.n, inference.moments.mean
    ranked, shuffled = n * float(mean[RANKED]), n * float(mean[SHUFFLED])
    if shuffled >= FEWEST_SESSIONS and ranked >= FEWEST_SESSIONS:
        found = inference.estimate(prediction - observed())
        clicks = inference.value(observed())
    elif known is not None and known.sessions >= FEWEST_SESSIONS and ranked >= FEWEST_SESSIONS:
        found, shuffled, clicks = inference.estimate(prediction), known.sessions, known.clicks
    else:
        return None
    beside = known.std_error if known is not None and shuffled == known.sessions else 0.0
    if found.value is None or not found.std_error or not clicks > 0.0:
        return None
    return Refutation(
        ranked, shuffled, inference.value(prediction), clicks, math.hypot(found.std_error, beside)
    )


def arms_of(sessions: Sessions) -> tuple[Bools, Bools]:
    """(n,) whether a session is in the order of the ranker, and whether all of it was shuffled.

    A session of a swap experiment is neither.
    """
    marked = marked_shuffled(sessions) if "shuffled" in sessions else np.zeros(len(sessions), np.bool_)
    if "swap_low" not in sessions:
        return ~marked, marked
    swapped = ~np.isnan(as_float64(sessions.per_session("swap_low")))
    return ~marked & ~swapped, marked & ~swapped


@kernel
def session_sums(offsets: Ints, values: Floats) -> Floats:
    """(n,) the sum of the values of each session."""
    found = np.zeros(offsets.size - 1)
    for s in range(offsets.size - 1):
        for i in range(offsets[s], offsets[s + 1]):
            found[s] += values[i]
    return found


@kernel
def write_prediction(
    offsets: Ints, clicks: Floats, slope: Floats, added: Floats, chosen: Floats, row: Floats
) -> None:
    """Write ``chosen * sum_k (c_k - b_k) m / a_k + b_k`` of each session; ``m`` is its mean of ``a``.

    Args:
        offsets: (n + 1,) the items of session i are ``offsets[i]:offsets[i + 1]``.
        clicks: (items,) c.
        slope: (items,) a at the logged position: theta, or alpha.
        added: (items,) b at the logged position, beta; or empty for 0.
        chosen: (n,) 1 for the sessions in the order of the ranker, 0 for others.
        row: (n,) gets the results.
    """
    for s in range(offsets.size - 1):
        row[s] = 0.0
        begin, end = offsets[s], offsets[s + 1]
        if chosen[s] == 0.0 or begin == end:
            continue
        mean, relevant, plain = 0.0, 0.0, 0.0
        for i in range(begin, end):
            mean += slope[i]
            if added.size > 0:
                relevant += (clicks[i] - added[i]) / slope[i]
                plain += added[i]
            elif clicks[i] != 0.0:
                relevant += clicks[i] / slope[i]
        row[s] = relevant * mean / (end - begin) + plain
