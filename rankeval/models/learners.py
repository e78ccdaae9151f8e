"""What learns a regression from a design, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rankeval.array_types import Floats
from rankeval.models.design import Design
from rankeval.models.linear import logistic, ridge

#: LightGBM's own defaults, and the same bits whatever the number of threads.
BOOSTING: dict[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 0,
    "verbosity": -1,
}
TREES = 100


class Learnt(Protocol):
    """A fitted model; ``note`` is what a reader should know of the fit, or empty."""

    @property
    def note(self) -> str: ...

    def predict(self, design: Design) -> Floats:
        """(m,) float64, one number per case."""


@dataclass(frozen=True)
class Constant:
    """The same for every case."""

    value: float
    note: str = ""

    def predict(self, design: Design) -> Floats:
        return np.full(len(design), self.value)


@dataclass(frozen=True)
class Boosted:
    """``low + scale * trees``: LightGBM holds targets in single precision, so they were put into [0, 1]."""

    booster: Any
    low: float
    scale: float
    note: str = ""

    def predict(self, design: Design) -> Floats:
        values = self.booster.predict(_matrix(design), num_threads=1)
        return np.asarray(self.low + self.scale * values, np.float64)


def boosted(design: Design, targets: Floats, weights: Floats) -> Boosted:
    """100 trees of at most 31 leaves: by likelihood where all targets are 0 or 1, else by squares."""
    import lightgbm

    binary = bool(np.isin(targets, (0.0, 1.0)).all())
    low, scale = (0.0, 1.0) if binary else (float(targets.min()), float(np.ptp(targets)))
    numbers, texts = design.numbers.shape[1], design.codes.shape[1]
    data = lightgbm.Dataset(
        _matrix(design),
        (targets - low) / scale,
        weight=weights,
        categorical_feature=list(range(numbers, numbers + texts + 1)),
        params=BOOSTING,
    )
    objective = {"objective": "binary" if binary else "regression"}
    return Boosted(lightgbm.train(BOOSTING | objective, data, TREES), low, scale)


LEARNERS: dict[str, Callable[[Design, Floats, Floats], Learnt]] = {
    "lightgbm": boosted,
    "logistic": logistic,
    "ridge": ridge,
}


def learn(kind: str, design: Design, targets: Floats, weights: Floats) -> Learnt:
    """The model of a kind fitted to targets (m,) by weights (m,) above 0; m at least 1.

    Targets that are all equal give that constant, whatever the kind.
    """
    if targets.min() == targets.max():
        return Constant(
            float(targets[0]), f"every outcome it learnt from is {targets[0]:g}, and so is what it predicts"
        )
    return LEARNERS[kind](design, targets, normalised(weights))


def normalised(weights: Floats) -> Floats:
    """Weights of mean 1."""
    weights = weights / weights.max()
    return np.asarray(weights / weights.mean())


def _matrix(design: Design) -> Floats:
    """(m, features) as LightGBM takes it: numbers, category codes, the action."""
    return np.column_stack([design.numbers[design.rows], design.codes[design.rows], design.actions])
