"""The catalogue of ranking metrics; a kernel computes each. Pooled metrics are of all items together.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a metric: a function and its kernel in ``gain.py``, ``binary.py``, ``order.py`` or beside them, and a
line in ``METRICS`` (``entries.py``). To add a pooled metric: a function in ``pooled.py`` and a line in
``POOLED`` (``pooled_catalogue.py``).
"""

from __future__ import annotations

from rankeval.metrics.catalogue import AnyMetric, Metric, parse, parse_any
from rankeval.metrics.definition import GEOMETRIC_FLOOR, Definition
from rankeval.metrics.entries import METRICS
from rankeval.metrics.judged_items import JudgedItems, Pooled
from rankeval.metrics.of_catalogue import OF_CATALOGUE, CatalogueMetric
from rankeval.metrics.parameters import Parameter
from rankeval.metrics.pooled_catalogue import POOLED, PooledDefinition, PooledMetric
from rankeval.metrics.ranking import Ranking
from rankeval.metrics.score_bins import BINS
from rankeval.metrics.shown_lists import ShownLists
from rankeval.metrics.subtopics import Subtopics

__all__ = [
    "BINS",
    "GEOMETRIC_FLOOR",
    "METRICS",
    "OF_CATALOGUE",
    "POOLED",
    "AnyMetric",
    "CatalogueMetric",
    "Definition",
    "JudgedItems",
    "Metric",
    "Parameter",
    "Pooled",
    "PooledDefinition",
    "PooledMetric",
    "Ranking",
    "ShownLists",
    "Subtopics",
    "parse",
    "parse_any",
]
