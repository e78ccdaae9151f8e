"""Whether simulated clicks agree with exact truth: ``python -m benchmarks.simulated_means [--sessions N]``.

Every click model under every policy and shuffle design, with users, contexts and days in some. A row is the
largest deviation of a world, in standard errors that follow from the truth, over the click rate of each
position, and the mean, the variance and the chance of any number of clicks; what has no exact value is
left out. All are to stay within 4.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.parallel import default_threads, in_order
from rankeval.simulators import block_bounds
from rankeval.simulators.click_models import CLICK_MODELS
from rankeval.simulators.exact import PolicyTruth, WorldTruth, as_shown
from rankeval.simulators.list_policies import LIST_POLICIES
from rankeval.simulators.logs import SessionMaker
from rankeval.simulators.worlds import DESIGNS, World, WorldOptions, read_world

Floats = NDArray[np.float64]

SESSIONS, BLOCK, LIMIT = 4_000_000, 1 << 16, 4.0
SIZES = {"queries": 20, "items": 8, "positions": 6}
#: Other options of the worlds, beside click model and policy. The worlds take them in turn.
TRAFFIC: Sequence[Mapping[str, Any]] = (
    {},
    *({"shuffle": f"{design}:share=0.3,top=5"} for design in DESIGNS),
    {"users": 50, "user_spread": 0.5},
    {"days": 40, "drift": 0.8, "users": 7},
)


def worlds() -> Iterator[tuple[str, World]]:
    """Labels and worlds: every click model with every policy, and one of the options of ``TRAFFIC``."""
    traffic = cycle(TRAFFIC)
    for model in CLICK_MODELS:
        for policy in LIST_POLICIES:
            having = next(traffic)
            options = WorldOptions(click_model=model, logging=policy, **SIZES, **having)
            label = ", ".join([model, policy, *(f"{name} {value}" for name, value in having.items())])
            yield label, read_world(options.describe(seed=1)[0])


def simulated_counts(world: World, sessions: int, seed: int, threads: int) -> tuple[Floats, Floats]:
    """(K,) number of clicks at each position, and (K + 1,) number of sessions with 0, 1, ..., K clicks."""
    maker = SessionMaker(world, sessions, seed)

    def of_block(block: tuple[int, tuple[int, int]]) -> tuple[Floats, Floats]:
        clicks = maker.block(block[0], *block[1]).clicks
        return clicks.sum(axis=0, dtype=np.float64), np.bincount(
            clicks.sum(axis=1), minlength=world.positions + 1
        ).astype(np.float64)

    blocks = list(enumerate(block_bounds(sessions, BLOCK)))
    by_position, by_number = zip(*in_order(of_block, blocks, threads, "simulating"), strict=True)
    return np.sum(by_position, axis=0), np.sum(by_number, axis=0)


def deviations(world: World, sessions: int, seed: int = 0, threads: int = 1) -> Floats:
    """Deviations of the means of simulated sessions from the truth, in standard errors."""
    clicks, numbers = simulated_counts(world, sessions, seed, threads)
    truth = WorldTruth(world, sessions).clicks(as_shown(world, "logging"))
    found: list[Floats] = []
    if truth.ctr_by_position is not None:
        found.append(_standardised(clicks, truth.ctr_by_position, sessions))
    if truth.count_probabilities is not None:
        found += [_standardised(numbers, truth.count_probabilities, sessions), _moments(numbers, truth)]
    return np.concatenate(found) if found else np.zeros(0)


def _standardised(counts: Floats, probabilities: Floats, sessions: int) -> Floats:
    """Deviations of relative frequencies, in standard errors; rare and almost certain events are left out."""
    error = np.sqrt(probabilities * (1.0 - probabilities) / sessions)
    common = probabilities * (1.0 - probabilities) * sessions >= 100.0
    return np.asarray((counts[common] / sessions - probabilities[common]) / error[common])


def _moments(numbers: Floats, truth: PolicyTruth) -> Floats:
    """(2,) deviations of the mean and the variance of the number of clicks, in standard errors."""
    assert truth.count_probabilities is not None
    assert truth.expected_clicks is not None
    assert truth.clicks_variance is not None
    sessions, values = numbers.sum(), np.arange(len(numbers))
    centred = values - truth.expected_clicks
    spread, fourth = truth.clicks_variance, float(truth.count_probabilities @ centred**4)
    mean, squares = (numbers @ centred) / sessions, (numbers @ centred**2) / sessions
    errors = np.sqrt(np.array([spread, fourth - spread**2]) / sessions)
    return np.asarray(np.array([mean, squares - spread]) / errors)


def main() -> None:
    """Print the largest deviation of each world."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--threads", type=int, default=default_threads())
    options = parser.parse_args()
    largest = 0.0
    for label, world in worlds():
        found = np.abs(deviations(world, options.sessions, 0, options.threads))
        largest = max(largest, float(found.max(initial=0.0)))
        print(f"{found.max(initial=0.0):5.2f} of {len(found):2d}  {label}", flush=True)
    print(f"largest {largest:.2f} standard errors, to stay within {LIMIT:g}")


if __name__ == "__main__":
    main()
