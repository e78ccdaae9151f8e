"""All estimators by name. A new one is a line in ``actions.py``, ``rankings.py`` or ``clicks.py``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rankeval.errors import UsageError
from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.clicks import CLICK_ESTIMATORS
from rankeval.estimators.definitions import Definition, Parameter
from rankeval.estimators.rankings import RANKING_ESTIMATORS
from rankeval.estimators.terms import Kind, Term, Weighting

ESTIMATORS: dict[str, Definition] = {
    definition.name: definition for definition in (*ACTION_ESTIMATORS, *RANKING_ESTIMATORS, *CLICK_ESTIMATORS)
}
#: Cutoffs are no larger, so that they are exact as float64 too.
LARGEST_CUTOFF = 10**9


@dataclass(frozen=True)
class Estimator:
    """An estimator with its parameters and cutoff (0: none); :func:`parse` makes valid ones."""

    definition: Definition
    params: Mapping[str, float] = field(default_factory=dict, hash=False)
    cutoff: int = 0

    @property
    def name(self) -> str:
        """The name without parameters, such as ``cips`` or ``click_dcg@10``."""
        return self.definition.name + self._at

    @property
    def weight_of(self) -> str:
        """What its weights are of, for tables: ``action``, ``prefix``, ``dcg@10``."""
        return self.definition.ratio + self._at

    @property
    def _at(self) -> str:
        return f"@{self.cutoff}" if self.cutoff else ""

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
        if kind in ("model", "overlap", "unshown_model"):
            return Term(kind, position=position, target=target)
        weighting = Weighting() if kind == "unshown" else self.weighting
        return Term(kind, weighting, self.definition.ratio, position, target, self.cutoff)

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
    """Read ``NAME[@K][:PARAMETER=VALUE]``, such as ``snips``, ``cips:max_weight=5`` or ``click_dcg@10``.

    Raises:
        UsageError: for an unknown name, a parameter that is unknown or out of range, and a cutoff that is
            missing, unwanted or no whole number of at least 1.
    """
    full_name, *settings = text.split(":")
    name, at, cutoff = full_name.partition("@")
    if name not in ESTIMATORS:
        near = difflib.get_close_matches(name.lower(), ESTIMATORS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown estimator {text!r}: {hint}known are {', '.join(ESTIMATORS)}")
    definition = ESTIMATORS[name]
    if definition.cutoff == "required" and not at:
        raise UsageError(f"estimator {text!r}: found no cutoff, wanted one such as {name}@10")
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
    return Estimator(definition, params, _cutoff(text, definition, cutoff) if at else 0)


def _cutoff(text: str, definition: Definition, cutoff: str) -> int:
    if definition.cutoff == "none":
        raise UsageError(f"estimator {text!r}: {definition.name} takes no cutoff, found '@{cutoff}'")
    digits = cutoff.isascii() and cutoff.isdigit() and len(cutoff) <= len(str(LARGEST_CUTOFF))
    if not digits or not 1 <= int(cutoff) <= LARGEST_CUTOFF:
        wanted = f"a whole number from 1 to {LARGEST_CUTOFF}"
        raise UsageError(f"estimator {text!r}: the cutoff is {cutoff!r}, wanted {wanted}")
    return int(cutoff)


def _in_range(text: str, parameter: Parameter, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not parameter.admits(number):
        raise UsageError(f"estimator {text!r}: {parameter.name} is {value!r}, wanted {parameter.wanted}")
    return number
