"""Learners that fit a regression to a design, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rankeval.array_types import Floats
from rankeval.models.design import Design
from rankeval.models.linear import logistic, ridge

#: The defaults of LightGBM, and settings that give the same bits for any number of threads.
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
    """A fitted model. ``note`` is a warning about the fit, empty if there is none."""

    @property
    def note(self) -> str: ...

    def predict(self, design: Design) -> Floats:
        """(m,) float64, the prediction for each case."""


@dataclass(frozen=True)
class Constant:
    """A model that predicts the same value for every case."""

    value: float
    note: str = ""

    def predict(self, design: Design) -> Floats:
        return np.full(len(design), self.value)


@dataclass(frozen=True)
class Boosted:
    """``low + scale * trees``. LightGBM holds targets in single precision, so they are scaled to [0, 1]."""

    booster: Any
    low: float
    scale: float
    note: str = ""

    def predict(self, design: Design) -> Floats:
        values = self.booster.predict(_matrix(design), num_threads=1)
        return np.asarray(self.low + self.scale * values, np.float64)


def boosted(design: Design, targets: Floats, weights: Floats) -> Boosted:
    """Fit 100 trees of at most 31 leaves, by likelihood if all targets are 0 or 1, else by least squares.

    The targets must not all be equal.
    """
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
    """Fit a model.

    If all targets are equal, the model is that constant, regardless of ``kind``.

    Args:
        kind: a key of ``LEARNERS``.
        design: the design of m cases, at least one.
        targets: (m,) float64, the outcome of each case.
        weights: (m,) float64, the weight of each case, above 0. They are scaled to mean 1.
    """
    if targets.min() == targets.max():
        return Constant(
            float(targets[0]), f"every outcome it learnt from is {targets[0]:g}, and so is what it predicts"
        )
    return LEARNERS[kind](design, targets, normalised(weights))


def normalised(weights: Floats) -> Floats:
    """(m,) float64, the weights scaled to mean 1; the largest weight must be above 0."""
    weights = weights / weights.max()
    return np.asarray(weights / weights.mean())


def _matrix(design: Design) -> Floats:
    """(m, features) float64, the input of LightGBM: numbers, category codes and the action."""
    return np.column_stack([design.numbers[design.rows], design.codes[design.rows], design.actions])
