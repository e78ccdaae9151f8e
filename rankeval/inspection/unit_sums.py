"""What is summed over the sessions or rounds of a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import require_few_segments
from rankeval.inspection.key_sketch import KeySketch
from rankeval.inspection.problems import Findings
from rankeval.propensity_tests import MOST_SLICES, PropensitySums

T = TypeVar("T")
#: Loggers, and days, that are told apart.
MOST_LOGGERS, MOST_DAYS = 100, 3660
#: Stands for all loggers where there are too many.
MANY = "<many>"


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
        loggers: name of the logging policy -> units; with too many of them, :data:`MANY` stands for all.
        days: day since 1970 -> (units, rewards, squares); of too many days, the latest.
        users: by user: units, rewards and squares; None without users.
        ids: by id of a round, or of a session in nested layout: their rows; None without ids.
        first_at: units whose lowest position is 0.
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
    first_at: int = 0
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
            loggers=few_loggers(_merged(self.loggers, other.loggers, lambda one, two: one + two)),
            days=_latest(_merged(self.days, other.days, _sums_of)),
            users=_sketches(self.users, other.users),
            ids=_sketches(self.ids, other.ids),
            first_at=self.first_at + other.first_at,
            findings=self.findings.merge(other.findings),
            propensities=self._propensities(other),
        )

    def _propensities(self, other: UnitSums) -> dict[Any, PropensitySums]:
        merged = _merged(self.propensities, other.propensities, PropensitySums.merge)
        require_few_segments(len(merged) - 1, MOST_SLICES, "the column")
        return merged


def _sums_of(one: tuple[float, ...], two: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(one, two, strict=True))


def few_loggers(counts: Mapping[Any, int]) -> dict[Any, int]:
    """The counts, or their sum under :data:`MANY` if there are too many of them."""
    if len(counts) > MOST_LOGGERS or MANY in counts:
        return {MANY: sum(counts.values())}
    return dict(counts)


def _latest(days: Mapping[int, T]) -> dict[int, T]:
    """The latest days: one that was left out at some time would also be left out at the end."""
    return dict(sorted(days.items())[-MOST_DAYS:])


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
