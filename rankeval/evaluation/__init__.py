"""``evaluate``: metrics of runs against judgements, with intervals, segments and paired comparisons.

The stages are ``request`` (checked options), ``inputs`` (files), ``run`` and ``judgements`` (metric values
per query, and the judged items), ``alignment`` (all runs over the same queries), ``query_units`` (segments
and clusters), ``estimates`` (values, differences and tests, from the terms of ``measures``) and ``result``.
``judged_scores`` hands the judged items of a run to other packages.

May import: ``metrics``, ``inference``, ``logs``, ``readers``, ``arrays`` and the top modules of
``rankeval``.
To add a rule for ties: see ``placement.py``; for empty or missing queries: see ``alignment.py``.
"""

from __future__ import annotations

from rankeval.evaluation.evaluate import evaluate
from rankeval.evaluation.given import judgements_in
from rankeval.evaluation.judged_scores import JudgedScores, judged_scores
from rankeval.evaluation.judgement_rows import JudgementRows
from rankeval.evaluation.result import Evaluation
from rankeval.evaluation.rows import MetricRow

__all__ = [
    "Evaluation",
    "JudgedScores",
    "JudgementRows",
    "MetricRow",
    "evaluate",
    "judged_scores",
    "judgements_in",
]
