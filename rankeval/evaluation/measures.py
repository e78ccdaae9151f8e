"""Metrics as functionals of terms with one value per query: means of values per query, and pooled metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.evaluation.alignment import AlignedRun
from rankeval.evaluation.rules import Rules
from rankeval.inference import Exponential, Functional, Mean, WeightedSum, Within
from rankeval.metrics import (
    GEOMETRIC_FLOOR,
    AnyMetric,
    CatalogueMetric,
    JudgedItems,
    Metric,
    Pooled,
    PooledMetric,
)
from rankeval.notes import Note

#: The method of intervals of metrics between 0 and 1.
BOUNDED = "augmented"
#: With fewer queries that have a relevant item, errors of pooled metrics are rough.
FEW_QUERIES = 30


@dataclass(frozen=True)
class Terms:
    """One functional of the means of terms over queries.

    Attributes:
        values: (p, n) float64, the terms of each query.
        functional: the metric, or a difference of two, as a functional of the means of the terms.
        missing: why the metric is undefined; empty where it is defined.
        notes: warnings about its value.
    """

    values: Floats
    functional: Within
    missing: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def auto(self) -> str:
        """The method of intervals that holds: for means of values between 0 and 1, or for any other."""
        return BOUNDED if (self.functional.low, self.functional.high) == (0.0, 1.0) else "normal"


def influence(terms: Terms) -> Floats:
    """(n,) float64: the contribution of each query to the functional, whose mean is its value.

    It is the term of the query, or the functional linearised at the means of the terms.
    """
    means = terms.values.mean(axis=1)
    gradient = terms.functional.gradient(means)
    centred = sum(g * (terms.values[j] - means[j]) for j, g in gradient.items())
    return np.asarray(centred + terms.functional.value(means))


class Measure(ABC):
    """A requested metric as a functional of the queries.

    Attributes:
        metric: the metric.
    """

    metric: AnyMetric

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the metric."""

    @abstractmethod
    def counted(self, run: AlignedRun) -> Bools:
        """(q,) bool, whether a query of the run counts."""

    @abstractmethod
    def terms(self, run: AlignedRun, rows: Ints) -> Terms:
        """The terms of the queries ``rows``, which all count."""

    @abstractmethod
    def difference(self, a: AlignedRun, b: AlignedRun, rows: Ints) -> Terms:
        """The terms of the difference ``a - b`` over queries that count for both runs."""

    def _within(self, functional: Functional) -> Within:
        """The functional as a value of the metric, in its range."""
        return Within(functional, *self.metric.definition.range)

    def _between(self, functional: Functional) -> Within:
        """The functional as a difference of two values of the metric."""
        low, high = self.metric.definition.range
        return Within(functional, low - high, high - low)


@dataclass(frozen=True)
class PerQuery(Measure):
    """The mean of a metric over queries, or its geometric mean or sum.

    Attributes:
        metric: the metric.
        column: its column in the values of a run.
    """

    metric: Metric
    column: int

    @property
    def name(self) -> str:
        return self.metric.name

    def counted(self, run: AlignedRun) -> Bools:
        return run.counted[:, self.column]

    def terms(self, run: AlignedRun, rows: Ints) -> Terms:
        values = run.values[rows, self.column]
        if self.metric.definition.aggregate == "geometric_mean":
            values = np.log(np.maximum(values, GEOMETRIC_FLOOR))
        weights = run.weights[rows]
        terms = np.stack([weights * values, weights]) if self._weighted else values[np.newaxis]
        return Terms(terms, self._within(self._of(0, len(rows))))

    def difference(self, a: AlignedRun, b: AlignedRun, rows: Ints) -> Terms:
        left, right, n = self.terms(a, rows), self.terms(b, rows), len(rows)
        if self.metric.definition.aggregate in ("mean", "sum"):
            return Terms(left.values - right.values, self._between(self._of(0, n)))
        together = np.concatenate([left.values, right.values])
        return Terms(together, self._between(self._of(0, n) - self._of(len(left.values), n)))

    @property
    def _weighted(self) -> bool:
        return self.metric.definition.aggregate == "length_weighted"

    def _of(self, first: int, n: int) -> Functional:
        """The value as a functional of the means over ``n`` queries of its terms, from the ``first`` on."""
        match self.metric.definition.aggregate:
            case "length_weighted":
                return Mean(first) / Mean(first + 1)
            case "geometric_mean":
                return Exponential(Mean(first))
            case "sum":
                return WeightedSum((Mean(first),), (float(n),))
            case _:
                return Mean(first)


@dataclass(frozen=True)
class OfAllItems(Measure):
    """A pooled metric. Its terms are the value plus n times the influence of each query (linearisation).

    A query counts if the run has a judged item for it.
    """

    metric: PooledMetric

    @property
    def name(self) -> str:
        return self.metric.name

    def counted(self, run: AlignedRun) -> Bools:
        counts = np.append(run.scored.items.counts, 0)
        return np.asarray(counts[run.places] > 0)

    def terms(self, run: AlignedRun, rows: Ints) -> Terms:
        pooled = self._pooled(run, rows)
        notes = (*pooled.notes, *_few_relevant(run.scored.items.of(run.places[rows])))
        return Terms(pooled.terms()[np.newaxis], self._within(Mean(0)), pooled.reason, notes)

    def difference(self, a: AlignedRun, b: AlignedRun, rows: Ints) -> Terms:
        left, right = self._pooled(a, rows), self._pooled(b, rows)
        terms = (left.terms() - right.terms())[np.newaxis]
        return Terms(terms, self._between(Mean(0)), left.reason or right.reason)

    def _pooled(self, run: AlignedRun, rows: Ints) -> Pooled:
        return self.metric.of(run.scored.items.of(run.places[rows]))


@dataclass(frozen=True)
class OfCatalogue(Measure):
    """A metric of the lists of all queries together, linearised as a pooled metric.

    A query counts if the run has it.
    """

    metric: CatalogueMetric
    size: int

    @property
    def name(self) -> str:
        return self.metric.name

    def counted(self, run: AlignedRun) -> Bools:
        return run.present

    def terms(self, run: AlignedRun, rows: Ints) -> Terms:
        pooled = self._pooled(run, rows)
        return Terms(pooled.terms()[np.newaxis], self._within(Mean(0)), pooled.reason, pooled.notes)

    def difference(self, a: AlignedRun, b: AlignedRun, rows: Ints) -> Terms:
        left, right = self._pooled(a, rows), self._pooled(b, rows)
        terms = (left.terms() - right.terms())[np.newaxis]
        return Terms(terms, self._between(Mean(0)), left.reason or right.reason)

    def _pooled(self, run: AlignedRun, rows: Ints) -> Pooled:
        lists = run.scored.shown.of(run.places[rows])
        return self.metric.of(lists.offsets, lists.hashes.astype(np.int64), self.size)


def _few_relevant(items: JudgedItems) -> Iterator[Note]:
    """A warning where the errors of a pooled metric rest on few queries."""
    queries = int(np.count_nonzero(items.per_query(items.relevant)))
    if queries < FEW_QUERIES:
        text = (
            f"only {queries} queries have a relevant item: the errors of metrics of all items are rough "
            f"under {FEW_QUERIES}, and their intervals too narrow"
        )
        yield Note(
            "few_relevant",
            text,
            {"queries": queries, "threshold": FEW_QUERIES},
            level="caution",
            value=queries,
        )


def measures_of(rules: Rules) -> list[Measure]:
    """The requested metrics, in the order asked."""
    columns = {metric: column for column, metric in enumerate(rules.metrics)}
    found: list[Measure] = []
    for metric in rules.asked:
        if isinstance(metric, Metric):
            found.append(PerQuery(metric, columns[metric]))
        elif isinstance(metric, PooledMetric):
            found.append(OfAllItems(metric))
        else:
            found.append(OfCatalogue(metric, rules.catalogue_size))
    return found
