"""The catalogue of ranking metrics; a kernel computes each. Pooled metrics are of all items together.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a metric: a function and its kernel in ``gain.py``, ``binary.py`` or ``order.py``, and a line in
``METRICS`` (``catalogue.py``). To add a pooled metric: a function in ``pooled.py`` and a line in ``POOLED``
(``pooled_catalogue.py``).
"""

from __future__ import annotations

from rankeval.metrics.catalogue import METRICS, Definition, Metric, parse, parse_any
from rankeval.metrics.judged_items import JudgedItems, Pooled
from rankeval.metrics.parameters import Parameter
from rankeval.metrics.pooled_catalogue import POOLED, PooledDefinition, PooledMetric
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.score_bins import BINS

__all__ = [
    "BINS",
    "METRICS",
    "POOLED",
    "Definition",
    "JudgedItems",
    "Metric",
    "Parameter",
    "Pooled",
    "PooledDefinition",
    "PooledMetric",
    "Ranking",
    "parse",
    "parse_any",
]
