"""The result of ``evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.evaluation.agreement import AgreementRow
from rankeval.evaluation.rows import Comparison, MetricRow
from rankeval.inference import Best, adjusted_over, best_table
from rankeval.metrics import OF_CATALOGUE, POOLED
from rankeval.notes import Note
from rankeval.results import Result, Table, interval_text, number, p_text, percent, segment_text


@dataclass(frozen=True, repr=False)
class Evaluation(Result):
    """Metrics of runs and their paired comparisons.

    Attributes:
        inputs: the inputs and options, as JSON values.
        metric_rows: one mean for each run, metric and segment, in the requested order.
        comparisons: one comparison for each pair of runs, metric, segment and test.
        best: the best run by each metric, corrected for its having been chosen; empty for one run.
        agreement: the agreement of each pair of runs, where it was asked for.
        counts: numbers of judged queries and of queries without relevant items; for each run, numbers of
            missing and unjudged queries and of unjudged items.
        notes: the warnings.
        reliability: the records of the reliability curve, where it was asked for
            (:func:`rankeval.evaluation.reliability.reliability_table`).
    """

    inputs: Mapping[str, Any]
    metric_rows: tuple[MetricRow, ...]
    comparisons: tuple[Comparison, ...]
    best: tuple[Best, ...]
    agreement: tuple[AgreementRow, ...]
    counts: Mapping[str, Any]
    notes: tuple[Note, ...]
    reliability: tuple[Mapping[str, Any], ...] = ()
    command = "evaluate"
    judged = True

    def content(self) -> dict[str, Any]:
        return {
            "n": self.counts["queries"],
            "results": [row.to_dict() for row in self.metric_rows],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "best": [best.to_dict() for best in self.best],
            "agreement": [row.to_dict() for row in self.agreement],
            "counts": dict(self.counts),
            "reliability": [dict(one) for one in self.reliability],
        }

    def rows(self) -> list[dict[str, Any]]:
        """A record for each mean (``kind`` is ``result``), comparison and agreement, in this order."""
        records = [{"kind": "result", **_flat(row.to_dict())} for row in self.metric_rows]
        for comparison in self.comparisons:
            record = _flat(comparison.to_dict())
            records.append({"kind": "comparison", **record, "value": record["difference"]})
        for row in self.agreement:
            records.append({"kind": "agreement", **_flat(row.to_dict()), "metric": row.statistic})
        keys = [
            "kind",
            "run",
            "a",
            "b",
            "metric",
            "segment",
            "value",
            "std_error",
            "ci_method",
            "ci_level",
            "ci_low",
        ]
        keys += ["ci_high", "n", "test", "p_value", "p_adjusted", "p_adjusted_bh", "tests"]
        if not self.comparisons:
            keys = [
                key for key in keys if key not in ("a", "b", "test", "tests") and not key.startswith("p_")
            ]
        return [{key: record.get(key) for key in keys} for record in records]

    def tables(self) -> list[Table]:
        compared = [self._differences()] if self.comparisons else []
        compared += [best_table(self.best)] if self.best else []
        compared += [self._agreement()] if self.agreement else []
        return [self._means(), *compared, self._counts()]

    def _kind(self) -> str:
        """What the numbers are: a mean over queries, or a value where a pooled metric is among them."""
        bases = {name.partition(":")[0].partition("@")[0] for name in self.inputs["metrics"]}
        pooled = not bases.isdisjoint([*POOLED, *OF_CATALOGUE])
        return ">value" if pooled else ">mean"

    def _means(self) -> Table:
        segmented = any(row.segment is not None for row in self.metric_rows)
        level = percent(self.metric_rows[0].estimate.intervals[0].level)
        columns = zip(*(row.estimate.intervals for row in self.metric_rows), strict=True)
        methods = [_method({interval.method for interval in column}) for column in columns]
        header = ["metric", "run", *(["segment"] if segmented else []), self._kind()]
        header += [f">{level} {method}" for method in methods] + [">std error", ">n"]
        rows = [
            [row.metric, row.run]
            + ([segment_text(row.segment)] if segmented else [])
            + [number(row.estimate.value)]
            + [interval_text(interval.to_dict()) for interval in row.estimate.intervals]
            + [number(row.estimate.std_error, 3), str(row.estimate.n)]
            for row in sorted(self.metric_rows, key=lambda row: self.inputs["metrics"].index(row.metric))
        ]
        return Table("", header, rows)

    def _differences(self) -> Table:
        segmented = any(c.segment is not None for c in self.comparisons)
        level = percent(self.comparisons[0].estimate.intervals[0].level)
        header = [
            "metric",
            "difference",
            *(["segment"] if segmented else []),
            self._kind(),
            f">{level} interval",
            "test",
        ]
        header += [">p", ">Holm", ">BH"]
        rows = [
            [c.metric, f"{c.a} - {c.b}"]
            + ([segment_text(c.segment)] if segmented else [])
            + [number(c.estimate.value), interval_text(c.estimate.intervals[0].to_dict()), c.test]
            + [*map(p_text, (c.p_value, c.p_holm, c.p_bh))]
            for c in self.comparisons
        ]
        over = adjusted_over([c.adjusted for c in self.comparisons])
        return Table(f"Paired differences ({over})", header, rows)

    def _agreement(self) -> Table:
        segmented = any(row.segment is not None for row in self.agreement)
        level = percent(self.agreement[0].estimate.intervals[0].level)
        header = [
            "statistic",
            "runs",
            *(["segment"] if segmented else []),
            ">mean",
            f">{level} interval",
            ">n",
        ]
        rows = [
            [row.statistic, f"{row.a}, {row.b}"]
            + ([segment_text(row.segment)] if segmented else [])
            + [number(row.estimate.value), interval_text(row.estimate.intervals[0].to_dict())]
            + [str(row.estimate.n)]
            for row in self.agreement
        ]
        return Table("Agreement of runs", header, rows)

    def _counts(self) -> Table:
        header = [
            "run",
            ">queries",
            ">judged",
            ">missing",
            ">no relevant item",
            ">left out (unjudged)",
            ">items unjudged",
        ]
        rows = [
            [
                name,
                str(run["queries"]),
                str(self.counts["queries"]),
                str(run["queries_missing"]),
                str(self.counts["queries_without_relevant"]),
                str(run["queries_unjudged"]),
                f"{run['items_unjudged']} of {run['items']}",
            ]
            for name, run in self.counts["runs"].items()
        ]
        return Table("Queries and items", header, rows)


def _method(methods: set[str]) -> str:
    """The header of a column of intervals: their method, if it is one."""
    return methods.pop() if len(methods) == 1 else "interval"


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record, with the first interval also as the flat entries ``ci_method``, ``ci_level``, ..."""
    ci = record["ci"] or {}
    names = ("method", "level", "low", "high")
    return dict(record) | {f"ci_{name}": ci.get(name) for name in names}
