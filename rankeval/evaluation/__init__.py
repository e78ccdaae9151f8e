"""TODO"""

from __future__ import annotations

from rankeval.evaluation.evaluate import evaluate
from rankeval.evaluation.judgement_rows import JudgementRows
from rankeval.evaluation.result import Evaluation

__all__ = [
    "Evaluation",
    "JudgementRows",
    "evaluate",
]
