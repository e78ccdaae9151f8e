"""What ``evaluate`` says of one metric: its mean over queries, and differences between runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rankeval.inference import Estimate


@dataclass(frozen=True)
class MetricRow:
    """The mean of a metric over the queries of a run, or of one segment of them (None: all)."""

    run: str
    metric: str
    segment: Any
    estimate: Estimate

    def to_dict(self) -> dict[str, Any]:
        """``run, metric, segment, value, std_error, ci, intervals, n``."""
        return {"run": self.run, "metric": self.metric, "segment": self.segment, **self.estimate.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """The difference ``a - b`` of a metric over the queries that count for both, and a paired test of it."""

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
        """The same with p-values adjusted over the pairs of runs."""
        return replace(self, p_holm=p_holm, p_bh=p_bh)

    def to_dict(self) -> dict[str, Any]:
        """``p_adjusted`` is Holm's, ``p_adjusted_bh`` Benjamini and Hochberg's."""
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
