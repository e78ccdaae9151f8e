"""How much each feature matters to a model: by gain, and by its mean absolute contribution to scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rankeval.rankers.training.fitting import Fitted

#: Number of rows over which contributions are averaged.
SAMPLE = 5_000


@dataclass(frozen=True)
class Importance:
    """The importance of a feature.

    Attributes:
        feature: name of the feature.
        gain: share of the total reduction of the training loss by splits on the feature, in [0, 1].
        contribution: mean over training rows of the absolute Shapley value of the feature, in units of the
            score (Lundberg et al. 2020).
    """

    feature: str
    gain: float
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def importances(fitted: Fitted) -> list[Importance]:
    """The importance of every feature, by descending contribution, from up to 5,000 evenly spaced rows."""
    model, examples = fitted.model, fitted.train
    gains = model.booster.feature_importance("gain", iteration=model.trees)
    rows = np.unique(np.linspace(0, len(examples.matrix) - 1, SAMPLE).astype(np.int64))
    found = model.booster.predict(
        examples.matrix[rows], pred_contrib=True, num_iteration=model.trees, num_threads=1
    )
    contributions = np.abs(np.asarray(found)[:, :-1]).mean(axis=0)
    return sorted(_each(examples.features, gains / max(gains.sum(), 1e-300), contributions), key=_order)


def _each(features: tuple[str, ...], gains: Any, contributions: Any) -> Iterator[Importance]:
    for feature, gain, contribution in zip(features, gains, contributions, strict=True):
        yield Importance(feature, float(gain), float(contribution))


def _order(importance: Importance) -> tuple[float, str]:
    return -importance.contribution, importance.feature
