"""A fitted calibration as a JSON file: written atomically, read back and checked."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats
from rankeval.atomic_files import write_text
from rankeval.calibration.score_maps import Isotonic, LogitTemperature, Platt, Prior, ScoreMap, Temperature
from rankeval.errors import DataError
from rankeval.options import shown_json

SCHEMA = 1
KIND = "calibration"
#: Kind of scores in the file -> whether they are probabilities.
SCORES = {"raw": False, "probability": True}
_KEYS = ("schema", "kind", "method", "scores", "parameters", "fitted_on", "versions")
_WANTED = "wanted a file that `rankeval calibrate --out FILE` wrote"


@dataclass(frozen=True)
class Calibration:
    """A map from scores to probabilities, with its origin.

    Attributes:
        method: name of the method.
        scores: kind of the scores that it was fitted on: ``raw``, or ``probability`` (in [0, 1]).
        mapping: the map.
        fitted_on: the files and the numbers of items that it was fitted on, as JSON values.
        versions: versions of the software that fitted it.
        origin: the file, for messages.
    """

    method: str
    scores: str
    mapping: ScoreMap
    fitted_on: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    origin: str = field(default="<calibration>", compare=False)

    def apply(self, scores: Floats) -> Floats:
        """(m,) float64 in [0, 1], the probability of each of ``scores`` (m,).

        Raises:
            DataError: a score is not finite, or outside [0, 1] where the map is of probabilities.
        """
        scores = np.asarray(scores, np.float64)
        probabilities = self.mapping.needs_probabilities or self.scores == "probability"
        low, high = (0.0, 1.0) if probabilities else (-math.inf, math.inf)
        bad = ~np.isfinite(scores) | (scores < low) | (scores > high)
        if bad.any():
            place = int(np.argmax(bad))
            wanted = "a probability, from 0 to 1" if probabilities else "a finite number"
            raise DataError(f"{self.origin}: score {place + 1} is {scores[place]}, wanted {wanted}")
        with np.errstate(over="ignore", under="ignore"):  # beyond all numbers, a map has its limit
            return np.clip(self.mapping.apply(scores), 0.0, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """The content of the file."""
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "method": self.method,
            "scores": self.scores,
            "parameters": self.mapping.parameters(),
            "fitted_on": dict(self.fitted_on),
            "versions": dict(self.versions),
        }

    def write(self, path: str | Path) -> None:
        """Write the file; it appears only when it is complete.

        Raises:
            DataError: it cannot be written.
        """
        write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", Path(path))


def read_calibration(path: str | os.PathLike[str]) -> Calibration:
    """Read a file that ``calibrate`` wrote.

    Raises:
        DataError: the file cannot be read; it is no JSON; a key is missing, unknown or given twice; the
            method or the kind of scores is unknown; or a parameter is no finite number in its range.
    """
    origin = os.fspath(path)
    content = _object(origin, "the file", _content(origin))
    _require_keys(origin, "the file", content, _KEYS)
    for key, wanted in (("schema", SCHEMA), ("kind", KIND)):
        if content[key] != wanted or isinstance(content[key], bool):
            raise DataError(f"{origin}: {key} is {shown_json(content[key])}, wanted {wanted}; {_WANTED}")
    method = _choice(origin, "method", content["method"], list(_READERS))
    scores = _choice(origin, "scores", content["scores"], list(SCORES))
    read, names = _READERS[method]
    parameters = _object(origin, "parameters", content["parameters"])
    _require_keys(origin, "parameters", parameters, names)
    return Calibration(
        method=method,
        scores=scores,
        mapping=read(_Parameters(origin, parameters), SCORES[scores]),
        fitted_on=_object(origin, "fitted_on", content["fitted_on"]),
        versions=_object(origin, "versions", content["versions"]),
        origin=origin,
    )


@dataclass(frozen=True)
class _Parameters:
    """The parameters in a file, which are checked as they are read."""

    origin: str
    content: Mapping[str, Any]

    def number(self, name: str, low: float, high: float, wanted: str) -> float:
        """A finite number above ``low`` and at most ``high``."""
        value = _number(self.content[name])
        if not low < value <= high:
            raise DataError(f"{self.origin}: {name} is {shown_json(self.content[name])}, wanted {wanted}")
        return value

    def numbers(self, name: str) -> list[float]:
        """A list of finite numbers, which is not empty."""
        values = self.content[name]
        if not isinstance(values, list) or not values:
            raise DataError(f"{self.origin}: {name} is {shown_json(values)}, wanted a list of numbers")
        numbers = [_number(value) for value in values]
        for place, number in enumerate(numbers):
            if not math.isfinite(number):
                found = shown_json(values[place])
                raise DataError(f"{self.origin}: {name} holds {found} in place {place + 1}, wanted a number")
        return numbers

    def require(self, name: str, good: Bools, wanted: str) -> None:
        """Raise DataError for the first value of a list that is not good."""
        if not good.all():
            place = int(np.argmin(good))
            found = self.content[name][place]
            raise DataError(f"{self.origin}: {name} holds {found} in place {place + 1}, wanted {wanted}")


_LARGEST = 1.7976931348623157e308


def _platt(parameters: _Parameters, _: bool) -> ScoreMap:
    wanted = "a finite number"
    slope = parameters.number("slope", -math.inf, _LARGEST, wanted)
    return Platt(slope, parameters.number("intercept", -math.inf, _LARGEST, wanted))


def _temperature(parameters: _Parameters, probability: bool) -> ScoreMap:
    value = parameters.number("temperature", 0.0, _LARGEST, "a finite number above 0")
    return (LogitTemperature if probability else Temperature)(value)


def _prior(parameters: _Parameters, _: bool) -> ScoreMap:
    return Prior(parameters.number("sampling_rate", 0.0, 1.0, "a number above 0 and at most 1"))


def _isotonic(parameters: _Parameters, _: bool) -> ScoreMap:
    thresholds, values = parameters.numbers("thresholds"), parameters.numbers("values")
    if len(thresholds) != len(values):
        found, wanted = len(values), len(thresholds)
        raise DataError(f"{parameters.origin}: values has {found} numbers, wanted {wanted} as in thresholds")
    scores, shares = np.array(thresholds), np.array(values)
    parameters.require("thresholds", scores > np.append(-np.inf, scores[:-1]), "ascending numbers")
    parameters.require("values", (shares >= 0.0) & (shares <= 1.0), "numbers from 0 to 1")
    parameters.require("values", shares >= np.append(0.0, shares[:-1]), "numbers that never fall")
    return Isotonic(tuple(thresholds), tuple(values))


#: Method -> the function that reads its map, and the names of its parameters.
_READERS: dict[str, tuple[Callable[[_Parameters, bool], ScoreMap], tuple[str, ...]]] = {
    "platt": (_platt, ("slope", "intercept")),
    "isotonic": (_isotonic, ("thresholds", "values")),
    "temperature": (_temperature, ("temperature",)),
    "prior": (_prior, ("sampling_rate",)),
}


def _content(origin: str) -> Any:
    try:
        with open(origin, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=_once, parse_constant=_no_constant)
    except OSError as error:
        raise DataError(f"{origin}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{origin}: is no JSON ({error}), {_WANTED}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r} is given twice")
    return content


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _object(origin: str, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{origin}: {name} holds {shown_json(value)}, wanted a JSON object; {_WANTED}")
    return value


def _require_keys(origin: str, name: str, content: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    for key in wanted:
        if key not in content:
            raise DataError(f"{origin}: {name} lacks {key!r}, wanted {', '.join(wanted)}")
    for key in content:
        if key not in wanted:
            raise DataError(f"{origin}: {name} holds {key!r}, wanted only {', '.join(wanted)}")


def _choice(origin: str, name: str, value: Any, known: list[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise DataError(f"{origin}: {name} is {shown_json(value)}, wanted one of {', '.join(known)}")
    return value


def _number(value: Any) -> float:
    """The value as a float; NaN if it is no number that float64 can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
