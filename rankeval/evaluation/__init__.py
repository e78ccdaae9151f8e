"""``evaluate``: metrics of runs against judgements, with intervals, segments and paired comparisons.

The stages are ``request`` (what is asked), ``inputs`` (files), ``run`` and ``judgements`` (values per
query), ``alignment`` (runs side by side), ``query_units``, ``estimates`` and ``result``.

May import: ``metrics``, ``inference``, ``logs``, ``readers``, ``arrays`` and the top modules of
``rankeval``.
To add a rule for ties or for empty queries: ``placement.py`` or ``alignment.py``.
"""

from __future__ import annotations

from rankeval.evaluation.evaluate import evaluate
from rankeval.evaluation.judgement_rows import JudgementRows
from rankeval.evaluation.result import Evaluation

__all__ = [
    "Evaluation",
    "JudgementRows",
    "evaluate",
]
