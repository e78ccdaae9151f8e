"""Scores of a click model on sessions: log-likelihood, and perplexity by position."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats
from rankeval.simulators.click_models import ClickModel, PositionBased
from rankeval.simulators.click_models.fitting.mixtures import listed
from rankeval.simulators.click_models.fitting.points import NONE, Point, log_or_zero
from rankeval.simulators.click_models.fitting.sessions import SessionLists

Clicks = NDArray[np.int8]


class Score(NamedTuple):
    """Scores of a model on sessions. They are infinite if observed clicks or skips have probability 0.

    Attributes:
        log_likelihood: natural log of the likelihood of all sessions.
        perplexity: (K,) ``2^(-mean log2 P(C_k = c_k))`` over the sessions that have position k. ``P`` is not
            conditional on other clicks. NaN if no session has position k.
        conditional_perplexity: (K,) the same with ``P`` conditional on the clicks above.
    """

    log_likelihood: float
    perplexity: Floats
    conditional_perplexity: Floats


def scored(model: ClickModel, point: Point, lists: SessionLists) -> Score:
    """The scores of ``model``, with the pair parameters of ``point``, on the sessions of ``lists``."""
    size = lists.positions
    shown, blind, given = np.zeros((3, size))
    for rows in lists.chunks():
        pairs, clicks = lists.padded(rows)
        items, counts = listed(point, pairs), lists.counts[rows][:, np.newaxis] * (pairs >= 0)
        shown += counts.sum(axis=0)
        blind += _surprise(model.click_probabilities(*items), clicks, counts)
        given += _surprise(predicted(model, clicks, items), clicks, counts)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return Score(-float(given.sum()), np.exp(blind / shown), np.exp(given / shown))


def session_terms(model: ClickModel, point: Point, lists: SessionLists, score: Score) -> Floats:
    """(3, n) float64, terms of the sessions whose means are a model's scores.

    They are the log-likelihood, and the perplexity and the conditional perplexity, each its mean over
    positions. The term of a perplexity is ``value + N influence``, where N is the number of sessions and
    the influence its derivative with respect to the session's count:
    ``sum_k perplexity_k (-log P_ik - log perplexity_k) / S_k / K`` over the K positions that a session has,
    ``S_k`` the sessions that have position k. The scores must be finite for finite terms.
    """
    shown = np.zeros(lists.positions)
    for rows in lists.chunks():
        shown += lists.counts[rows] @ (lists.padded(rows)[0] >= 0)
    found = np.empty((3, len(lists)))
    for rows in lists.chunks():
        pairs, clicks = lists.padded(rows)
        items, there = listed(point, pairs), pairs >= 0
        chances = model.click_probabilities(*items), predicted(model, clicks, items)
        blind, given = (_surprises(chance, clicks, there.astype(np.float64)) for chance in chances)
        found[0, rows] = -given.sum(axis=1)
        for row, surprise, values in (
            (1, blind, score.perplexity),
            (2, given, score.conditional_perplexity),
        ):
            found[row, rows] = _of_perplexity(surprise, there, values, shown, lists.sessions)
    return found


def _of_perplexity(surprise: Floats, there: Bools, values: Floats, shown: Floats, sessions: float) -> Floats:
    """(n,) the terms of a perplexity with the (K,) ``values``, of sessions with (n, K) surprises."""
    known = shown > 0.0
    at = values[known]
    with np.errstate(invalid="ignore", over="ignore"):
        moved = np.where(there[:, known], surprise[:, known] - np.log(at), 0.0) * at / shown[known]
        return np.asarray(at.mean() + sessions * moved.sum(axis=1) / len(at))


def predicted(model: ClickModel, clicks: Clicks, items: tuple[Floats, Floats | None]) -> Floats:
    """(n, K) probability of a click at each position given the clicks above it.

    Args:
        model: a click model.
        clicks: (n, K).
        items: (n, K) attractiveness and (n, K) satisfaction, or None.
    """
    parts = model.parts
    of_parts = np.array([part.predicted(clicks, *items) for _, part in parts])
    if len(parts) == 1:
        return np.asarray(of_parts[0])
    with np.errstate(divide="ignore"):
        steps = np.log(np.where(clicks != 0, of_parts, 1.0 - of_parts))
        above = np.zeros_like(steps)
        above[:, :, 1:] = np.cumsum(steps, axis=2)[:, :, :-1]
        above += np.log([share for share, _ in parts])[:, np.newaxis, np.newaxis]
    best = above.max(axis=0)
    weights = np.exp(above - np.where(np.isfinite(best), best, 0.0))
    total = weights.sum(axis=0)
    # If the clicks above have probability 0 in every part, so has the session, whatever this value is.
    mean = (weights * of_parts).sum(axis=0) / np.where(total > 0.0, total, 1.0)
    return np.where(total > 0.0, mean, 0.5)


def _surprise(chances: Floats, clicks: Clicks, counts: Floats) -> Floats:
    """(K,) sum over sessions of the negative log of the probability of the observed click or skip."""
    return np.asarray(_surprises(chances, clicks, counts).sum(axis=0))


def _surprises(chances: Floats, clicks: Clicks, counts: Floats) -> Floats:
    """(n, K) counted negative logs of the probability of the observed click or skip."""
    # Rounding errors in sums of products can lead outside [0, 1].
    happened = np.where(clicks != 0, chances, 1.0 - chances).clip(0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0.0, -counts * np.log(happened), 0.0)


class Baseline(NamedTuple):
    """Click rates by position that do not depend on the item.

    Attributes:
        name: of the baseline.
        rates: (K,) the click rates.
        log_likelihood: natural log of the likelihood of the training sessions.
    """

    name: str
    rates: tuple[float, ...]
    log_likelihood: float

    @property
    def model(self) -> ClickModel:
        """The baseline as a click model, in which every item is attractive to every user."""
        return PositionBased(self.rates)

    def point(self, pairs: int) -> Point:
        """The parameters of ``pairs`` pairs under :attr:`model`."""
        return Point(NONE, np.ones(pairs), NONE)


def baselines(train: SessionLists) -> tuple[Baseline, Baseline]:
    """``rank_ctr``, the click rate of each position, and ``global_ctr``, the rate over all positions."""
    shown, clicked = np.zeros((2, train.positions))
    for rows in train.chunks():
        pairs, clicks = train.padded(rows)
        shown += train.counts[rows] @ (pairs >= 0)
        clicked += train.counts[rows] @ clicks
    total = float(clicked.sum() / shown.sum())
    rates = np.divide(clicked, shown, out=np.full(train.positions, total), where=shown > 0.0)

    def baseline(name: str, chances: Floats) -> Baseline:
        likelihood = log_or_zero(clicked, chances) + log_or_zero(shown - clicked, 1.0 - chances)
        return Baseline(name, tuple(chances.tolist()), float(likelihood.sum()))

    return baseline("rank_ctr", rates), baseline("global_ctr", np.full(train.positions, total))
