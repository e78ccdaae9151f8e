"""The catalogue of ranking metrics, one kernel each.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a metric: a kernel in ``gain.py``, ``binary.py`` or ``order.py``, under a line that names it.
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
