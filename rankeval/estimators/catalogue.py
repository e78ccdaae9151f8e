"""All estimators by name. A new one is a line in ``actions.py`` or ``rankings.py``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from rankeval.errors import UsageError
from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.definitions import Definition, Parameter
from rankeval.estimators.rankings import RANKING_ESTIMATORS
from rankeval.estimators.terms import Kind, Ratio, Term, Weighting

ESTIMATORS: dict[str, Definition] = {
    definition.name: definition for definition in (*ACTION_ESTIMATORS, *RANKING_ESTIMATORS)
}

#: How rounds that several policies logged are combined.
Loggers = Literal["naive", "balanced", "weighted"]
LOGGERS: dict[str, Loggers] = {"naive": "naive", "balanced": "balanced", "weighted": "weighted"}
#: How a parameter is chosen from the data.
Choice = Literal["slope", "mse"]
CHOICES: dict[str, Choice] = {"auto": "slope", "auto_mse": "mse"}


@dataclass(frozen=True)
class Estimator:
    """An estimator with its parameters; :func:`parse` makes valid ones.

    Attributes:
        params: value of the parameter, empty where it has none, is left out or is chosen from the data.
        choice: how the parameter is chosen from the data, None where it is given.
        loggers: how rounds of several logging policies are combined.
    """

    definition: Definition
    params: Mapping[str, float] = field(default_factory=dict, hash=False)
    choice: Choice | None = None
    loggers: Loggers = "naive"

    @property
    def name(self) -> str:
        """The name in the catalogue, without parameters."""
        return self.definition.name

    @property
    def label(self) -> str:
        """The text that :func:`parse` reads as this estimator, such as ``cips:max_weight=10``."""
        settings = {name: _shortest(value) for name, value in self.params.items()}
        if self.choice is not None and self.definition.parameter is not None:
            settings[self.definition.parameter.name] = {v: k for k, v in CHOICES.items()}[self.choice]
        if self.loggers != "naive":
            settings["loggers"] = self.loggers
        return self.name + "".join(f":{name}={value}" for name, value in settings.items())

    @property
    def settings(self) -> dict[str, float | str]:
        """All that was set, by name."""
        return {**self.params, **({} if self.loggers == "naive" else {"loggers": self.loggers})}

    @property
    def candidates(self) -> tuple[Estimator, ...]:
        """What is computed: itself, or the same with each value that the parameter is chosen from."""
        parameter = self.definition.parameter
        if self.choice is None or parameter is None:
            return (self,)
        return tuple(replace(self, params={parameter.name: v}, choice=None) for v in parameter.grid)

    @property
    def unreduced(self) -> Estimator:
        """The same with its weights as they are."""
        definition = replace(self.definition, transform="plain", parameter=None)
        return replace(self, definition=definition, params={}, choice=None)

    @property
    def ratio(self) -> Ratio:
        """What its weight is the ratio of probabilities of."""
        return "mixture" if self.loggers == "balanced" else self.definition.ratio

    @property
    def weighting(self) -> Weighting:
        """What becomes of the importance weight: nothing where an optional parameter is left out."""
        parameter = self.definition.parameter
        if parameter is None or parameter.name not in self.params:
            return Weighting()
        return Weighting(self.definition.transform, self.params[parameter.name])

    def term(self, kind: Kind, position: int = 0, target: str = "", logger: int = 0) -> Term:
        """The term of this kind, with this estimator's weights; of one position (0: of the whole unit)."""
        if kind in ("shown", "logged_by"):
            return Term(kind, position=position, logger=logger)
        if kind == "model":
            return Term(kind, position=position, target=target, logger=logger)
        return Term(kind, self.weighting, self.ratio, position, target, logger)

    def terms(self, target: str = "", logger: int = 0) -> tuple[Term | None, Term | None, Term | None]:
        """The terms behind ``mean``, ``numerator`` and ``denominator``."""
        kinds = self.definition.mean, self.definition.numerator, self.definition.denominator
        mean, numerator, denominator = (
            None if kind is None else self.term(kind, target=target, logger=logger) for kind in kinds
        )
        return mean, numerator, denominator


def _shortest(value: float) -> str:
    """The shortest text that reads as this number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def parse(text: str) -> Estimator:
    """Read ``NAME[:PARAMETER=VALUE]...``, such as ``snips``, ``cips:max_weight=5`` or ``dros:lambda=auto``.

    Raises:
        UsageError: for an unknown name, and a parameter that is unknown or out of range.
    """
    name, *settings = text.split(":")
    if name not in ESTIMATORS:
        near = difflib.get_close_matches(name.lower(), ESTIMATORS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown estimator {text!r}: {hint}known are {', '.join(ESTIMATORS)}")
    definition = ESTIMATORS[name]
    estimator = Estimator(definition)
    given: list[str] = []
    for setting in settings:
        key, _, value = setting.partition("=")
        if key in given:
            raise UsageError(f"estimator {text!r}: {key} is given twice")
        given.append(key)
        estimator = _with(estimator, text, key, value)
    parameter = definition.parameter
    if parameter is None or parameter.default is None or parameter.name in given:
        return estimator
    return replace(estimator, params={parameter.name: parameter.default})


def _with(estimator: Estimator, text: str, key: str, value: str) -> Estimator:
    """The estimator with one more setting."""
    definition = estimator.definition
    parameter = definition.parameter
    if parameter is not None and key == parameter.name:
        if value in CHOICES:
            return replace(estimator, choice=CHOICES[value])
        return replace(estimator, params={key: _in_range(text, parameter, value)})
    if key == "loggers" and definition.combines_loggers:
        if value not in LOGGERS:
            raise UsageError(f"estimator {text!r}: loggers is {value!r}, wanted {', '.join(LOGGERS)}")
        return replace(estimator, loggers=LOGGERS[value])
    known = ([] if parameter is None else [parameter.name]) + ["loggers"] * definition.combines_loggers
    raise UsageError(f"estimator {text!r}: unknown parameter {key!r}, known: {', '.join(known) or 'none'}")


def _in_range(text: str, parameter: Parameter, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not parameter.admits(number):
        wanted = f"{parameter.wanted}, or {' or '.join(CHOICES)}"
        raise UsageError(f"estimator {text!r}: {parameter.name} is {value!r}, wanted {wanted}")
    return number
