"""All estimators by name, and the parser of estimator texts such as ``cips:max_weight=5``.

To add an estimator: add a ``Definition`` to ``actions.py``, ``rankings.py`` or ``clicks.py``.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rankeval.errors import UsageError
from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.clicks import CLICK_ESTIMATORS
from rankeval.estimators.definitions import ASSUME_LESS, Definition, Parameter
from rankeval.estimators.rankings import RANKING_ESTIMATORS
from rankeval.estimators.terms import Kind, Ratio, Term
from rankeval.estimators.transforms import KERNELS, Kernel, Weighting
from rankeval.options import shown

ESTIMATORS: dict[str, Definition] = {
    definition.name: definition for definition in (*ACTION_ESTIMATORS, *RANKING_ESTIMATORS, *CLICK_ESTIMATORS)
}
#: The largest cutoff. Every whole number up to it is exact as float64.
LARGEST_CUTOFF = 10**9

#: How an estimator combines the rounds of several logging policies.
Loggers = Literal["naive", "balanced", "weighted"]
LOGGERS: dict[str, Loggers] = {"naive": "naive", "balanced": "balanced", "weighted": "weighted"}
#: The rule that chooses a parameter from the data.
Choice = Literal["both", "slope", "mse"]
CHOICES: dict[str, Choice] = {"auto": "both", "auto_slope": "slope", "auto_mse": "mse"}
#: The same for bandwidths, which have no estimate without bias to compare with.
KERNEL_CHOICES: dict[str, Choice] = {"auto": "slope", "auto_slope": "slope"}
#: The kernels by name.
KERNEL_NAMES: dict[str, Kernel] = {str(name): name for name in KERNELS}


@dataclass(frozen=True)
class Estimator:
    """An estimator with its parameters; :func:`parse` makes valid ones.

    Attributes:
        definition: the entry of the catalogue.
        params: name and value of the parameter. Empty if the estimator has no parameter, an optional
            parameter is not given, or the data choose it.
        choice: the rule that chooses the parameter from the data; None if the parameter is given.
        loggers: how the rounds of several logging policies are combined.
        cutoff: number of top positions that count; 0 for all.
        kernel: the kernel, for continuous actions.
        scale: what the grid of the parameter is in units of; not part of equality.
    """

    definition: Definition
    params: Mapping[str, float] = field(default_factory=dict, hash=False)
    choice: Choice | None = None
    loggers: Loggers = "naive"
    cutoff: int = 0
    kernel: Kernel = "epanechnikov"
    scale: float = field(default=1.0, compare=False)

    @property
    def name(self) -> str:
        """The name without parameters, such as ``cips`` or ``click_dcg@10``."""
        return self.definition.name + self._at

    @property
    def weight_of(self) -> str:
        """The kind of its weights, for tables: ``action``, ``prefix``, ``dcg@10``, ``gaussian 0.5``."""
        if self.definition.by_kernel:
            return " ".join([self.kernel, *map(_shortest, self.params.values())])
        return ("action" if self.ratio == "ready" else self.ratio) + self._at

    @property
    def _at(self) -> str:
        return f"@{self.cutoff}" if self.cutoff else ""

    @property
    def label(self) -> str:
        """The text that :func:`parse` reads as this estimator, such as ``cips:max_weight=10``."""
        settings = {name: _shortest(value) for name, value in self.params.items()}
        if self.choice is not None and self.definition.parameter is not None:
            settings[self.definition.parameter.name] = {v: k for k, v in CHOICES.items()}[self.choice]
        if self.loggers != "naive":
            settings["loggers"] = self.loggers
        if self.definition.by_kernel and self.kernel != "epanechnikov":
            settings["kernel"] = self.kernel
        return self.name + "".join(f":{name}={value}" for name, value in settings.items())

    @property
    def settings(self) -> dict[str, float | str]:
        """The parameter by name, the kernel, and ``loggers`` unless it is ``naive``."""
        kernel: dict[str, float | str] = {"kernel": self.kernel} if self.definition.by_kernel else {}
        return {**self.params, **kernel, **({} if self.loggers == "naive" else {"loggers": self.loggers})}

    @property
    def candidates(self) -> tuple[Estimator, ...]:
        """The estimators to compute: itself, or one per grid value if the data choose the parameter."""
        parameter = self.definition.parameter
        if self.choice is None or parameter is None:
            return (self,)
        values = (float(f"{value * self.scale:.4g}") for value in parameter.grid)
        return tuple(replace(self, params={parameter.name: value}, choice=None) for value in values)

    @property
    def unreduced(self) -> Estimator | None:
        """The same estimator with untransformed importance weights; None if a kernel makes these."""
        if self.definition.by_kernel:
            return None
        definition = replace(self.definition, transform="plain", parameter=None)
        return replace(self, definition=definition, params={}, choice=None)

    @property
    def of_ready_weights(self) -> Estimator:
        """The same estimator with the log's ready-made weights of actions, if it uses weights of actions."""
        if self.ratio != "action":
            return self
        return replace(self, definition=replace(self.definition, ratio="ready"))

    @property
    def ratio(self) -> Ratio:
        """The kind of its importance weight (:data:`~rankeval.estimators.terms.RATIO_COLUMNS`)."""
        return "mixture" if self.loggers == "balanced" else self.definition.ratio

    @property
    def is_ratio(self) -> bool:
        """Whether its value is a ratio of means, and no mean of terms of units."""
        return self.definition.denominator is not None or self.definition.by_position

    @property
    def weighting(self) -> Weighting:
        """The transform of the importance weight; plain weights if an optional parameter is not given."""
        parameter = self.definition.parameter
        if parameter is None or parameter.name not in self.params:
            return Weighting()
        transform = self.kernel if self.definition.by_kernel else self.definition.transform
        return Weighting(transform, self.params[parameter.name])

    @property
    def follows_weights(self) -> bool:
        """Whether the value is off by as much as the mean weight is: nothing in it allows for chance."""
        return self.definition.mean == "weighted_reward" and not self.is_ratio

    def term(self, kind: Kind, position: int = 0, target: str = "", logger: int = 0) -> Term:
        """The term of this kind, with this estimator's weights.

        Args:
            kind: kind of the term.
            position: position of the ranking that the term covers; 0: the whole round or session.
            target: name of the target policy.
            logger: number of the logging policy whose rounds count; 0: all rounds.
        """
        if kind in ("shown", "logged_by"):
            return Term(kind, position=position, logger=logger)
        if kind in ("model", "overlap", "unshown_model"):
            return Term(kind, position=position, target=target, logger=logger)
        weighting = Weighting() if kind == "unshown" else self.weighting
        return Term(kind, weighting, self.ratio, position, target, logger, self.cutoff)

    def terms(self, target: str = "", logger: int = 0) -> tuple[Term | None, Term | None, Term | None]:
        """The terms of ``mean``, ``numerator`` and ``denominator``; None where the definition has none."""
        kinds = self.definition.mean, self.definition.numerator, self.definition.denominator
        mean, numerator, denominator = (
            None if kind is None else self.term(kind, target=target, logger=logger) for kind in kinds
        )
        return mean, numerator, denominator


def _shortest(value: float) -> str:
    """The ``:g`` format if it reads as exactly this number, else the ``repr``."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def parse(text: str) -> Estimator:
    """Read ``NAME[@K][:PARAMETER=VALUE]...``: ``snips``, ``click_dcg@10``, ``dros:lambda=auto``.

    Raises:
        UsageError: an unknown name; a parameter that is unknown, given twice or out of range; a cutoff that
            is missing, not allowed, or not a whole number from 1 to :data:`LARGEST_CUTOFF`.
    """
    full_name, *settings = text.split(":")
    name, at, cutoff = full_name.partition("@")
    if name not in ESTIMATORS:
        near = difflib.get_close_matches(name.lower(), ESTIMATORS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown estimator {shown(text)}: {hint}known are {', '.join(ESTIMATORS)}")
    definition = ESTIMATORS[name]
    if definition.cutoff == "required" and not at:
        raise UsageError(f"estimator {text!r}: found no cutoff, wanted one such as {name}@10")
    estimator = Estimator(definition)
    given: list[str] = []
    for setting in settings:
        key, _, value = setting.partition("=")
        if key in given:
            raise UsageError(f"estimator {text!r}: {key} is given twice")
        given.append(key)
        estimator = _with(estimator, text, key, value)
    if at:
        estimator = replace(estimator, cutoff=_cutoff(text, definition, cutoff))
    parameter = definition.parameter
    if definition.by_kernel and "bandwidth" not in given:
        return replace(estimator, choice="slope")
    if parameter is None or parameter.default is None or parameter.name in given:
        return estimator
    return replace(estimator, params={parameter.name: parameter.default})


def _with(estimator: Estimator, text: str, key: str, value: str) -> Estimator:
    """The estimator with one more setting."""
    definition = estimator.definition
    parameter = definition.parameter
    if parameter is not None and key == parameter.name:
        choices = KERNEL_CHOICES if definition.by_kernel else CHOICES
        if value in choices:
            return replace(estimator, choice=choices[value])
        return replace(estimator, params={key: _in_range(text, parameter, value, choices)})
    if key == "kernel" and definition.by_kernel:
        if value not in KERNEL_NAMES:
            raise UsageError(f"estimator {text!r}: kernel is {value!r}, wanted {', '.join(KERNEL_NAMES)}")
        return replace(estimator, kernel=KERNEL_NAMES[value])
    if key == "loggers" and definition.combines_loggers:
        if value not in LOGGERS:
            raise UsageError(f"estimator {text!r}: loggers is {value!r}, wanted {', '.join(LOGGERS)}")
        return replace(estimator, loggers=LOGGERS[value])
    known = ([] if parameter is None else [parameter.name]) + ["loggers"] * definition.combines_loggers
    known += ["kernel"] * definition.by_kernel
    raise UsageError(f"estimator {text!r}: unknown parameter {key!r}, known: {', '.join(known) or 'none'}")


def _cutoff(text: str, definition: Definition, cutoff: str) -> int:
    if definition.cutoff == "none":
        raise UsageError(f"estimator {text!r}: {definition.name} takes no cutoff, found '@{cutoff}'")
    digits = cutoff.isascii() and cutoff.isdigit() and len(cutoff) <= len(str(LARGEST_CUTOFF))
    if not digits or not 1 <= int(cutoff) <= LARGEST_CUTOFF:
        wanted = f"a whole number from 1 to {LARGEST_CUTOFF}"
        raise UsageError(f"estimator {text!r}: the cutoff is {cutoff!r}, wanted {wanted}")
    return int(cutoff)


def _in_range(text: str, parameter: Parameter, value: str, choices: Mapping[str, Choice]) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not parameter.admits(number):
        wanted = f"{parameter.wanted}, or {', '.join(choices)}"
        raise UsageError(f"estimator {text!r}: {parameter.name} is {value!r}, wanted {wanted}")
    return number


def nested(estimators: Sequence[Estimator]) -> list[tuple[Estimator, Estimator]]:
    """Pairs of estimators with plain weights; the first assumes all that the second does, and more."""
    plain = [each for each in estimators if each.weighting.transform == "plain" and each.choice is None]
    return [(a, b) for a in plain for b in plain if b.name in ASSUME_LESS.get(a.name, ())]
