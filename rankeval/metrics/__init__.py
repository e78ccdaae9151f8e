"""Metrics of judged rankings: ``parse("ndcg@10").values(ranking)`` gives one number per query."""

from __future__ import annotations

from rankeval.metrics.catalogue import METRICS, Definition, Metric, Parameter, parse
from rankeval.metrics.ranking import Ranking

__all__ = [
    "METRICS",
    "Definition",
    "Metric",
    "Parameter",
    "Ranking",
    "parse",
]
