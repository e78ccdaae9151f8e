"""The result of ``agreement``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.inference import Interval
from rankeval.notes import Note
from rankeval.results import Result, Table, interval_text, number, p_text, percent


@dataclass(frozen=True)
class Statistic:
    """A statistic of offline and online gains.

    Attributes:
        name: ``pearson``, ``spearman``, ``sign_agreement``, ``calibration_slope`` or
            ``calibration_intercept``.
        metric: the offline metric; None if there is only one without a name.
        value: the statistic; None where it cannot be computed.
        std_error: its standard error; None where it has none.
        interval: its interval.
        n: number of experiments.
    """

    name: str
    metric: Any
    value: float | None
    std_error: float | None
    interval: Interval
    n: int

    def to_dict(self) -> dict[str, Any]:
        """The statistic as JSON values."""
        return {
            "statistic": self.name,
            "metric": self.metric,
            "value": self.value,
            "std_error": self.std_error,
            "ci": self.interval.to_dict(),
            "n": self.n,
        }


@dataclass(frozen=True)
class BestMetric:
    """The offline metric that predicts the online one best.

    Attributes:
        metric: the one with the largest Pearson correlation over the experiments of all metrics.
        correlation: its correlation.
        second: the runner-up.
        second_correlation: its correlation.
        p_value: that both are equal; None where there is none.
        n: number of experiments that all metrics have.
    """

    metric: Any
    correlation: float
    second: Any
    second_correlation: float
    p_value: float | None
    n: int

    def to_dict(self) -> dict[str, Any]:
        """The choice as JSON values."""
        return {
            "metric": self.metric,
            "pearson": self.correlation,
            "second": self.second,
            "second_pearson": self.second_correlation,
            "p_value": self.p_value,
            "n": self.n,
        }


@dataclass(frozen=True, repr=False)
class Agreement(Result):
    """How past offline gains agree with online ones.

    Attributes:
        inputs: file and options.
        results: the statistics of each offline metric.
        best: the metric that predicts best; None with fewer than two.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    results: tuple[Statistic, ...]
    best: BestMetric | None
    notes: tuple[Note, ...]
    command = "agreement"

    def content(self) -> dict[str, Any]:
        return {
            "results": [row.to_dict() for row in self.results],
            "best": None if self.best is None else self.best.to_dict(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each statistic and metric."""
        return [
            {
                "statistic": row.name,
                "metric": row.metric,
                "value": row.value,
                "std_error": row.std_error,
                "ci_method": row.interval.method,
                "ci_level": row.interval.level,
                "ci_low": row.interval.low,
                "ci_high": row.interval.high,
                "n": row.n,
            }
            for row in self.results
        ]

    def tables(self) -> list[Table]:
        shown = [self._of(metric) for metric in dict.fromkeys(row.metric for row in self.results)]
        if self.best is not None:
            best = self.best
            cells = [
                str(best.metric),
                number(best.correlation),
                str(best.second),
                number(best.second_correlation),
                p_text(best.p_value),
                f"{best.n:,}",
            ]
            header = ["best metric", ">pearson", "second", ">pearson", ">p of equal", ">n"]
            shown.append(Table("Predicts online gains best", header, [cells]))
        return shown

    def _of(self, metric: Any) -> Table:
        """The statistics of one offline metric."""
        header = ["statistic", ">value", f">{percent(self.inputs['level'])} interval", "method", ">n"]
        rows = [
            [
                row.name,
                number(row.value),
                interval_text(row.interval.to_dict()),
                row.interval.method,
                f"{row.n:,}",
            ]
            for row in self.results
            if row.metric == metric
        ]
        of = "" if metric is None else f", {metric}"
        return Table(f"Offline against online gains{of}", header, rows)
