"""The rows of the result of ``evaluate``: the mean of a metric, and the difference between two runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rankeval.inference import Adjusted, Estimate


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
        adjusted: the p-value adjusted over its family.
    """

    a: str
    b: str
    metric: str
    segment: Any
    estimate: Estimate
    test: str
    p_value: float | None
    adjusted: Adjusted = field(default_factory=Adjusted)

    @property
    def p_holm(self) -> float | None:
        """The p-value adjusted over its family by Holm's method."""
        return self.adjusted.holm

    @property
    def p_bh(self) -> float | None:
        """The p-value adjusted over its family by the method of Benjamini and Hochberg."""
        return self.adjusted.bh

    def to_dict(self) -> dict[str, Any]:
        """A record; ``p_adjusted`` is Holm's and ``p_adjusted_bh`` that of Benjamini and Hochberg.

        ``tests`` is the number of p-values over which they are adjusted.
        """
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
            "tests": self.adjusted.tests,
        }
