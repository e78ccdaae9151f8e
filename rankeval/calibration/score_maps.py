"""Maps from scores to probabilities: each fitted to scores and labels, applied to scores, kept as numbers.

Every map is non-decreasing, except Platt's with a negative slope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rankeval.array_types import Bools, Floats
from rankeval.calibration.logistic import fit_logistic, logit, sigmoid
from rankeval.errors import DataError

#: Probabilities are kept this far off 0 and 1 in logits, as in ``log_loss``.
SMALLEST = float(np.finfo(np.float64).eps)
#: Scores of another spread are scaled to one by no float64 that leaves room for squares.
SMALLEST_SPREAD, LARGEST_SPREAD = 1e-150, 1e150


class ScoreMap(ABC):
    """A map from scores to probabilities.

    Attributes:
        needs_probabilities: whether it takes only scores in [0, 1].
    """

    needs_probabilities: ClassVar[bool] = False

    @abstractmethod
    def apply(self, scores: Floats) -> Floats:
        """(m,) float64 in [0, 1], the probability of each of ``scores`` (m,), which are finite."""

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The numbers of the map, as JSON values."""


@dataclass(frozen=True)
class Platt(ScoreMap):
    """``p = 1 / (1 + exp(-(slope score + intercept)))`` (Platt 1999)."""

    slope: float
    intercept: float

    @classmethod
    def fit(cls, scores: Floats, relevant: Bools, *, smooth: bool = False) -> Platt:
        """Maximum likelihood without a penalty, as logistic regression on the score.

        If ``smooth``, the targets are Platt's: ``(R + 1) / (R + 2)`` for the R relevant items and
        ``1 / (N + 2)`` for the N others, instead of 1 and 0. They keep the map off 0 and 1.

        Raises:
            DataError: all scores are equal, or, without ``smooth``, a threshold separates the labels.
        """
        if scores.min() == scores.max():
            raise DataError(f"all scores are {scores[0]:g}, wanted at least two values")
        if not smooth and _separated(scores, relevant):
            raise DataError(
                "a threshold on the score separates relevant and other items, so that the slope is infinite; "
                "wanted labels that overlap, or smooth_targets"
            )
        found, other = np.count_nonzero(relevant), np.count_nonzero(~relevant)
        high, low = ((found + 1) / (found + 2), 1 / (other + 2)) if smooth else (1.0, 0.0)
        targets = np.where(relevant, high, low).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            middle, scale = float(np.mean(scores)), float(np.std(scores))
        if not SMALLEST_SPREAD < scale < LARGEST_SPREAD:
            wanted = f"from {SMALLEST_SPREAD:g} to {LARGEST_SPREAD:g}"
            raise DataError(f"the scores have a standard deviation of {scale:g}, wanted one {wanted}")
        slope, intercept = fit_logistic(np.stack([(scores - middle) / scale, np.ones_like(scores)]), targets)
        return cls(float(slope / scale), float(intercept - slope * middle / scale))

    def apply(self, scores: Floats) -> Floats:
        return sigmoid(self.slope * scores + self.intercept)

    def parameters(self) -> dict[str, Any]:
        return {"slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True)
class Isotonic(ScoreMap):
    """A non-decreasing map, linear between thresholds and constant beyond the outer ones.

    It is the least-squares fit of all non-decreasing functions of the score (Zadrozny & Elkan 2002), by pool
    adjacent violators.

    Attributes:
        thresholds: ascending scores.
        values: the probability at each threshold, non-decreasing.
    """

    thresholds: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def fit(cls, scores: Floats, relevant: Bools) -> Isotonic:
        """The fit of scikit-learn's ``IsotonicRegression``."""
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, 1.0 * relevant)
        return cls(tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist()))

    def apply(self, scores: Floats) -> Floats:
        return np.interp(scores, self.thresholds, self.values)

    def parameters(self) -> dict[str, Any]:
        return {"thresholds": list(self.thresholds), "values": list(self.values)}


@dataclass(frozen=True)
class Temperature(ScoreMap):
    """``p = 1 / (1 + exp(-score / temperature))`` (Guo et al. 2017).

    It has one parameter: it changes how certain the probabilities are, and leaves one half where it is.
    """

    temperature: float

    @classmethod
    def fit(cls, scores: Floats, relevant: Bools) -> Temperature:
        """Maximum likelihood.

        Raises:
            DataError: the sign of the score separates the labels, or no positive temperature is the best.
        """
        scale = float(np.abs(scores).max())
        signed = np.where(relevant, scores, -scores) / (scale or 1.0)
        if scale and (signed >= 0.0).all():
            raise DataError("the sign of the score tells all labels, wanted labels that overlap")
        slope = 0.0
        if np.mean(signed) > 0.0:
            (slope,) = fit_logistic((scores / scale)[np.newaxis], relevant.astype(np.float64))
        if not 0.0 < scale < slope * LARGEST_SPREAD:
            raise DataError("relevant items do not have higher scores than the others, wanted that they have")
        return cls(float(scale / slope))

    def apply(self, scores: Floats) -> Floats:
        return sigmoid(scores / self.temperature)

    def parameters(self) -> dict[str, Any]:
        return {"temperature": self.temperature}


@dataclass(frozen=True)
class LogitTemperature(Temperature):
    """``p' = 1 / (1 + exp(-logit(p) / temperature))``: the temperature of scores that are probabilities."""

    needs_probabilities: ClassVar[bool] = True

    @classmethod
    def fit(cls, scores: Floats, relevant: Bools) -> LogitTemperature:
        """Maximum likelihood on the logits; probabilities stay 2.2e-16 off 0 and 1. Errors are the same."""
        return cls(Temperature.fit(logit(scores, SMALLEST), relevant).temperature)

    def apply(self, scores: Floats) -> Floats:
        return super().apply(logit(scores, SMALLEST))


@dataclass(frozen=True)
class Prior(ScoreMap):
    """``p' = p / (p + (1 - p) / r)``, where the share r of the other items was kept for training.

    It turns probabilities of a model that was trained on a sample with all relevant items into those of the
    whole data (Elkan 2001; Dal Pozzolo et al. 2015). Nothing is fitted.
    """

    sampling_rate: float
    needs_probabilities: ClassVar[bool] = True

    def apply(self, scores: Floats) -> Floats:
        return scores / (scores + (1.0 - scores) / self.sampling_rate)

    def parameters(self) -> dict[str, Any]:
        return {"sampling_rate": self.sampling_rate}


def _separated(scores: Floats, relevant: Bools) -> bool:
    """Whether all relevant items score at least as high as all others, or all at most as high."""
    found, other = scores[relevant], scores[~relevant]
    return bool(found.min() >= other.max() or found.max() <= other.min())
