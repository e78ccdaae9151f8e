"""A metric of the catalogue with its cutoff and parameters, and the parser of metric names.

This module does not import Numba: the kernel modules load when a metric is first computed, so that help and
error messages are fast.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.metrics.definition import Definition
from rankeval.metrics.entries import METRICS
from rankeval.metrics.of_catalogue import OF_CATALOGUE, CatalogueMetric, parse_of_catalogue, shown_cutoff
from rankeval.metrics.parameters import Value, read_parameters, setting_text
from rankeval.metrics.pooled_catalogue import POOLED, PooledMetric, parse_pooled
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.shown_lists import ShownLists
from rankeval.metrics.synonyms import translated

_LARGEST_CUTOFF = 10**9


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its cutoff and parameters; :func:`parse` returns valid ones.

    Attributes:
        base: name in ``METRICS``.
        k: cutoff, None for the whole ranking; of a metric at a level of recall that level.
        params: name -> value of the parameters that the caller gives; the others have their defaults.
    """

    base: str
    k: float | None = None
    params: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The text from which :func:`parse` makes this metric, such as ``rbp@10:p=0.95``."""
        cutoff = "" if self.k is None else f"@{self.k}"
        settings = (f":{name}={setting_text(value)}" for name, value in self.params.items())
        return self.base + cutoff + "".join(settings)

    @property
    def definition(self) -> Definition:
        """The metric's entry in the catalogue."""
        return METRICS[self.base]

    @property
    def tie_order(self) -> str | None:
        """The rule for ties that the metric always uses; None to use the caller's."""
        return self.definition.tie_order

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value means a better ranking."""
        return self.definition.lower_is_better

    @property
    def max_grade(self) -> float:
        """The largest grade that the metric accepts; the caller must reject larger grades."""
        if self.gains:
            return len(self.gains) - 1
        return cast(float, self._settings().get("max_rel", self.definition.max_grade))

    @property
    def threshold(self) -> float | None:
        """The smallest grade of an item that is relevant to the metric; None to use the caller's."""
        return cast("float | None", self.params.get("rel"))

    @property
    def gains(self) -> tuple[float, ...]:
        """The gain of each grade 0, 1, 2 ...; empty where the metric has its own rule."""
        return cast("tuple[float, ...]", self.params.get("gains", ()))

    def values(self, ranking: Ranking) -> Floats:
        """The value of the metric for each of n queries: (n,) float64, NaN where it is undefined.

        If the ranking has tied groups, each value is the exact expectation over a uniformly random order of
        every group. Grades must be at most ``max_grade``, and whole numbers where the metric has ``gains``.
        """
        module, _, function = self.definition.function.partition(".")
        compute = getattr(import_module(f"rankeval.metrics.{module}"), function)
        cutoff = {"k": self.k} if self.definition.cutoff else {}
        if self.threshold is not None:
            ranking = ranking.at_threshold(self.threshold)
        if self.gains:
            ranking = ranking.with_gains(self.gains)
        return cast(Floats, compute(ranking, **cutoff, **self._settings()))

    def values_of_shown(self, shown: ShownLists) -> Floats:
        """The value for each of n queries of a metric beyond accuracy: (n,) float64."""
        module, _, function = self.definition.function.partition(".")
        compute = getattr(import_module(f"rankeval.metrics.{module}"), function)
        return cast(Floats, compute(shown, k=self.k, **self._settings()))

    def _settings(self) -> dict[str, Value]:
        """The value of every parameter that the function of the metric takes."""
        known = self.definition.parameters
        return {name: self.params.get(name, parameter.default) for name, parameter in known.items()}


#: A metric with one value per query, of all judged items, or of all lists together.
AnyMetric = Metric | PooledMetric | CatalogueMetric


def parse(text: str) -> Metric:
    """Read ``NAME[@K][:PARAMETER=VALUE]...``, such as ``map``, ``ndcg@10`` or ``rbp@10:p=0.95``.

    The names of trec_eval, ir_measures and ranx are synonyms (``ndcg_cut_10``, ``AP(rel=2)@10``).

    Raises:
        UsageError: the name is unknown; the cutoff is not an integer from 1 to 10**9 (of ``iprec``: a number
            from 0 to 1), or the metric takes none or needs one; or a parameter is unknown, given twice or out
            of range.
    """
    base, cutoff, settings = translated(text)
    if base not in METRICS:
        raise UsageError(_unknown(text, base))
    definition = METRICS[base]
    k = _cutoff(text, definition, cutoff)
    return Metric(base, k, read_parameters(text, base, definition.known, settings))


def parse_any(text: str) -> AnyMetric:
    """Read the name of any metric, such as ``map``, ``ece:bins=20`` or ``coverage@10``.

    Raises:
        UsageError: as in :func:`parse`, :func:`parse_pooled` and :func:`parse_of_catalogue`.
    """
    base = translated(text)[0]
    if base in OF_CATALOGUE:
        return parse_of_catalogue(text)
    return parse_pooled(text) if base in POOLED else parse(text)


def _unknown(text: str, base: str) -> str:
    known = [*METRICS, *POOLED, *OF_CATALOGUE]
    near = difflib.get_close_matches(base.lower(), known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"unknown metric '{text}': {hint}known are {', '.join(known)}"


def _cutoff(text: str, definition: Definition, cutoff: str | None) -> float | None:
    if not definition.cutoff:
        if cutoff is None:
            return None
        raise UsageError(f"metric '{text}': '{definition.name}' takes no cutoff, found '@{cutoff}'")
    if definition.beyond:
        return shown_cutoff(text, definition.name, cutoff)
    if definition.at_recall:
        return _recall_level(text, definition.name, cutoff)
    if cutoff is None:
        return None
    digits = cutoff.isascii() and cutoff.isdigit() and len(cutoff) <= len(str(_LARGEST_CUTOFF))
    if not digits or not 1 <= int(cutoff) <= _LARGEST_CUTOFF:
        wanted = f"an integer from 1 to {_LARGEST_CUTOFF}"
        raise UsageError(f"metric '{text}': the cutoff is '{cutoff}', wanted {wanted}")
    return int(cutoff)


def _recall_level(text: str, name: str, level: str | None) -> float:
    try:
        value = float(level or "")
        if 0.0 <= value <= 1.0:
            return value
    except ValueError:
        pass
    found = "none" if level is None else f"'{level}'"
    wanted = f"a level of recall from 0 to 1, as in {name}@0.1"
    raise UsageError(f"metric '{text}': the cutoff is {found}, wanted {wanted}")
