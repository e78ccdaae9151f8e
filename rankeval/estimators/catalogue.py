"""All estimators by name. A new one is a line in ``actions.py`` or ``rankings.py``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rankeval.errors import UsageError
from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.definitions import Definition, Parameter
from rankeval.estimators.rankings import RANKING_ESTIMATORS
from rankeval.estimators.terms import Kind, Term, Weighting

ESTIMATORS: dict[str, Definition] = {
    definition.name: definition for definition in (*ACTION_ESTIMATORS, *RANKING_ESTIMATORS)
}


@dataclass(frozen=True)
class Estimator:
    """An estimator with its parameters; :func:`parse` makes valid ones."""

    definition: Definition
    params: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The name in the catalogue, without parameters."""
        return self.definition.name

    @property
    def label(self) -> str:
        """The text that :func:`parse` reads as this estimator, such as ``cips:max_weight=10``."""
        return self.name + "".join(f":{name}={_shortest(value)}" for name, value in self.params.items())

    @property
    def weighting(self) -> Weighting:
        """What becomes of the importance weight: nothing where an optional parameter is left out."""
        parameter = self.definition.parameter
        if parameter is None or parameter.name not in self.params:
            return Weighting()
        return Weighting(self.definition.transform, self.params[parameter.name])

    def term(self, kind: Kind, position: int = 0, target: str = "") -> Term:
        """The term of this kind, with this estimator's weights; of one position (0: of the whole unit)."""
        if kind == "shown":
            return Term(kind, position=position)
        if kind == "model":
            return Term(kind, position=position, target=target)
        return Term(kind, self.weighting, self.definition.ratio, position, target)

    def terms(self, target: str = "") -> tuple[Term | None, Term | None, Term | None]:
        """The terms behind ``mean``, ``numerator`` and ``denominator``."""
        kinds = self.definition.mean, self.definition.numerator, self.definition.denominator
        mean, numerator, denominator = (
            None if kind is None else self.term(kind, target=target) for kind in kinds
        )
        return mean, numerator, denominator


def _shortest(value: float) -> str:
    """The shortest text that reads as this number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def parse(text: str) -> Estimator:
    """Read ``NAME[:PARAMETER=VALUE]``, such as ``snips`` or ``cips:max_weight=5``.

    Raises:
        UsageError: for an unknown name, and a parameter that is unknown or out of range.
    """
    name, *settings = text.split(":")
    if name not in ESTIMATORS:
        near = difflib.get_close_matches(name.lower(), ESTIMATORS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown estimator {text!r}: {hint}known are {', '.join(ESTIMATORS)}")
    definition = ESTIMATORS[name]
    parameter = definition.parameter
    params: dict[str, float] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if parameter is None or key != parameter.name:
            known = "none" if parameter is None else parameter.name
            raise UsageError(f"estimator {text!r}: unknown parameter {key!r}, known: {known}")
        if key in params:
            raise UsageError(f"estimator {text!r}: {key} is given twice")
        params[key] = _in_range(text, parameter, value)
    if parameter is not None and parameter.default is not None:
        params.setdefault(parameter.name, parameter.default)
    return Estimator(definition, params)


def _in_range(text: str, parameter: Parameter, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not parameter.admits(number):
        raise UsageError(f"estimator {text!r}: {parameter.name} is {value!r}, wanted {parameter.wanted}")
    return number
