"""Simulated logs of every click model, of lists of different lengths, and fits of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.kernels import read_only
from rankeval.arrays.ragged import offsets_of
from rankeval.simulators.click_models.base import ClickModel
from rankeval.simulators.click_models.catalogue import parse_click_model
from rankeval.simulators.click_models.fitting.fits import (
    Fitted,
    Options,
    count_pairs,
    fitted,
    parse_family,
)
from rankeval.simulators.click_models.fitting.points import Expectation, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists

Floats = NDArray[np.float64]
K = 4

DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "pbm": {"eta": 1},
    "pbm_trust": {"eta": 0.7, "eps_plus": [0.95, 0.9, 0.85, 0.8], "eps_minus": [0.45, 0.3, 0.2, 0.1]},
    "cascade": {},
    "dcm": {"continuation": [0.9, 0.7, 0.5, 0.3]},
    "dbn": {"gamma": 0.8},
    "sdbn": {},
    "ccm": {"tau1": 0.8, "tau2": 0.7, "tau3": 0.3},
    "ubm": {"gamma": [[0.9], [0.6, 0.8], [0.4, 0.5, 0.7], [0.3, 0.4, 0.5, 0.6]]},
    "mixture:pbm+dbn": {
        "models": [{"name": "pbm", "eta": 1, "share": 0.6}, {"name": "dbn", "gamma": 0.9, "share": 0.4}]
    },
}
#: What of the shared parameters the true model has, in the order of the fit.
SHARED: dict[str, list[float]] = {
    "pbm": [1.0, 1 / 2, 1 / 3, 1 / 4],
    "dcm": [0.9, 0.7, 0.5],
    "dbn": [0.8],
    "ccm": [0.8, 0.7, 0.3],
}


@dataclass(frozen=True)
class Logged:
    """Sessions of a click model whose parameters are known."""

    lists: SessionLists
    truth: ClickModel
    point: Point


def simulated(name: str, sessions: int, queries: int = 4, seed: int = 0, short: bool = True) -> Logged:
    """``sessions`` of lists of 4 items, some of 2 or 3 where ``short``, in random order."""
    rng = np.random.default_rng(seed)
    model = parse_click_model({"name": name.partition(":")[0], **DESCRIPTIONS[name]}, K)
    worlds = np.random.default_rng(99)
    attractiveness, satisfaction = worlds.uniform(0.2, 0.8, (2, queries * K))
    items = rng.permuted(np.tile(np.arange(K), (sessions, 1)), axis=1)
    pairs = rng.integers(0, queries, sessions)[:, np.newaxis] * K + items
    lengths = rng.integers(2, K + 1, sessions) if short else np.full(sessions, K)
    shown = np.arange(K) < lengths[:, np.newaxis]
    lists = np.where(shown, attractiveness[pairs], np.nan), np.where(shown, satisfaction[pairs], np.nan)
    clicks = model.sample(rng, *lists)
    words = (2 * pairs + clicks)[shown].astype(np.int32)
    found = SessionLists(offsets_of(lengths), words, np.ones(sessions), queries * K, K)
    return Logged(found, model, Point(np.zeros(0), attractiveness, satisfaction))


def fit_of(name: str, lists: SessionLists, **options: Any) -> Fitted:
    """The fit of a click model."""
    return fitted(
        parse_family(name, lists.positions), lists, Options(threads=1, **options), count_pairs(lists)
    )


def expectation_of(name: str, lists: SessionLists) -> Callable[[Floats], Expectation]:
    """Expected successes and trials as a function of all parameters."""
    family = parse_family(name, lists.positions)
    evidence = family.evidence(lists, lists.counts, 1, grouped=True)
    shared = len(family.start)
    return lambda values: family.expectation(Point.of(values, shared, lists.pairs), evidence)


def likelihood_of(model: ClickModel, point: Point, lists: SessionLists) -> float:
    """Log-likelihood, the long way round."""
    pairs, clicks = lists.padded(slice(0, len(lists)))
    shown = pairs >= 0
    listed = [
        np.where(shown, values[pairs], np.nan) if len(values) else np.zeros(pairs.shape)
        for values in (point.attractiveness, point.satisfaction)
    ]
    return float(lists.counts @ model.log_likelihoods(clicks, *listed))


def words_of(sessions: list[list[tuple[int, int]]], pairs: int) -> SessionLists:
    """Sessions given as lists of pair and click."""
    words = [2 * pair + click for session in sessions for pair, click in session]
    lengths = [len(session) for session in sessions]
    return SessionLists(
        read_only(offsets_of(np.array(lengths))),
        np.array(words, np.int32),
        np.ones(len(sessions)),
        pairs,
        max(lengths),
    )
