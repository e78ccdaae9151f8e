"""Tests of the position-based model on logs without shuffled sessions, or beside these.

*Rankers.* Under the position-based model a pair of query and item has one relevance, whichever ranker shows
it. With ``theta``-weighted impressions ``E_g`` and clicks ``C_g`` of a pair under ranker g, and ``E_-g`` and
``C_-g`` under the others, ``sum E_-g C_g / E`` and ``sum E_g C_-g / E`` (``E = E_g + E_-g``) have the same
mean: the clicks of a ranker are predicted from the sessions of the others. Pairs that g shows higher than the
others do, and lower, are told apart, since errors of a curve cancel over both. Errors are those of sessions,
with residuals enlarged for their leverage (HC2: MacKinnon & White 1985), and of the curve.

*Cascade.* Half of the sessions teach the relevance of pairs, and the other half compares the likelihoods of
the position-based model with the curve, and of the dependent click model (Guo, Liu & Wang 2009), whose users
go on to the next item unless a click ends the session. The difference per session has a standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.inference import holm
from rankeval.logs import PairIndex
from rankeval.position_bias.known_curve import STEP, PositionBias
from rankeval.position_bias.model_counts import ModelCounts, count_models
from rankeval.position_bias.session_sample import SessionSample

#: Clicks of a ranker, and of the others, behind a test at least.
FEWEST_CLICKS = 100.0
#: Impressions that the mean relevance counts for in that of a pair.
_PRIOR = 1.0
#: Mean examinations that differ by less, relatively, are the same within rounding.
_SAME = 1e-9
#: Probabilities stay this far from 0 and 1.
_LEAST = 1e-6


@dataclass(frozen=True)
class RankerTest:
    """Clicks of a ranker, as predicted from the sessions of the others.

    Attributes:
        ranker: its name.
        items: ``higher`` or ``lower``: where it shows them, compared with the others.
        predicted, observed: clicks, weighted by how often the others show the same pairs.
        z: ``predicted - observed`` in standard errors.
        p_value: two-sided, corrected for all such tests (Holm).
    """

    ranker: str
    items: str
    predicted: float
    observed: float
    z: float
    p_value: float


@dataclass(frozen=True)
class CascadeTest:
    """Held-out log-likelihood per session.

    Attributes:
        sessions: number of held-out sessions.
        position_based, dependent: of the position-based model, and of the dependent click model.
        z: ``dependent - position_based`` in standard errors.
    """

    sessions: float
    position_based: float
    dependent: float
    z: float


@dataclass(frozen=True)
class ModelTests:
    """The tests of a log; empty where it allows none."""

    rankers: tuple[RankerTest, ...] = ()
    cascade: CascadeTest | None = None

    @classmethod
    def of(cls, sample: SessionSample, bias: PositionBias) -> ModelTests:
        """The tests of sampled sessions; empty where they allow none."""
        theta = bias.curve("examination")
        counts = count_models(sample, len(theta))
        if counts is None:
            return cls()
        rates = _Rates.of(counts, theta)
        pair, examined = PairIndex(counts.keys).of(sample.pairs), theta[sample.positions - 1]
        cascade = _cascade_test(_held_likelihoods(sample, rates, pair, examined))
        if len(counts.names) == 1:  # there are no others
            return cls((), cascade)
        moved = [one.curve("examination") for one in bias.moved]
        squares = _squared_scores(sample, counts, rates, pair, examined)
        return cls(tuple(_ranker_tests(counts, rates.overlap, moved, squares)), cascade)

    def to_dict(self) -> dict[str, Any]:
        """The tests as values for JSON."""
        return {
            "rankers": [vars(test) for test in self.rankers],
            "cascade": None if self.cascade is None else vars(self.cascade),
        }


@dataclass(frozen=True, eq=False)
class _Overlap:
    """What a curve makes of the counts.

    Attributes:
        mass: (P, G) ``E_g``; clicks: (P, G) ``C_g``.
        kinds: (P, G) 0 where g shows a pair higher than the others do on average, 1 where lower, else 2.
    """

    mass: Floats
    clicks: Floats
    kinds: Ints

    @classmethod
    def of(cls, counts: ModelCounts, theta: Floats, kinds: Ints | None = None) -> _Overlap:
        p, g = len(counts.keys), len(counts.names)
        cell = counts.pair * g + counts.arm
        shown = np.bincount(cell, counts.shown, p * g).reshape(p, g)
        examined = counts.shown * theta[counts.position - 1]
        mass = np.asarray(np.bincount(cell, examined, p * g).reshape(p, g), np.float64)
        clicks = np.asarray(np.bincount(cell, counts.clicks, p * g).reshape(p, g), np.float64)
        if kinds is None:
            with np.errstate(invalid="ignore", divide="ignore"):
                own = mass / shown
                others = (mass.sum(1, keepdims=True) - mass) / (shown.sum(1, keepdims=True) - shown)
            above, below = own > (1.0 + _SAME) * others, own < (1.0 - _SAME) * others
            kinds = np.where(above, 0, np.where(below, 1, 2))
        return cls(mass, clicks, kinds)

    def differences(self) -> tuple[Floats, Floats]:
        """(2, G) predicted and observed clicks of the pairs that each arm shows higher, and lower."""
        total, clicked = self.mass.sum(1, keepdims=True), self.clicks.sum(1, keepdims=True)
        predicted = self.mass * (clicked - self.clicks) / total
        observed = (total - self.mass) * self.clicks / total
        chosen = [self.kinds == kind for kind in (0, 1)]
        return (
            np.stack([(predicted * each).sum(0) for each in chosen]),
            np.stack([(observed * each).sum(0) for each in chosen]),
        )


@dataclass(frozen=True, eq=False)
class _Rates:
    """Per pair: overlap, relevance by both models from the sessions that are not held out, continuation.

    Attributes:
        overlap: of all sessions.
        relevance: (P,) clicks over ``E``, of all sessions.
        position_based, dependent: (P,) relevance, drawn to the mean.
        goes_on: (K,) probability that a click does not end the session.
    """

    overlap: _Overlap
    relevance: Floats
    position_based: Floats
    dependent: Floats
    goes_on: Floats

    @classmethod
    def of(cls, counts: ModelCounts, theta: Floats) -> _Rates:
        overlap, p = _Overlap.of(counts, theta), len(counts.keys)
        taught = counts.held == 0

        def rate(weights: Floats) -> Floats:
            clicks = np.bincount(counts.pair, counts.clicks * taught, p)
            mass = np.bincount(counts.pair, weights * taught, p)
            mean = clicks.sum() / max(mass.sum(), 1.0)
            return np.asarray((clicks + _PRIOR * mean) / (mass + _PRIOR))

        all_clicks = counts.ends[:, 0]
        goes_on = 1.0 - (counts.ends[:, 1] + 1.0) / (all_clicks + 2.0)
        return cls(
            overlap,
            overlap.clicks.sum(1) / overlap.mass.sum(1),
            rate(counts.shown * theta[counts.position - 1]),
            rate(counts.shown * counts.came),
            goes_on,
        )


def _squared_scores(
    sample: SessionSample, counts: ModelCounts, rates: _Rates, pair: Ints, examined: Floats
) -> Floats:
    """(G, 2) squared scores of sessions, summed: of the differences of each arm, higher and lower.

    Args:
        sample, counts, rates: the sessions, and what is known of their pairs.
        pair: (items,) the pair of each item.
        examined: (items,) its examination.
    """
    g, n, owner = len(counts.names), len(sample), sample.owner
    own, overlap = counts.own[owner], rates.overlap
    total = overlap.mass.sum(1)
    leverage = np.minimum(examined / total[pair], 0.5)
    residual = (sample.clicks - examined * rates.relevance[pair]) / np.sqrt(1.0 - leverage)
    squares = np.zeros((g, 2))
    for arm in range(g):
        share = overlap.mass[pair, arm] / total[pair]
        score = np.where(own == arm, (1.0 - share) * residual, -share * residual)
        for kind in (0, 1):
            chosen = score * (overlap.kinds[pair, arm] == kind)
            squares[arm, kind] = np.square(np.bincount(owner, chosen, n)).sum()
    return squares


def _held_likelihoods(sample: SessionSample, rates: _Rates, pair: Ints, examined: Floats) -> Floats:
    """(n, 2) log-likelihoods of the held-out sessions under both models."""
    found = _likelihoods(
        sample.offsets,
        read_only(sample.positions),
        read_only(sample.clicks),
        read_only(_probability(examined * rates.position_based[pair])),
        read_only(_probability(rates.dependent[pair])),
        read_only(rates.goes_on),
        read_only(sample.last),
    )
    return np.asarray(found[sample.held == 1])


def _probability(values: Floats) -> Floats:
    return np.clip(values, _LEAST, 1.0 - _LEAST)


@kernel
def _likelihoods(
    offsets: Ints, positions: Ints, clicks: Ints, seen: Floats, liked: Floats, goes_on: Floats, last: Ints
) -> Floats:
    """(n, 2) log-likelihood of each session under the position-based and the dependent click model.

    Args:
        offsets, positions, clicks: the items.
        seen: (items,) probability of a click under the position-based model.
        liked: (items,) of a click on an item that the user comes to.
        goes_on: (K,) probability that a click does not end the session.
        last: (n,) position of the last click; 0 without one.
    """
    found = np.zeros((offsets.size - 1, 2))
    for s in range(offsets.size - 1):
        none_below = 1.0
        for i in range(offsets[s], offsets[s + 1]):
            found[s, 0] += math.log(seen[i] if clicks[i] == 1 else 1.0 - seen[i])
            if last[s] == 0 or positions[i] <= last[s]:
                found[s, 1] += math.log(liked[i] if clicks[i] == 1 else 1.0 - liked[i])
            else:
                none_below *= 1.0 - liked[i]
            if clicks[i] == 1 and positions[i] < last[s]:
                found[s, 1] += math.log(goes_on[positions[i] - 1])
        if last[s] > 0:
            more = goes_on[last[s] - 1]
            found[s, 1] += math.log(1.0 - more + more * none_below)
    return found


def _ranker_tests(
    counts: ModelCounts, overlap: _Overlap, moved: list[Floats], squares: Floats
) -> list[RankerTest]:
    predicted, observed = overlap.differences()
    of_curve = np.zeros_like(predicted)
    for other in moved:
        one, two = _Overlap.of(counts, other, overlap.kinds).differences()
        of_curve += np.square((one - two - (predicted - observed)) / STEP)
    found = []
    for arm, name in enumerate(counts.names):
        for kind, items in enumerate(("higher", "lower")):
            variance = squares[arm, kind] + of_curve[kind, arm]
            clicks = predicted[kind, arm], observed[kind, arm]
            if min(clicks) >= FEWEST_CLICKS and variance > 0.0:
                z = float((clicks[0] - clicks[1]) / math.sqrt(variance))
                p = math.erfc(abs(z) / math.sqrt(2.0))
                found.append(RankerTest(name, items, float(clicks[0]), float(clicks[1]), z, p))
    adjusted = holm([test.p_value for test in found])
    return [replace(test, p_value=p or 0.0) for test, p in zip(found, adjusted, strict=True)]


def _cascade_test(likelihoods: Floats) -> CascadeTest | None:
    difference = likelihoods[:, 1] - likelihoods[:, 0]
    n, first = float(len(likelihoods)), float(likelihoods[:, 0].sum())
    total, squares = float(difference.sum()), float(np.square(difference).sum())
    variance = squares - total * total / n if n > 1 else 0.0
    if n < FEWEST_CLICKS or variance <= 0.0:
        return None
    z = total / math.sqrt(variance * n / (n - 1.0))
    return CascadeTest(n, first / n, (first + total) / n, z)
