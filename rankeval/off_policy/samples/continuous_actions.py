"""Continuous actions: their columns, and the scale of their bandwidths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rankeval.errors import DataError, UsageError
from rankeval.estimators import Estimator
from rankeval.logs import Log, Sessions, fold

#: The logged action, and the one that a target policy takes.
ACTION_VALUES = ("action_value", "target_action_value")
#: The density of the logged action, which stands in the column of propensities.
DENSITY = "density"


def require_one_kind(estimators: Sequence[Estimator]) -> bool:
    """Whether actions are continuous: the estimators are those by a kernel.

    Raises:
        UsageError: some are and others are not, so that a propensity would be a density and a probability.
    """
    kinds = {estimator.definition.by_kernel: estimator.label for estimator in reversed(estimators)}
    if len(kinds) > 1:
        raise UsageError(
            f"estimators: {kinds[True]} reads propensity as a density, {kinds[False]} as a probability; "
            "wanted one call for each kind"
        )
    return True in kinds


@dataclass(frozen=True)
class _Spread:
    """The number of actions, their mean and the sum of squares around it."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, rounds: Sessions) -> _Spread:
        taken = rounds.numbers("action_value")
        if not len(taken):
            return cls()
        mean = float(np.mean(taken))
        return cls(len(taken), mean, float(np.sum((taken - mean) ** 2)))

    def merge(self, other: _Spread) -> _Spread:
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        apart, share = other.mean - self.mean, other.n / n
        squares = self.squares + other.squares + apart * apart * self.n * share
        return _Spread(n, self.mean + apart * share, squares)


def with_scale(log: Log, estimators: Sequence[Estimator], threads: int | None) -> tuple[Estimator, ...]:
    """The estimators with the unit of the bandwidths among which the data choose.

    The unit is the standard deviation of the logged actions, found in a pass of its own, each row once.

    Raises:
        DataError: an action is null or not finite, or all actions are equal.
    """
    if not any(each.definition.by_kernel and each.choice is not None for each in estimators):
        return tuple(estimators)
    spread = fold(log, ["action_value"], _Spread.of, _Spread.merge, threads)
    scale = math.sqrt(spread.squares / max(spread.n, 1))
    if not 0.0 < scale < math.inf:
        raise DataError(
            f"{log.origin}: column {log.name('action_value')!r}: found actions with the standard deviation "
            f"{scale:g}, wanted different ones to choose a bandwidth, or a bandwidth that is given"
        )
    return tuple(replace(each, scale=scale) for each in estimators)
