"""The rows of the result of ``evaluate``: the mean of a metric, and the difference between two runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rankeval.inference import Estimate


@dataclass(frozen=True)
class MetricRow:
    """The mean of a metric over the queries of a run, or over one segment of them.

    Attributes:
        run: name of the run.
        metric: name of the metric.
        segment: the segment; None for all queries.
        estimate: the mean, with its standard error and intervals.
    """

    run: str
    metric: str
    segment: Any
    estimate: Estimate

    def to_dict(self) -> dict[str, Any]:
        """A record with the keys ``run, metric, segment, value, std_error, ci, intervals, n``."""
        return {"run": self.run, "metric": self.metric, "segment": self.segment, **self.estimate.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """The difference ``a - b`` of a metric over the queries that count for both runs, and a paired test.

    Attributes:
        a, b: names of the runs.
        metric: name of the metric.
        segment: the segment; None for all queries.
        estimate: the difference, with its standard error and intervals.
        test: ``t`` or ``randomisation``.
        p_value: two-sided p-value of the test, None where it cannot be computed.
        p_holm: p-value adjusted over the pairs of runs by Holm's method.
        p_bh: p-value adjusted over the pairs of runs by the method of Benjamini and Hochberg.
    """

    a: str
    b: str
    metric: str
    segment: Any
    estimate: Estimate
    test: str
    p_value: float | None
    p_holm: float | None = None
    p_bh: float | None = None

    def adjusted(self, p_holm: float | None, p_bh: float | None) -> Comparison:
        """The same comparison with these adjusted p-values."""
        return replace(self, p_holm=p_holm, p_bh=p_bh)

    def to_dict(self) -> dict[str, Any]:
        """A record; its ``p_adjusted`` is ``p_holm``, and its ``p_adjusted_bh`` is ``p_bh``."""
        estimate = self.estimate.to_dict()
        return {
            "a": self.a,
            "b": self.b,
            "metric": self.metric,
            "segment": self.segment,
            "difference": estimate["value"],
            "std_error": estimate["std_error"],
            "ci": estimate["ci"],
            "intervals": estimate["intervals"],
            "n": estimate["n"],
            "test": self.test,
            "p_value": self.p_value,
            "p_adjusted": self.p_holm,
            "p_adjusted_bh": self.p_bh,
        }
