"""All estimators by name. A new one is a line in ``ESTIMATORS``; a new weight is a line in ``TRANSFORMS``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rankeval.errors import UsageError
from rankeval.estimators.terms import Kind, Term, Transform, Weighting


@dataclass(frozen=True)
class Parameter:
    """An estimator's parameter: its default, and the interval it must lie in, open unless ``closed``."""

    name: str
    default: float
    low: float = 0.0
    high: float = math.inf
    closed: bool = False

    @property
    def wanted(self) -> str:
        """The interval in words."""
        if self.closed:
            return f"a number from {self.low:g} to {self.high:g}"
        return f"a number above {self.low:g}" + (f" and below {self.high:g}" if self.high < math.inf else "")

    def admits(self, value: float) -> bool:
        """Whether a value lies in the interval; NaN does not."""
        return self.low < value < self.high or (self.closed and value in (self.low, self.high))


# By default no weight exceeds 10: those of DRos peak at 5 where w = 10, those of sg_* tend to 10.
MAX_WEIGHT = Parameter("max_weight", 10.0)
TAU = Parameter("tau", 10.0)
SHRINKAGE = Parameter("lambda", 100.0)
CURVATURE = Parameter("lambda", 0.1, high=1.0, closed=True)


@dataclass(frozen=True)
class Definition:
    """An estimator: ``mean`` + ``numerator`` / ``denominator``, each the mean of a term over rounds.

    Attributes:
        name: as in :func:`parse`.
        formula: one line for help and documentation.
        source: author and year.
        mean, numerator, denominator: kinds of terms; what is None is left out.
        transform: what becomes of the importance weight.
        parameter: that of the transform.
    """

    name: str
    formula: str
    source: str
    mean: Kind | None = None
    numerator: Kind | None = None
    denominator: Kind | None = None
    transform: Transform = "plain"
    parameter: Parameter | None = None


ESTIMATORS: dict[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition("ips", "mean w r", "Horvitz & Thompson 1952", mean="weighted_reward"),
        Definition(
            "cips",
            "mean min(w, max_weight) r",
            "Bottou et al. 2013",
            mean="weighted_reward",
            transform="clipped",
            parameter=MAX_WEIGHT,
        ),
        Definition(
            "snips",
            "sum w r / sum w",
            "Swaminathan & Joachims 2015",
            numerator="weighted_reward",
            denominator="weight",
        ),
        Definition(
            "csnips",
            "sum min(w, max_weight) r / sum min(w, max_weight)",
            "Swaminathan & Joachims 2015",
            numerator="weighted_reward",
            denominator="weight",
            transform="clipped",
            parameter=MAX_WEIGHT,
        ),
        Definition("dm", "mean q_pi", "direct method", mean="model"),
        Definition("dr", "mean q_pi + w (r - q)", "Dudik et al. 2011", mean="doubly_robust"),
        Definition(
            "cdr",
            "mean q_pi + min(w, max_weight) (r - q)",
            "Su et al. 2020",
            mean="doubly_robust",
            transform="clipped",
            parameter=MAX_WEIGHT,
        ),
        Definition(
            "sndr",
            "mean q_pi + sum w (r - q) / sum w",
            "self-normalised doubly robust",
            mean="model",
            numerator="weighted_residual",
            denominator="weight",
        ),
        Definition(
            "switch_dr",
            "mean q_pi + w 1{w <= tau} (r - q)",
            "Wang et al. 2017",
            mean="doubly_robust",
            transform="switched",
            parameter=TAU,
        ),
        Definition(
            "dros",
            "mean q_pi + lambda w / (w^2 + lambda) (r - q)",
            "Su et al. 2020",
            mean="doubly_robust",
            transform="shrunk",
            parameter=SHRINKAGE,
        ),
        Definition(
            "sg_ips",
            "mean w / (1 - lambda + lambda w) r",
            "Metelli et al. 2021",
            mean="weighted_reward",
            transform="harmonic",
            parameter=CURVATURE,
        ),
        Definition(
            "sg_dr",
            "mean q_pi + w / (1 - lambda + lambda w) (r - q)",
            "Metelli et al. 2021",
            mean="doubly_robust",
            transform="harmonic",
            parameter=CURVATURE,
        ),
    )
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

    def term(self, kind: Kind) -> Term:
        """The term of this kind, with this estimator's weights."""
        parameter = self.definition.parameter
        if kind == "model" or parameter is None:
            return Term(kind)
        return Term(kind, Weighting(self.definition.transform, self.params[parameter.name]))

    @property
    def terms(self) -> tuple[Term | None, Term | None, Term | None]:
        """The terms behind ``mean``, ``numerator`` and ``denominator``."""
        kinds = self.definition.mean, self.definition.numerator, self.definition.denominator
        mean, numerator, denominator = (None if kind is None else self.term(kind) for kind in kinds)
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
    if parameter is not None:
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
