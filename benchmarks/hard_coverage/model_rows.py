"""Rows of estimates that lean on models of the same log, and of the best of many candidates.

Estimates by models have a limit of their own, the mean over many logs: a model that errs on average has no
interval that counts that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.hard_coverage.outcomes import Outcome, of_rows, outcomes, side
from rankeval import ope
from rankeval.off_policy import OffPolicyEvaluation
from rankeval.simulators.bandits import BanditWorld, SoftmaxPolicy, bandit_log, random_policy, random_world

PILOT = 400  # logs whose mean is the limit
REFITS = 50
MODELLED = ("dm", "switch_dr:tau=1", "cdr:max_weight=1", "dr")


@cache
def _world() -> tuple[BanditWorld, SoftmaxPolicy, SoftmaxPolicy]:
    world = random_world(contexts=6, actions=5, seed=8, mean=0.4)
    return world, random_policy(world, 10, skill=0.2, temperature=2.0), random_policy(world, 11, skill=0.8)


def _estimated(n: int, seed: int, **options: Any) -> OffPolicyEvaluation:
    world, logging, target = _world()
    table = bandit_log(world, logging, target, n, seed, layout="candidates")
    table = table.append_column("x", table["context"].cast(pa.string()))
    return ope(table, MODELLED, reward_model="ridge", features="x", threads=1, **options)


@cache
def _limits(n: int) -> Mapping[tuple[str, str], float]:
    """The mean of value and gain of each estimator over many logs."""
    sums: dict[tuple[str, str], float] = {}
    for seed in range(PILOT):
        for row in _estimated(n, 1_000_000 + seed, ci="normal").estimates:
            for name, estimate in (("value", row.value), ("gain", row.gain)):
                key = row.asked.label, name
                sums[key] = sums.get(key, 0.0) + (estimate.value or 0.0) / PILOT
    return sums


@dataclass(frozen=True)
class FittedModels:
    """Estimates with a reward model that is fitted to the log."""

    n: int

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log; with ``refit`` beside the asked methods."""
        every = [*methods, "refit"]
        result = _estimated(self.n, int(rng.integers(1 << 31)), ci=every, refits=REFITS)
        for row, doubt in of_rows(result):
            for name, estimate in (("value", row.value), ("gain", row.gain)):
                limit = _limits(self.n)[row.asked.label, name]
                yield from outcomes(f"{row.asked.label} {name}", estimate, limit, doubt, every)


@dataclass(frozen=True)
class BestOf:
    """The best of several target policies that are all equal to the logging policy on average."""

    candidates: int
    n: int
    rate: float = 0.1
    sigma: float = 0.8

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log: the best target's gain as it is, and as ``best`` corrects it."""
        logs = rng.standard_normal((self.candidates, self.n)) * self.sigma - self.sigma**2 / 2
        weights = np.exp(np.minimum(logs, 3.0))
        log: dict[str, Any] = {
            "propensity": np.full(self.n, 0.02),
            "reward": (rng.random(self.n) < self.rate).astype(float),
        }
        targets = [f"t{k}=t{k}" for k in range(self.candidates)]
        log |= {f"t{k}": 0.02 * weight for k, weight in enumerate(weights)}
        result = ope(log, "snips", target=targets, ci=methods, threads=1)
        (best,) = result.best
        ((row, doubt),) = [each for each in of_rows(result) if each[0].target == best.name]
        yield from outcomes("gain of the best as it is", row.gain, 0.0, doubt, methods)
        interval = best.gain.interval
        yield Outcome("gain of the best corrected", side(interval.low, interval.high, 0.0), False)
