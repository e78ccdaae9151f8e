"""The catalogue of metrics by name, and the parser of metric names.

To add a metric, write a function in a kernel module and a line in ``METRICS``. This module does not import
Numba: the kernel modules load when a metric is first computed, so that help and error messages are fast.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.metrics.parameters import Parameter, open_unit_interval, read_parameters, whole_parameter
from rankeval.metrics.pooled_catalogue import POOLED, PooledMetric, base_of, parse_pooled
from rankeval.metrics.ranking import Ranking

_LARGEST_CUTOFF = 10**9
_LARGEST_EXPONENT = 1000  # float64 ends at 2.0 ** 1023; sums of gains need room below it


@dataclass(frozen=True, slots=True)
class Definition:
    """An entry of the catalogue.

    Attributes:
        name: the name that :func:`parse` reads.
        function: ``module.function`` within this package. The function takes the ranking, ``k`` if
            ``cutoff``, and the parameters by name. It returns (n,) float64, NaN where undefined.
        description: one line for help and documentation.
        cutoff: whether ``@k`` may follow the name; without it the metric uses the whole ranking.
        parameters: name -> parameter.
        needs_nonrelevant: whether the ranking must hold its entries of grade 0.
        tie_order: the rule for ties that the metric always uses; None to use the caller's.
        lower_is_better: whether a smaller value means a better ranking.
        weighted_by_length: whether the mean over queries is weighted: by the run's ``weight`` column if it
            has one, else by the length of each query's list.
        max_grade: the largest grade that the metric accepts, unless a parameter ``max_rel`` sets it.
        range: the least and the largest possible value of a query.
    """

    name: str
    function: str
    description: str
    cutoff: bool = True
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needs_nonrelevant: bool = False
    tie_order: str | None = None
    lower_is_better: bool = False
    weighted_by_length: bool = False
    max_grade: float = math.inf
    range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its cutoff and parameters; :func:`parse` returns valid ones.

    Attributes:
        base: name in ``METRICS``.
        k: cutoff, None for the whole ranking.
        params: name -> value of the parameters that the caller gives; the others have their defaults.
    """

    base: str
    k: int | None = None
    params: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The text from which :func:`parse` makes this metric, such as ``rbp@10:p=0.95``."""
        cutoff = "" if self.k is None else f"@{self.k}"
        return self.base + cutoff + "".join(f":{name}={value!r}" for name, value in self.params.items())

    @property
    def definition(self) -> Definition:
        """The metric's entry in the catalogue."""
        return METRICS[self.base]

    @property
    def needs_nonrelevant(self) -> bool:
        """Whether the ranking must hold its entries of grade 0."""
        return self.definition.needs_nonrelevant

    @property
    def tie_order(self) -> str | None:
        """The rule for ties that the metric always uses; None to use the caller's."""
        return self.definition.tie_order

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value means a better ranking."""
        return self.definition.lower_is_better

    @property
    def weighted_by_length(self) -> bool:
        """Whether the mean over queries is weighted; see :class:`Definition`."""
        return self.definition.weighted_by_length

    @property
    def max_grade(self) -> float:
        """The largest grade that the metric accepts; the caller must reject larger grades."""
        return self._settings().get("max_rel", self.definition.max_grade)

    def values(self, ranking: Ranking) -> Floats:
        """The value of the metric for each of n queries: (n,) float64, NaN where it is undefined.

        If the ranking has tied groups, each value is the exact expectation over a uniformly random order of
        every group. Grades must be at most ``max_grade``.
        """
        module, _, function = self.definition.function.partition(".")
        compute = getattr(import_module(f"rankeval.metrics.{module}"), function)
        cutoff = {"k": self.k} if self.definition.cutoff else {}
        return cast(Floats, compute(ranking, **cutoff, **self._settings()))

    def _settings(self) -> dict[str, float]:
        defaults = {name: parameter.default for name, parameter in self.definition.parameters.items()}
        return defaults | dict(self.params)


def parse(text: str) -> Metric:
    """Read ``NAME[@K][:PARAMETER=VALUE]...``, such as ``map``, ``ndcg@10`` or ``rbp@10:p=0.95``.

    Raises:
        UsageError: the name is unknown; the cutoff is not an integer from 1 to 10**9, or the metric takes no
            cutoff; or a parameter is unknown, given twice or out of range.
    """
    head, *settings = text.split(":")
    base, at, cutoff = head.partition("@")
    if base not in METRICS:
        raise UsageError(_unknown(text, base))
    k = _cutoff(text, METRICS[base], cutoff) if at else None
    return Metric(base, k, read_parameters(text, base, METRICS[base].parameters, settings))


def parse_any(text: str) -> Metric | PooledMetric:
    """Read the name of a metric of :data:`METRICS` or of :data:`POOLED`, such as ``map`` or ``ece:bins=20``.

    Raises:
        UsageError: as in :func:`parse`; the pooled metrics take no cutoff.
    """
    return parse_pooled(text) if base_of(text) in POOLED else parse(text)


def _unknown(text: str, base: str) -> str:
    known = [*METRICS, *POOLED]
    near = difflib.get_close_matches(base.lower(), known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"unknown metric '{text}': {hint}known are {', '.join(known)}"


def _cutoff(text: str, definition: Definition, cutoff: str) -> int:
    if not definition.cutoff:
        raise UsageError(f"metric '{text}': '{definition.name}' takes no cutoff, found '@{cutoff}'")
    digits = cutoff.isascii() and cutoff.isdigit() and len(cutoff) <= len(str(_LARGEST_CUTOFF))
    if not digits or not 1 <= int(cutoff) <= _LARGEST_CUTOFF:
        wanted = f"an integer from 1 to {_LARGEST_CUTOFF}"
        raise UsageError(f"metric '{text}': the cutoff is '{cutoff}', wanted {wanted}")
    return int(cutoff)


_PERSISTENCE = Parameter(0.8, open_unit_interval, "a number above 0 and below 1")
_MAX_REL = whole_parameter(4, _LARGEST_EXPONENT)

METRICS: dict[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition("dcg", "gain.dcg", "sum of grade / log2(rank + 1)", range=(0.0, math.inf)),
        Definition("ndcg", "gain.ndcg", "dcg over that of the ideal order of all judged items"),
        Definition("ndcg_exp", "gain.ndcg_exp", "ndcg with gain 2^grade - 1", max_grade=_LARGEST_EXPONENT),
        Definition("precision", "binary.precision", "relevant in the top k, over k (or the list's length)"),
        Definition("recall", "binary.recall", "relevant in the top k, over R (all relevant of the query)"),
        Definition("hit", "binary.hit", "1 if any of the top k is relevant"),
        Definition("f1", "binary.f1", "harmonic mean of precision and recall"),
        Definition("map", "binary.average_precision", "sum of precision at each relevant rank, over R"),
        Definition(
            "map_min", "binary.average_precision_min", "the same over min(R, k), so that 1 can be reached"
        ),
        Definition("mrr", "binary.reciprocal_rank", "1 / rank of the first relevant item"),
        Definition("r_precision", "binary.r_precision", "precision at rank R", cutoff=False),
        Definition(
            "rbp",
            "gain.rbp",
            "rank-biased precision, persistence p (default 0.8)",
            parameters={"p": _PERSISTENCE},
        ),
        Definition(
            "err",
            "gain.err",
            "expected reciprocal rank, stopping with (2^grade - 1) / 2^max_rel (default 4)",
            parameters={"max_rel": _MAX_REL},
        ),
        Definition("judged", "binary.judged", "share of the top k with a judgement", needs_nonrelevant=True),
        Definition(
            "bpref",
            "order.bpref",
            "share of judged non-relevant items below each relevant one",
            cutoff=False,
            needs_nonrelevant=True,
        ),
        Definition(
            "arp",
            "order.arp",
            "mean rank of the relevant items",
            cutoff=False,
            lower_is_better=True,
            range=(0.0, math.inf),
        ),
        Definition("auc", "order.auc", "area under ROC of each query", cutoff=False, tie_order="expected"),
        Definition(
            "gauc",
            "order.auc",
            "auc, the mean over queries weighted by list length",
            cutoff=False,
            tie_order="expected",
            weighted_by_length=True,
        ),
    )
}
