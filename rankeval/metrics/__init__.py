"""The catalogue of ranking metrics; a kernel computes each.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a metric: a function and its kernel in ``gain.py``, ``binary.py`` or ``order.py``, and a line in
``METRICS`` (``catalogue.py``).
"""

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
