"""Whether the mean reward stays the same over the log, and how much users who come back cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import t_test
from rankeval.inspection.key_sketch import KeySketch
from rankeval.inspection.row_checks import USABLE

#: Days with fewer units are not compared.
FEW_UNITS = 30


@dataclass(frozen=True)
class MeanReward:
    """The mean reward of a part of the log, with its normal 95 % interval."""

    part: str
    n: float
    mean: float
    std_error: float

    def to_dict(self) -> dict[str, Any]:
        """The mean as JSON values."""
        half = 1.959963984540054 * self.std_error
        return {**vars(self), "ci": [self.mean - half, self.mean + half]}


def mean_reward(part: str, n: float, total: float, squares: float) -> MeanReward:
    """The mean of ``n`` rewards from their sum and the sum of their squares; ``n`` is above 0."""
    mean = total / n
    variance = max(squares - n * mean * mean, 0.0) / max(n - 1.0, 1.0)
    return MeanReward(part, n, mean, math.sqrt(variance / n))


def days_of(days: Mapping[int, tuple[float, float, float]]) -> list[MeanReward]:
    """The mean reward of each day with at least 30 units, in order."""
    epoch = date(1970, 1, 1)
    return [
        mean_reward(str(epoch + timedelta(days=day)), *sums)
        for day, sums in sorted(days.items())
        if sums[0] >= FEW_UNITS and -700_000 < day < 2_900_000
    ]


def same_mean_p(parts: list[MeanReward], design_effect: float | None = None) -> float | None:
    """p-value of the chi-square test that all means are equal (Cochran 1954); None for fewer than two.

    A design effect above 1 divides the statistic (Rao & Scott 1981): users who come back tell less.
    """
    known = [part for part in parts if part.std_error > 0.0]
    if len(known) < 2:
        return None
    from scipy.special import chdtrc

    weight = np.array([1.0 / part.std_error**2 for part in known])
    means = np.array([part.mean for part in known])
    middle = float((weight * means).sum() / weight.sum())
    statistic = float((weight * np.square(means - middle)).sum())
    return float(chdtrc(len(known) - 1, statistic / max(design_effect or 1.0, 1.0)))


def halves(rewards: Floats) -> tuple[list[MeanReward], float | None]:
    """The mean rewards of the halves of a sample in order, and the p-value of the t-test of both."""
    known = rewards[np.abs(rewards) <= USABLE]
    if len(known) < 4:
        return [], None
    parts = []
    for name, values in zip(("first half", "second half"), np.array_split(known, 2), strict=True):
        parts.append(mean_reward(name, len(values), float(values.sum()), float(np.square(values).sum())))
    error = math.hypot(parts[0].std_error, parts[1].std_error)
    return parts, t_test(parts[1].mean - parts[0].mean, error, len(known) - 2.0)


@dataclass(frozen=True)
class Users:
    """Users who come back.

    Attributes:
        column: the column that names them.
        users: their number; estimated from a sample where there are more than about a million.
        units: sessions or rounds with a user.
        largest: the most units of one user.
        design_effect: the variance of the mean reward with users as clusters, over that of independent units;
            None without rewards that vary.
    """

    column: str
    users: int
    units: float
    largest: int
    design_effect: float | None

    def to_dict(self) -> dict[str, Any]:
        """The users as JSON values."""
        return {**vars(self), "units_per_user": self.units / max(self.users, 1)}


def users_of(column: str, sketch: KeySketch) -> Users | None:
    """What is known of the users; None if there are none."""
    if not len(sketch.keys):
        return None
    n, total, squares = sketch.sums.T
    units = float(n.sum())
    mean = float(total.sum()) / units
    spread = float(squares.sum()) - units * mean * mean
    effect = None
    groups = len(n)
    if groups > 1 and units > 1 and spread > 1e-12 * max(float(squares.sum()), 1e-300):
        clustered = float(np.square(total - n * mean).sum()) * groups / (groups - 1.0)
        effect = clustered / (spread * units / (units - 1.0))
    return Users(column, sketch.distinct, units / sketch.share, int(n.max()), effect)
