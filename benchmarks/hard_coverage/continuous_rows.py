"""Rows of continuous actions: bandwidths that are given, and those that the data choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.hard_coverage.outcomes import Outcome
from benchmarks.hard_coverage.reward_rows import of_bandits
from rankeval.simulators.bandits import ContinuousWorld

NAMES = ("kips", "ksnips", "kdr")
BANDWIDTH = 0.5
SECOND_MOMENTS = {"epanechnikov": 1 / 5, "gaussian": 1.0, "triangular": 1 / 6}


@dataclass(frozen=True)
class ContinuousActions:
    """A given bandwidth is held to the smoothed value, that of SLOPE to the value itself."""

    n: int

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log."""
        world = ContinuousWorld()
        truth, log = {"value": world.value, "logged": world.logged}, world.log(self.n, rng)
        for kernel, moment in SECOND_MOMENTS.items():
            suffix = "" if kernel == "epanechnikov" else f":kernel={kernel}"
            truth |= {
                f"{name}:bandwidth={BANDWIDTH:g}{suffix}": world.smoothed(
                    BANDWIDTH, moment, robust=name == "kdr"
                )
                for name in NAMES
            }
        given = [name for name in truth if name not in ("value", "logged")]
        return of_bandits(log, truth, methods, [*given, *NAMES])
