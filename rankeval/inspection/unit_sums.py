"""What is summed over the sessions or rounds of a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from rankeval.array_types import Floats
from rankeval.inspection.key_sketch import KeySketch
from rankeval.inspection.problems import Findings
from rankeval.propensity_tests import PropensitySums

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class UnitSums:
    """Sums over sessions (of a ranking log) or rounds (of a bandit log); sums of parts of a log merge.

    Attributes:
        units: their number.
        items: number of their items.
        rewarded: units with a reward above 0.
        reward: (3,) float64: units with a reward, its sum and its squares.
        positions: (K, 3) float64, the same for each position: items shown, rewards and squares.
        shuffled: units that are shuffled; None if the log does not say.
        loggers: name of the logging policy -> units.
        days: day since 1970 -> (units, rewards, squares).
        users: by user: units, rewards and squares; None without users.
        first_at: units whose lowest position is 0, and 1.
        findings: problems.
        propensities: sums for the tests of propensities: of the whole log (None) and of slices.
    """

    units: int
    items: int
    rewarded: int
    reward: Floats
    positions: Floats
    shuffled: int | None = None
    loggers: Mapping[Any, int] = field(default_factory=dict)
    days: Mapping[int, tuple[float, float, float]] = field(default_factory=dict)
    users: KeySketch | None = None
    ids: KeySketch | None = None
    first_at: tuple[int, int] = (0, 0)
    findings: Findings = field(default_factory=Findings)
    propensities: Mapping[Any, PropensitySums] = field(default_factory=dict)

    def merge(self, other: UnitSums) -> UnitSums:
        """The sums of both parts, of which ``self`` is the earlier."""
        shuffled = None
        if self.shuffled is not None and other.shuffled is not None:
            shuffled = self.shuffled + other.shuffled
        return UnitSums(
            units=self.units + other.units,
            items=self.items + other.items,
            rewarded=self.rewarded + other.rewarded,
            reward=self.reward + other.reward,
            positions=_added(self.positions, other.positions),
            shuffled=shuffled,
            loggers=_merged(self.loggers, other.loggers, lambda one, two: one + two),
            days=_merged(
                self.days, other.days, lambda one, two: tuple(a + b for a, b in zip(one, two, strict=True))
            ),
            users=_sketches(self.users, other.users),
            ids=_sketches(self.ids, other.ids),
            first_at=(self.first_at[0] + other.first_at[0], self.first_at[1] + other.first_at[1]),
            findings=self.findings.merge(other.findings),
            propensities=_merged(self.propensities, other.propensities, PropensitySums.merge),
        )


def _added(one: Floats, two: Floats) -> Floats:
    total = np.zeros((max(len(one), len(two)), 3))
    total[: len(one)] += one
    total[: len(two)] += two
    return total


def _merged(one: Mapping[Any, T], two: Mapping[Any, T], merge: Any) -> dict[Any, T]:
    merged = dict(one)
    for key, value in two.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    return merged


def _sketches(one: KeySketch | None, two: KeySketch | None) -> KeySketch | None:
    return one if two is None else two if one is None else one.merge(two)
