"""Whether shuffle experiments spread as planned: ``python -m benchmarks.shuffle_spread [--experiments N]``.

Every experiment is simulated session by session, by the design and the click model that logs are simulated
with, and long enough for 500 expected clicks behind every figure; the standard deviation of its estimates
over 20,000 experiments is set beside the planned standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankeval.simulators.click_models import parse_click_model
from rankeval.simulators.list_policies import FixedOrder, Queries
from rankeval.simulators.shuffle_plans import Moments, base_lists, shuffle_moments
from rankeval.simulators.shuffles import Displayed, Shuffled, display
from rankeval.simulators.worlds import DESIGNS, Design, Shuffle

Floats = NDArray[np.float64]
ATTRACTIVENESS = np.array([0.9, 0.5, 0.7, 0.4, 0.6])
POSITIONS = len(ATTRACTIVENESS)
QUERIES = Queries(["q"], np.ones(1), np.array([0, POSITIONS]), range(POSITIONS), ATTRACTIVENESS)
POLICY = FixedOrder(QUERIES.offsets, POSITIONS, -np.arange(POSITIONS, dtype=np.float64))
MODEL = parse_click_model({"name": "pbm", "eta": 1}, POSITIONS)
LEAST_CLICKS = 500
BLOCK = 1 << 20


@dataclass(frozen=True)
class Spread:
    """Planned and simulated standard errors of one design.

    Attributes:
        design: the design.
        sessions: number of sessions of each experiment.
        planned: (K - 1,) planned standard errors.
        found: (K - 1,) standard deviations over simulated experiments.
    """

    design: Design
    sessions: int
    planned: Floats
    found: Floats


def spread(design: Design, experiments: int, seed: int = 0) -> Spread:
    """Simulate experiments of a design in which all sessions take part."""
    shuffle = Shuffle(design, 1.0, POSITIONS)
    moments = shuffle_moments(shuffle, base_lists(POLICY, QUERIES), MODEL, POLICY)
    assert moments is not None
    sessions = _sessions(design, moments)
    estimates = np.concatenate(list(_estimates(shuffle, sessions, experiments, seed)))
    ratios, variances = moments.ratios, moments.variances
    if design == "adjacent":
        ratios, variances = np.cumprod(ratios), np.cumsum(variances)
    return Spread(design, sessions, ratios * np.sqrt(variances / sessions), estimates.std(axis=0))


def _sessions(design: Design, moments: Moments) -> int:
    """Number of sessions that give 500 expected clicks at both positions of every comparison."""
    clicks = moments.values[1:3]
    if design == "pair":
        # Means of weighted clicks are not shares of sessions. The base order gives nearly as many clicks.
        clicks = MODEL.click_probabilities(ATTRACTIVENESS[np.newaxis]) * (1.0 - 2.0 / POSITIONS)
    return int(np.ceil(LEAST_CLICKS / clicks.min()))


def _estimates(shuffle: Shuffle, sessions: int, experiments: int, seed: int) -> Iterator[Floats]:
    """Blocks of estimates, (number of experiments in the block, K - 1) each."""
    rng = np.random.default_rng(seed)
    at_once = max(BLOCK // sessions, 1)
    propensities = Shuffled(QUERIES.offsets, POSITIONS, POLICY, shuffle).item_probabilities()
    assert propensities is not None
    for start in range(0, experiments, at_once):
        some = min(at_once, experiments - start)
        seen = display(shuffle, rng, POLICY.lists(rng, np.zeros(some * sessions, np.int64)))
        clicks = MODEL.sample(rng, ATTRACTIVENESS[seen.lists]).astype(np.float64)
        if shuffle.design == "pair":
            clicks /= propensities[seen.lists, np.arange(POSITIONS)]
        yield _ratios(shuffle.design, clicks, seen, some)


def _ratios(design: Design, clicks: Floats, seen: Displayed, experiments: int) -> Floats:
    """(experiments, K - 1) estimates from the (sessions, K) clicks of some experiments."""
    found = np.empty((experiments, POSITIONS - 1))
    for k in range(1, POSITIONS):
        low = k - 1 if design == "adjacent" else 0
        pair = clicks[:, [low, k]]
        if design in ("swap", "adjacent"):
            pair = pair * ((seen.swap_low == low + 1) & (seen.swap_high == k + 1))[:, np.newaxis]
        below, above = pair.reshape(experiments, -1, 2).sum(axis=1).T
        found[:, k - 1] = above / below
    return np.cumprod(found, axis=1) if design == "adjacent" else found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{arguments.experiments:,} experiments of each design; found / planned standard error by position")
    for design in DESIGNS:
        one = spread(design, arguments.experiments)
        ratios = " ".join(f"{ratio:.4f}" for ratio in one.found / one.planned)
        print(f"{design:9} {one.sessions:7,} sessions  {ratios}", flush=True)


if __name__ == "__main__":
    main()
