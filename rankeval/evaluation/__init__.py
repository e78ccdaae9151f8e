"""``evaluate``: metrics of runs against judgements, with intervals, segments and paired comparisons.

The stages are ``request`` (checked options), ``inputs`` (files), ``run`` and ``judgements`` (metric values
per query), ``alignment`` (all runs over the same queries), ``query_units`` (segments and clusters),
``estimates`` (means, differences and tests) and ``result``.

May import: ``metrics``, ``inference``, ``logs``, ``readers``, ``arrays`` and the top modules of
``rankeval``.
To add a rule for ties: see ``placement.py``; for empty or missing queries: see ``alignment.py``.
"""

from __future__ import annotations

from rankeval.evaluation.evaluate import evaluate
from rankeval.evaluation.judgement_rows import JudgementRows
from rankeval.evaluation.result import Evaluation
from rankeval.evaluation.rows import MetricRow

__all__ = [
    "Evaluation",
    "JudgementRows",
    "MetricRow",
    "evaluate",
]
