"""The options of ``evaluate``, checked before any file is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Hashes
from rankeval.errors import UsageError
from rankeval.evaluation.alignment import Policies
from rankeval.evaluation.beside import Beside
from rankeval.evaluation.measures import BOUNDED, Terms
from rankeval.evaluation.placement import TIES
from rankeval.evaluation.rules import Rules
from rankeval.inference import Estimate, InferenceOptions, Moments, pairs_needed
from rankeval.metrics import AnyMetric, CatalogueMetric, Metric, parse_any
from rankeval.options import listed, listed_calls

#: The method of intervals that takes what suits the metric: ``augmented`` between 0 and 1, else ``normal``.
AUTO = "auto"
MAX_PERMUTATIONS = 10_000_000


@dataclass(frozen=True)
class Request:
    """The requested metrics, and the rules by which they are computed.

    Attributes:
        rules: the metrics and the conventions of scoring a run.
        policies: the values of empty and missing queries.
        infer: options of standard errors and intervals; its methods are those that ``auto`` takes for metrics
            between 0 and 1.
        methods: the methods of intervals as asked, in which :data:`AUTO` stands for the metric's own.
        family: what the families of adjusted p-values span, one of :data:`rankeval.inference.FAMILIES`.
        simultaneous: whether differences have intervals that hold for all of a family at once.
        permutations: number of permutations of the randomisation test.
        by: the column that splits the queries into segments, or None.
        cluster: the column whose values are the independent units, or None.

    Raises:
        UsageError: ``permutations`` is out of range.
    """

    rules: Rules
    policies: Policies
    infer: InferenceOptions
    methods: tuple[str, ...]
    family: str
    simultaneous: bool
    permutations: int
    by: str | None
    cluster: str | None

    def __post_init__(self) -> None:
        if not 1 <= self.permutations <= MAX_PERMUTATIONS:
            raise UsageError(f"permutations: found {self.permutations}, wanted 1 to {MAX_PERMUTATIONS:,}")

    @property
    def fields(self) -> list[str]:
        """The distinct columns ``by`` and ``cluster``, which are read in addition to ids and scores."""
        return [name for name in dict.fromkeys((self.by, self.cluster)) if name is not None]

    def beside(self, beside: Beside) -> Request:
        """The same request, which knows of what stands beside runs and judgements."""
        catalogue = beside.catalogue
        size = 0 if catalogue is None else catalogue.size
        excludes = beside.excluded is not None
        return replace(self, rules=replace(self.rules, excludes=excludes, catalogue_size=size))

    def estimate(self, terms: Terms, keys: Hashes) -> Estimate:
        """The estimate of a functional of the means of its terms; ``keys`` (n,) are of the units."""
        methods = tuple(terms.auto if method == AUTO else method for method in self.methods)
        infer = replace(self.infer, methods=methods)
        if terms.missing:
            return infer.unknown(terms.values.shape[1], terms.missing)
        pairs = pairs_needed([terms.functional])
        moments = Moments.of(terms.values, pairs, keys if infer.bucketed else None)
        return infer.of(moments).estimate(terms.functional)


def parse_methods(ci: str | Sequence[str]) -> tuple[str, ...]:
    """The methods of intervals as asked, each once; :data:`AUTO` is one of them."""
    return tuple(dict.fromkeys(listed(ci)))


def known_methods(methods: Sequence[str]) -> list[str]:
    """The methods with that of metrics between 0 and 1 in place of :data:`AUTO`."""
    return [BOUNDED if method == AUTO else method for method in methods]


def parse_rules(
    metrics: str | Sequence[str],
    ties: Any,
    relevance_threshold: float,
    score_type: Any,
    *,
    judged_only: bool = False,
    agree: bool = False,
    purpose: str = "",
) -> Rules:
    """Check the options of scoring and return them as :class:`Rules`; a repeated metric is kept once.

    Raises:
        UsageError: there is no metric or an unknown one, a rule is unknown, a metric has no value under the
            rule for ties, or the threshold is not a positive number.
    """
    parsed = tuple(dict.fromkeys(parse_any(name) for name in listed_calls(metrics)))
    if not parsed:
        raise UsageError("metrics: found none, wanted at least one, such as ndcg@10")
    _choice("ties", ties, TIES)
    threshold = _threshold(relevance_threshold)
    _choice("score_type", score_type, ("float64", "float32"))
    for metric in parsed:
        _require_rule(metric, ties)
    if len(Rules(parsed).topic_columns) > 1:
        raise UsageError("metrics: found metrics of subtopics and of categories, wanted them in two calls")
    if agree and ties not in ("trec", "item"):
        raise UsageError(
            f"ties: found {ties!r}, but agreement is of two orders without ties; wanted one of trec, item"
        )
    return Rules(parsed, ties, threshold, score_type, judged_only, agree, purpose=purpose)


def parse_policies(empty: Any, missing: Any) -> Policies:
    """Check the options of empty and missing queries and return them as :class:`Policies`.

    Raises:
        UsageError: a policy is unknown.
    """
    _choice("empty", empty, ("zero", "skip", "one"))
    _choice("missing", missing, ("zero", "skip", "error"))
    return Policies(empty, missing)


#: Rule for ties -> what a metric that does not take it lacks.
_LACKS = {
    "expected": "no exact expectation over the orders of tied items",
    "best": "no order of tied items that is surely the best",
    "worst": "no order of tied items that is surely the worst",
}


def _require_rule(metric: AnyMetric, ties: str) -> None:
    """Check that a metric takes the rule for ties, where it has none of its own."""
    if isinstance(metric, CatalogueMetric) and ties not in ("trec", "item"):
        raise UsageError(
            f"ties: found {ties!r}, but {metric.name} has {_LACKS[ties]}; wanted one of trec, item"
        )
    if isinstance(metric, Metric) and metric.tie_order is None and ties not in metric.definition.ties:
        wanted = ", ".join(metric.definition.ties)
        raise UsageError(
            f"ties: found {ties!r}, but {metric.name} has {_LACKS[ties]}; wanted one of {wanted}"
        )


def _choice(name: str, value: Any, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name}: {value!r} is none of {', '.join(allowed)}")


def _threshold(value: float) -> float:
    if not 0.0 < value < np.inf:
        raise UsageError(f"relevance_threshold: {value} is not a positive number")
    return float(value)
