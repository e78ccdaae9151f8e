"""The catalogue of calibration methods."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from rankeval.array_types import Bools, Floats
from rankeval.calibration.score_maps import Isotonic, LogitTemperature, Platt, Prior, ScoreMap, Temperature
from rankeval.errors import DataError, UsageError


@dataclass(frozen=True)
class Settings:
    """What the methods need beside scores and labels.

    Attributes:
        probability: whether the scores are probabilities.
        smooth_targets: whether ``platt`` uses Platt's targets instead of 0 and 1.
        sampling_rate: for ``prior``, the share of the items that are not relevant that was kept.
    """

    probability: bool
    smooth_targets: bool = False
    sampling_rate: float = 1.0


@dataclass(frozen=True)
class Method:
    """An entry of the catalogue.

    Attributes:
        description: one line for help and documentation.
        fit: function that makes the map from scores (m,), labels (m,) and settings.
        fitted: whether the map depends on the data; if so, both kinds of labels are needed.
    """

    description: str
    fit: Callable[[Floats, Bools, Settings], ScoreMap]
    fitted: bool = True

    def fit_checked(self, scores: Floats, relevant: Bools, settings: Settings) -> ScoreMap:
        """The map of the items.

        Raises:
            DataError: the items lack one kind of label, or have no fit.
        """
        if self.fitted and (relevant.all() or not relevant.any()):
            found = "only relevant items" if relevant.any() else "no relevant item"
            raise DataError(f"found {found} among {len(relevant)}, wanted relevant and other ones")
        return self.fit(scores, relevant, settings)


def _platt(scores: Floats, relevant: Bools, settings: Settings) -> ScoreMap:
    return Platt.fit(scores, relevant, smooth=settings.smooth_targets)


def _isotonic(scores: Floats, relevant: Bools, _: Settings) -> ScoreMap:
    return Isotonic.fit(scores, relevant)


def _temperature(scores: Floats, relevant: Bools, settings: Settings) -> ScoreMap:
    return (LogitTemperature if settings.probability else Temperature).fit(scores, relevant)


def _prior(_: Floats, __: Bools, settings: Settings) -> ScoreMap:
    return Prior(settings.sampling_rate)


METHODS: dict[str, Method] = {
    "platt": Method("logistic regression on the score", _platt),
    "isotonic": Method("the best non-decreasing map", _isotonic),
    "temperature": Method("one factor on the score, or on the logit of a probability", _temperature),
    "prior": Method("correction for a sample of the items that are not relevant", _prior, fitted=False),
}


def method_of(name: str) -> Method:
    """The method of this name.

    Raises:
        UsageError: there is none; the message has the nearest name and the list.
    """
    if name not in METHODS:
        near = difflib.get_close_matches(name.lower(), METHODS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UsageError(f"unknown method '{name}': {hint}known are {', '.join(METHODS)}")
    return METHODS[name]
