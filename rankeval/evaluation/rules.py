"""The requested metrics, and the conventions by which they are computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from rankeval.evaluation.judgement_rows import GradeLimit
from rankeval.evaluation.placement import Ties
from rankeval.metrics import BINS, AnyMetric, CatalogueMetric, Metric, PooledMetric

ScoreType = Literal["float64", "float32"]


@dataclass(frozen=True)
class Rules:
    """The metrics, and the conventions by which they are computed.

    Attributes:
        asked: all metrics, in the requested order.
        ties: the rule for items with equal scores.
        threshold: the smallest grade of a relevant item.
        score_type: the type in which scores are compared.
        judged_only: whether unjudged items are left out of the lists (condensed lists, Sakai 2007).
        agree: whether the agreement of runs is asked for, which needs their lists.
        excludes: whether items are left out of lists and judgements.
        catalogue_size: the number of items of the catalogue, for metrics of it.
        purpose: what else needs the judged items, with scores that are probabilities, in words; or empty.
    """

    asked: tuple[AnyMetric, ...]
    ties: Ties = "trec"
    threshold: float = 1.0
    score_type: ScoreType = "float64"
    judged_only: bool = False
    agree: bool = False
    excludes: bool = False
    catalogue_size: int = 0
    purpose: str = ""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that have one value per query, in the requested order."""
        return tuple(metric for metric in self.asked if isinstance(metric, Metric))

    @property
    def pooled(self) -> tuple[PooledMetric, ...]:
        """The metrics of all items together, in the requested order."""
        return tuple(metric for metric in self.asked if isinstance(metric, PooledMetric))

    @property
    def of_catalogue(self) -> tuple[CatalogueMetric, ...]:
        """The metrics of all lists together, in the requested order."""
        return tuple(metric for metric in self.asked if isinstance(metric, CatalogueMetric))

    @property
    def of_all(self) -> tuple[PooledMetric | CatalogueMetric, ...]:
        """The metrics that have no value per query, in the requested order."""
        return tuple(metric for metric in self.asked if not isinstance(metric, Metric))

    @property
    def shown_depth(self) -> int:
        """How many items of each list the metrics beyond accuracy need; 0 where none is asked for."""
        beyond = [int(metric.k or 0) for metric in self.metrics if metric.definition.beyond]
        return max([0, *beyond, *(metric.k for metric in self.of_catalogue)])

    @property
    def wanted_beside(self) -> list[tuple[str, tuple[str, ...]]]:
        """The metrics beyond accuracy, each with the options of which it needs one."""
        needs = {"distance": ("category", "embedding"), "popularity": ("popularity",)}
        wanted = [
            (metric.name, needs[metric.definition.beyond])
            for metric in self.metrics
            if metric.definition.beyond
        ]
        wanted += [
            (one.name, ("category",)) for one in self.metrics if one.definition.subtopics == "category"
        ]
        return wanted + [(metric.name, ("popularity", "embedding")) for metric in self.of_catalogue]

    @property
    def bins(self) -> PooledMetric:
        """The metric whose bins the reliability curve has: the first calibration error, else ``ece``."""
        return next((metric for metric in self.pooled if metric.base in BINS), PooledMetric("ece"))

    @property
    def pools(self) -> bool:
        """Whether the judged items of all queries must be kept."""
        return bool(self.pooled or self.purpose)

    @property
    def probabilities(self) -> str:
        """What needs scores that are probabilities, in words; empty if nothing does."""
        names = (metric.name for metric in self.pooled if metric.definition.probabilities)
        return next(names, self.purpose)

    def ties_of(self, metric: Metric) -> Ties:
        """The rule for ties of a metric: its own rule if it has one, else ``ties``."""
        return cast(Ties, metric.tie_order or self.ties)

    @property
    def nonrelevant(self) -> bool:
        """Whether the items of grade 0 are needed."""
        judged = any(metric.definition.needs != "positive" for metric in self.metrics)
        return self.pools or self.judged_only or self.excludes or judged

    @property
    def weighs(self) -> bool:
        """Whether the mean of any metric is weighted."""
        return any(metric.definition.aggregate == "length_weighted" for metric in self.metrics)

    @property
    def pool(self) -> bool:
        """Whether any metric needs the items of the pool that have a negative grade."""
        return any(metric.definition.needs == "pool" for metric in self.metrics)

    @property
    def subtopics(self) -> str:
        """The name of a metric that needs the subtopics of judged items; empty if none does."""
        return next((metric.name for metric in self.metrics if metric.definition.subtopics), "")

    @property
    def topic_columns(self) -> tuple[str, ...]:
        """The kinds of subtopics that the metrics need, each once."""
        kinds = dict.fromkeys(metric.definition.subtopics for metric in self.metrics)
        return tuple(kind for kind in kinds if kind)

    def threshold_of(self, metric: Metric) -> float:
        """The smallest grade of an item that is relevant to the metric."""
        return self.threshold if metric.threshold is None else float(metric.threshold)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """All thresholds, each once; the first is the general one."""
        return tuple(dict.fromkeys([self.threshold, *map(self.threshold_of, self.metrics)]))

    @property
    def columns(self) -> list[int]:
        """The index in :attr:`thresholds` of the threshold of each metric."""
        return [self.thresholds.index(self.threshold_of(metric)) for metric in self.metrics]

    @property
    def surely_relevant(self) -> float:
        """A grade that is relevant to every metric."""
        return max(*self.thresholds, *(len(metric.gains) - 1.0 for metric in self.metrics), 0.0)

    @property
    def grade_limit(self) -> GradeLimit:
        """The largest grade that every metric accepts."""
        metric = min(self.metrics, key=lambda metric: metric.max_grade, default=None)
        if metric is None or metric.max_grade >= GradeLimit().grade:
            return GradeLimit()
        kind = "max_rel" if "max_rel" in metric.definition.parameters else "largest possible grade"
        whole = next((metric.name for metric in self.metrics if metric.gains), "")
        return GradeLimit(metric.max_grade, f"the {kind} of {metric.name}", whole)
